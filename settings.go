package main

import (
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/BurntSushi/toml"
	"github.com/spf13/pflag"
)

// lookup reads one environment variable, as os.LookupEnv does.
type lookup func(name string) (value string, ok bool)

// settings are a command's flags. Those declared as settings may also come
// from the environment or from a file; the others belong to one command line.
type settings struct {
	*pflag.FlagSet
	config string
	print  bool
	help   bool
}

// asSetting marks the flags that the environment and the file may give.
const asSetting = "setting"

func newSettings(cmd *command) *settings {
	s := &settings{FlagSet: pflag.NewFlagSet(cmd.name, pflag.ContinueOnError)}
	s.SortFlags = false
	s.Usage = func() {}
	if cmd.flags != nil {
		cmd.flags(s)
	}
	s.StringVar(&s.config, "config", "", "TOML `file` of settings, named as the flags are")
	s.setting("config")
	s.BoolVar(&s.print, "print-config", false, "print the settings as they are resolved, secrets masked, and do nothing else")
	s.BoolVarP(&s.help, "help", "h", false, "print this help")
	return s
}

// setting says that the flag may also come from the environment and the file.
func (s *settings) setting(name string) {
	f := s.Lookup(name)
	f.Annotations = map[string][]string{asSetting: nil}
}

// value is a flag whose parse error says what is wanted.
type value[T any] struct {
	dst    *T
	kind   string
	parse  func(string) (T, error)
	format func(T) string
}

func (v value[T]) Set(text string) error {
	parsed, err := v.parse(text)
	if err == nil {
		*v.dst = parsed
	}
	return err
}
func (v value[T]) String() string { return v.format(*v.dst) }
func (v value[T]) Type() string   { return v.kind }

// text declares a setting that may be any text.
func (s *settings) text(dst *string, name, preset, usage string) {
	s.StringVar(dst, name, preset, usage)
	s.setting(name)
}

// list declares a setting of several texts, with commas between them.
func (s *settings) list(dst *[]string, name, usage string) {
	s.StringSliceVar(dst, name, nil, usage)
	s.setting(name)
}

// choice declares a setting that is one of the accepted words, the first by default.
func (s *settings) choice(dst *string, name string, accepted []string, usage string) {
	*dst = accepted[0]
	last := len(accepted) - 1
	want := errors.New("want " + strings.Join(accepted[:last], ", ") + " or " + accepted[last])
	s.Var(value[string]{dst: dst, kind: "word", format: strings.Clone, parse: func(text string) (string, error) {
		if !slices.Contains(accepted, text) {
			return "", want
		}
		return text, nil
	}}, name, usage)
	s.setting(name)
}

// count declares a setting that is a whole number, least or more.
func (s *settings) count(dst *int, name string, preset, least int, usage string) {
	*dst = preset
	s.Var(value[int]{dst: dst, kind: "number", format: strconv.Itoa, parse: func(text string) (int, error) {
		n, err := strconv.Atoi(text)
		if err != nil || n < least {
			return 0, fmt.Errorf("want a whole number, %d or more", least)
		}
		return n, nil
	}}, name, usage)
	s.setting(name)
}

// span declares a setting that is a length of time above zero.
func (s *settings) span(dst *time.Duration, name string, preset time.Duration, usage string) {
	*dst = preset
	s.Var(value[time.Duration]{dst: dst, kind: "time", format: shortSpan, parse: func(text string) (time.Duration, error) {
		d, err := time.ParseDuration(text)
		if err != nil || d <= 0 {
			return 0, errors.New("want a time above zero, such as 30s, 5m or 2h")
		}
		return d, nil
	}}, name, usage)
	s.setting(name)
}

// size declares a setting that is a number of bytes above zero.
func (s *settings) size(dst *int64, name string, preset int64, usage string) {
	*dst = preset
	s.Var(value[int64]{dst: dst, kind: "size", format: formatSize, parse: parseSize}, name, usage)
	s.setting(name)
}

// secret hides a setting's value from error messages.
func (s *settings) secret(dst *string, name, usage string) {
	s.text(dst, name, "", usage)
	s.Lookup(name).Annotations["secret"] = nil
}

func isSecret(f *pflag.Flag) bool {
	_, secret := f.Annotations["secret"]
	return secret
}

// resolve fills in, for every setting that no flag gave, what the environment
// or else the file says. It names the setting, its origin and what is wanted.
func (s *settings) resolve(env lookup) error {
	if err := s.fromEnvironment(env); err != nil {
		return err
	}
	if s.config == "" {
		return nil
	}
	return s.fromFile(s.config)
}

// variable is the setting's name in the environment.
func variable(name string) string {
	return "EARWORM_" + strings.ToUpper(strings.ReplaceAll(name, "-", "_"))
}

