package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/user"
	"slices"
	"strings"
	"time"

	"earworm/release"
	"earworm/schema"
)

// promoteConfig is what the promote command reads from its settings.
type promoteConfig struct {
	store storeSettings
	back  bool
	json  bool
}

func promoteCommand() *command {
	var p promoteConfig
	return &command{
		name: "promote", operands: "[VERSION]",
		brief: "have another model version serve readers",
		about: `
Without VERSION it says which model version serves readers, which one did
before, and which others have been heard. With it, that version serves from now
on, and the features of all tracks follow: the analysis of VERSION counts, or
the newest where a track has none of it. What people said stays in force.

What was cut off is finished by naming the same version again. The version
before stays, and --back has it serve again.`,
		examples: `
earworm promote
earworm promote rhythm-2026.2+key-2026.2
earworm promote --back --cassandra db1,db2`,
		flags: func(s *settings) {
			s.BoolVar(&p.back, "back", false, "have the version before serve again")
			s.BoolVar(&p.json, "json", false, "print one JSON object")
			p.store.flags(s)
		},
		run: p.run,
	}
}

// servingState is what promote --json prints.
type servingState struct {
	Serving  schema.Serving `json:"serving"`
	Versions []string       `json:"versions"` // all that have been heard
}

func (p *promoteConfig) run(ctx context.Context, c console, operands []string) (err error) {
	if len(operands) > 1 || p.back && len(operands) > 0 {
		return usagef("promote wants one VERSION, or --back alone")
	}
	store, err := p.store.open(ctx)
	if err != nil {
		return err
	}
	defer closing(&err, store.Close)
	serving, err := store.Serving(ctx)
	if err != nil {
		return err
	}
	version := strings.Join(operands, "")
	if p.back {
		if version = serving.Previous; version == "" {
			return errors.New("no other model version served before")
		}
	}
	if version != "" {
		if serving, err = promote(ctx, c, store, version, serving); err != nil {
			return err
		}
	}
	return p.print(ctx, c, store, serving)
}

// promote has a version serve, where it does not yet, and the features follow.
func promote(ctx context.Context, c console, store schema.Store, version string, from schema.Serving) (schema.Serving, error) {
	now := from
	if version != from.ModelVersion {
		var err error
		now, err = store.Promote(ctx, version, person(), from)
		switch {
		case errors.Is(err, schema.ErrNotFound):
			return from, notHeard(version)
		case errors.Is(err, schema.ErrConflict):
			return from, hinted{errors.New("somebody promoted a version meanwhile; nothing was changed"), "earworm promote says which"}
		case err != nil:
			return from, err
		}
	}
	counts, err := store.Counts(ctx)
	if err != nil {
		return now, err
	}
	bar := newProgress(c.err, counts.Tracks, time.Now())
	defer bar.end()
	_, err = release.Follow(ctx, store, now, func(n int) { bar.reach(n, counts.Tracks, time.Now()) })
	if err != nil && !errors.Is(err, release.ErrOvertaken) {
		bar.end()
		complain(c.err, version+" serves, and not all features follow yet: earworm promote "+version+" goes on")
	}
	return now, err
}

func (p *promoteConfig) print(ctx context.Context, c console, store schema.Store, now schema.Serving) error {
	versions, err := store.ModelVersions(ctx)
	if err != nil {
		return err
	}
	if p.json {
		return json.NewEncoder(c.out).Encode(servingState{now, append([]string{}, versions...)})
	}
	if now.ModelVersion == "" {
		_, err := fmt.Fprintln(c.out, "nothing was analysed yet")
		return err
	}
	var b strings.Builder
	fmt.Fprintf(&b, "serving   %s since %s", now.ModelVersion, now.At.Format(time.RFC3339))
	if now.By != "" {
		b.WriteString(" by " + printable(now.By))
	}
	b.WriteString("\n")
	for _, version := range slices.Backward(versions) {
		switch version {
		case now.ModelVersion:
		case now.Previous:
			fmt.Fprintf(&b, "previous  %s\n", version)
		default:
			fmt.Fprintf(&b, "heard     %s\n", version)
		}
	}
	_, err = fmt.Fprint(c.out, b.String())
	return err
}

// person is who runs the program, as labels and promotions remember them;
// empty where the system does not know.
func person() string {
	who, err := user.Current()
	if err != nil {
		return ""
	}
	return who.Username
}
