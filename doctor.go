package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
)

// doctorConfig is what the doctor command reads from its settings.
type doctorConfig struct {
	store storeSettings
	queue queueSettings
	work  workSettings
	json  bool
}

func doctorCommand() *command {
	var d doctorConfig
	return &command{
		name:  "doctor",
		brief: "check what earworm leans on here, and say what to do about it",
		about: `
Checks the weights, ffmpeg, the folder for downloads, the folders in --roots,
the store and the queue, with the settings that serve and worker would have.
It changes nothing. Exit code 1 says that something must be mended; a warning
alone is no failure.`,
		examples: `
earworm doctor
earworm doctor --redis redis://queue:6379 --cassandra db1,db2,db3
earworm doctor --json --config /etc/earworm.toml`,
		flags: func(s *settings) {
			s.BoolVar(&d.json, "json", false, "print one JSON object")
			d.queue.flags(s)
			d.store.flags(s)
			d.work.flags(s)
		},
		run: d.run,
	}
}

// grade says how bad a finding is.
type grade string

// A warning names what works and might not for long, or not for everything.
const (
	good    grade = "ok"
	warning grade = "warning"
	bad     grade = "failed"
)

// finding is what one check came to.
type finding struct {
	Check  string `json:"check"`
	Grade  grade  `json:"grade"`
	Says   string `json:"says"`
	Advice string `json:"advice,omitempty"` // what to do, where there is something
}

func (d *doctorConfig) run(ctx context.Context, c console, _ []string) error {
	var found []finding
	for _, examine := range []func(context.Context) []finding{
		d.weights, d.ffmpeg, d.temp, d.roots, d.catalogue, d.jobs,
	} {
		found = append(found, examine(ctx)...)
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	well := true
	for _, f := range found {
		well = well && f.Grade != bad
	}
	var err error
	if d.json {
		err = json.NewEncoder(c.out).Encode(struct {
			Well   bool      `json:"well"`
			Checks []finding `json:"checks"`
		}{well, found})
	} else {
		err = printFindings(c.out, found)
	}
	if err == nil && !well {
		return errReported
	}
	return err
}

func printFindings(w io.Writer, found []finding) error {
	var b strings.Builder
	for _, f := range found {
		fmt.Fprintf(&b, "%-8s %-10s %s\n", f.Grade, f.Check, printable(f.Says))
		if f.Advice != "" {
			fmt.Fprintf(&b, "%-19s → %s\n", "", f.Advice)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}
