// Command earworm listens to music: it estimates the tempo, key and time
// signature of tracks, one folder at a time or as a fleet of workers.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
)

// Exit codes. Work that failed is told from a command that was not understood.
const (
	exitOK          = 0
	exitFailed      = 1
	exitUsage       = 2
	exitInterrupted = 130
)

// A command is one word of the program: its flags, then what it does.
type command struct {
	name     string
	operands string // as the usage line shows them; empty: it takes none, in brackets: it can do without
	brief    string // one line, lower case, for the list of commands
	about    string // paragraphs, for its own help
	examples string // a line each

	// flags declares the command's flags, bound to what run reads.
	flags func(*settings)

	// run does the work. Data goes to console.out, all else to console.err.
	// It stops soon after ctx ends and then returns ctx's error.
	run func(ctx context.Context, c console, operands []string) error
}

// console is where a command reads and writes.
type console struct {
	in       io.Reader
	out, err io.Writer
}

// errReported ends a command whose failures already have their lines on stderr.
var errReported = errors.New("some of it failed")

// usageError is a command line that was not understood.
type usageError struct{ error }

func usagef(format string, args ...any) error {
	return usageError{fmt.Errorf(format, args...)}
}

// hinted is an error with a second line that says what to do about it.
type hinted struct {
	error
	hint string
}

func (h hinted) Unwrap() error { return h.error }

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal kills
	c := console{in: os.Stdin, out: os.Stdout, err: os.Stderr}
	code := run(ctx, c, os.Args[1:], os.LookupEnv)
	stop()
	os.Exit(code)
}

// run is the program: it picks the command, settles its settings, runs it and
// turns its error into lines on stderr and an exit code.
func run(ctx context.Context, c console, args []string, env lookup) int {
	err := dispatch(ctx, c, args, env)
	switch {
	case err == nil:
		return exitOK
	case errors.Is(err, errReported):
		return exitFailed
	case errors.Is(err, context.Canceled) && ctx.Err() != nil:
		complain(c.err, "interrupted")
		return exitInterrupted
	}
	tell(c.err, err)
	if _, usage := errors.AsType[usageError](err); usage {
		return exitUsage
	}
	return exitFailed
}

// printLines prints an object a line (NDJSON).
func printLines[T any](w io.Writer, all []T) error {
	out := json.NewEncoder(w)
	for _, one := range all {
		if err := out.Encode(one); err != nil {
			return err
		}
	}
	return nil
}

// complain writes one line about what went wrong, whatever the message holds.
func complain(w io.Writer, message string) {
	fmt.Fprintln(w, "earworm: "+printable(strings.ReplaceAll(message, "\n", "; ")))
}

// tell complains of an error, with its hint.
func tell(w io.Writer, err error) {
	complain(w, err.Error())
	if hint, ok := errors.AsType[hinted](err); ok {
		fmt.Fprintln(w, "  "+hint.hint)
	}
}

func dispatch(ctx context.Context, c console, args []string, env lookup) error {
	table := commands()
	if len(args) == 0 {
		return hinted{usagef("a command is missing"), "earworm --help lists them"}
	}
	switch args[0] {
	case "-h", "--help":
		return overview(c.out, table)
	case "--version":
		_, err := fmt.Fprintln(c.out, version())
		return err
	case "help":
		if len(args) == 1 {
			return overview(c.out, table)
		}
		args = []string{args[1], "--help"}
	}
	i := slices.IndexFunc(table, func(cmd *command) bool { return cmd.name == args[0] })
	if i < 0 {
		kind := "command"
		if strings.HasPrefix(args[0], "-") {
			kind = "flag before the command"
		}
		names := make([]string, len(table))
		for i, cmd := range table {
			names[i] = cmd.name
		}
		return hinted{usagef("unknown %s %q%s", kind, args[0], didYouMean(args[0], names)), "earworm --help lists the commands"}
	}
	return table[i].start(ctx, c, args[1:], env)
}

// start reads the command's flags, environment and file, and runs it.
func (cmd *command) start(ctx context.Context, c console, args []string, env lookup) error {
	s := newSettings(cmd)
	err := s.Parse(args)
	if s.help {
		return cmd.help(c.out, s)
	}
	hint := "earworm " + cmd.name + " --help lists its flags"
	if err != nil {
		return hinted{usageError{s.explain(err)}, hint}
	}
	if err := s.resolve(env); err != nil {
		return hinted{usageError{err}, hint}
	}
	if s.print {
		return s.show(c.out)
	}
	operands := s.Args()
	if cmd.operands == "" && len(operands) > 0 {
		return hinted{usagef("%s takes no operand; got %q", cmd.name, operands[0]), hint}
	}
	if cmd.operands != "" && cmd.operands[0] != '[' && len(operands) == 0 {
		return hinted{usagef("%s wants %s", cmd.name, cmd.operands), hint}
	}
	return cmd.run(ctx, c, operands)
}

func overview(w io.Writer, table []*command) error {
	var b strings.Builder
	b.WriteString("earworm estimates the tempo, key and time signature of music.\n\nusage: earworm COMMAND [FLAGS] [OPERANDS]\n\ncommands:\n")
	for _, cmd := range table {
		fmt.Fprintf(&b, "  %-10s %s\n", cmd.name, cmd.brief)
	}
	b.WriteString("\nexample:\n  earworm analyze ~/Music\n\nearworm help COMMAND says more about one; earworm --version prints the version.\n")
	_, err := io.WriteString(w, b.String())
	return err
}

func (cmd *command) help(w io.Writer, s *settings) error {
	var b strings.Builder
	fmt.Fprintf(&b, "earworm %s: %s\n\nusage: earworm %s [FLAGS]", cmd.name, cmd.brief, cmd.name)
	if cmd.operands != "" {
		b.WriteString(" " + cmd.operands)
	}
	fmt.Fprintf(&b, "\n\n%s\n\nflags:\n%s", strings.TrimSpace(cmd.about), plainSwitches(s.FlagUsages()))
	b.WriteString("\nSettings also come from the environment (EARWORM_CONCURRENCY for --concurrency)\nand from a TOML file (--config); a flag wins over both, the environment over the file.\n")
	b.WriteString("\nexamples:\n")
	for line := range strings.Lines(strings.TrimSpace(cmd.examples)) {
		b.WriteString("  " + strings.TrimSpace(line) + "\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// plainSwitches shows a switch without the values that it may have.
func plainSwitches(usages string) string {
	const values = "[=true|false]"
	return strings.ReplaceAll(usages, values, strings.Repeat(" ", len(values)))
}
