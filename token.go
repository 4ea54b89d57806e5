package main

import (
	"context"
	"fmt"
	"time"

	"earworm/auth"
)

// tokenConfig is what the token command reads from its settings.
type tokenConfig struct {
	tokens string
	scopes []string
}

func tokenCommand() *command {
	var t tokenConfig
	return &command{
		name: "token", operands: "NAME",
		brief: "make a token for the HTTP API and the pages",
		about: `
Makes a token for NAME, whom it will be known by in logs and labels, prints it
once, and keeps its hash in the file that earworm serve --tokens reads. Scopes
are read (tracks, features, similarity, pages, metrics), ingest (hand in tracks
and vectors), label (correct what was heard) and admin (batches, promotions,
the queue's page, and all the others). A token is taken back by deleting its
line in the file; a running serve follows within a second.`,
		examples: `
earworm token --tokens tokens.ndjson --scopes read,label ann
earworm serve --tokens tokens.ndjson --addr 0.0.0.0:8080
curl -H "Authorization: Bearer $EARWORM_TOKEN" http://127.0.0.1:8080/v1/tracks`,
		flags: func(s *settings) {
			tokensFlag(s, &t.tokens)
			s.StringSliceVar(&t.scopes, "scopes", []string{string(auth.Read)}, "what it is good for, with commas between: read, ingest, label, admin")
		},
		run: t.run,
	}
}

// tokensFlag declares the setting that says where tokens are.
func tokensFlag(s *settings, dst *string) {
	s.text(dst, "tokens", "", "`file` of the hashes of tokens; earworm token adds one")
}

func (t *tokenConfig) run(_ context.Context, c console, operands []string) error {
	if len(operands) != 1 {
		return usagef("token wants one NAME; got %d", len(operands))
	}
	if t.tokens == "" {
		return hinted{usagef("token wants --tokens, the file to keep its hash in"), "earworm token --tokens tokens.ndjson " + operands[0]}
	}
	scopes := make([]auth.Scope, len(t.scopes))
	for i, name := range t.scopes {
		var err error
		if scopes[i], err = auth.ParseScope(name); err != nil {
			return usageError{err}
		}
	}
	secret, token, err := auth.Mint(operands[0], scopes, time.Now())
	if err != nil {
		return usageError{err}
	}
	if err := auth.Append(t.tokens, token); err != nil {
		return err
	}
	if _, err := fmt.Fprintln(c.out, secret); err != nil {
		return err
	}
	complain(c.err, "this token is not shown again; its hash is in "+t.tokens)
	return nil
}