// fromEnvironment reads EARWORM_NAME. A secret may also be in a file that
// EARWORM_NAME_FILE names, as container engines hand secrets out.
func (s *settings) fromEnvironment(env lookup) (err error) {
	s.VisitAll(func(f *pflag.Flag) {
		text, ok := env(variable(f.Name))
		if path, named := env(variable(f.Name) + "_FILE"); named && isSecret(f) && !ok && !f.Changed && err == nil {
			raw, unread := os.ReadFile(path)
			if unread != nil {
				err = fmt.Errorf("read %s_FILE: %w", variable(f.Name), unread)
				return
			}
			text, ok = strings.TrimSpace(string(raw)), true
		}
		if _, setting := f.Annotations[asSetting]; !setting || f.Changed || !ok || text == "" || err != nil {
			return
		}
		err = s.give(f, text, variable(f.Name))
	})
	return err
}

func (s *settings) fromFile(path string) error {
	raw, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("read the settings: %w", err)
	}
	var tree map[string]any
	if _, err := toml.Decode(string(raw), &tree); err != nil {
		return fmt.Errorf("read the settings in %q as TOML: %w", path, err)
	}
	given := map[string]string{}
	flatten(given, "", tree)
	known := settingNames()
	for _, name := range sortedKeys(given) {
		if !slices.Contains(known, name) {
			return fmt.Errorf("unknown setting %q in %q%s", name, path, didYouMean(name, known))
		}
		f := s.Lookup(name)
		if f == nil || f.Changed { // another command's, or already given
			continue
		}
		if err := s.give(f, given[name], fmt.Sprintf("%q", path)); err != nil {
			return err
		}
	}
	return nil
}

// flatten names the values of a file as flags are named: a table's name, a
// hyphen, the key; underscores count as hyphens, and lists get commas.
func flatten(into map[string]string, prefix string, tree map[string]any) {
	for key, v := range tree {
		name := prefix + strings.ReplaceAll(key, "_", "-")
		switch v := v.(type) {
		case map[string]any:
			flatten(into, name+"-", v)
		case []any:
			parts := make([]string, len(v))
			for i, part := range v {
				parts[i] = fmt.Sprint(part)
			}
			into[name] = strings.Join(parts, ",")
		default:
			into[name] = fmt.Sprint(v)
		}
	}
}

// settingNames lists what a file may hold: the settings of every command,
// since one file serves them all. It asks commands of its own, since declaring
// flags presets what they are bound to.
func settingNames() []string {
	seen := map[string]bool{}
	for _, cmd := range commands() {
		newSettings(cmd).VisitAll(func(f *pflag.Flag) {
			if _, ok := f.Annotations[asSetting]; ok && f.Name != "config" {
				seen[f.Name] = true
			}
		})
	}
	return sortedKeys(seen)
}

// show prints the settings as a file that --config reads, but for secrets: of
// those it says only whether they are set.
func (s *settings) show(w io.Writer) error {
	var b strings.Builder
	s.VisitAll(func(f *pflag.Flag) {
		if _, setting := f.Annotations[asSetting]; !setting || f.Name == "config" {
			return
		}
		text := strings.Trim(f.Value.String(), "[]")
		if isSecret(f) && text != "" {
			text = "***"
		} else if address, err := url.Parse(text); err == nil && address.User != nil {
			text = address.Redacted()
		}
		fmt.Fprintf(&b, "%s = %s\n", f.Name, strconv.Quote(text))
	})
	_, err := io.WriteString(w, b.String())
	return err
}

func (s *settings) give(f *pflag.Flag, text, origin string) error {
	err := s.Set(f.Name, text)
	if invalid, ok := errors.AsType[*pflag.InvalidValueError](err); ok {
		return wrongValue(f, text, " (from "+origin+")", invalid.Unwrap())
	}
	return err
}

// explain words a flag error of pflag's in our own way.
func (s *settings) explain(err error) error {
	var unknown *pflag.NotExistError
	var invalid *pflag.InvalidValueError
	var missing *pflag.ValueRequiredError
	switch {
	case errors.As(err, &unknown):
		name := unknown.GetSpecifiedName()
		if unknown.GetSpecifiedShortnames() != "" {
			return fmt.Errorf("unknown flag -%s", name)
		}
		var names []string
		s.VisitAll(func(f *pflag.Flag) { names = append(names, "--"+f.Name) })
		return fmt.Errorf("unknown flag --%s%s", name, didYouMean("--"+name, names))
	case errors.As(err, &invalid):
		return wrongValue(invalid.GetFlag(), invalid.GetValue(), "", invalid.Unwrap())
	case errors.As(err, &missing):
		return fmt.Errorf("flag --%s wants a value", missing.GetFlag().Name)
	}
	return err
}

func wrongValue(f *pflag.Flag, text, origin string, err error) error {
	want := err.Error()
	if f.Value.Type() == "bool" {
		want = "want true or false"
	}
	if isSecret(f) {
		return fmt.Errorf("%s%s: %s", f.Name, origin, want)
	}
	return fmt.Errorf("%s is %q%s; %s", f.Name, text, origin, want)
}
