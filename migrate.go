package main

import (
	"context"
	"fmt"

	"earworm/schema/cassandra"
)

func migrateCommand() *command {
	var store storeSettings
	return &command{
		name:  "migrate",
		brief: "make or bring up to date the store's tables",
		about: `
Makes the keyspace and tables in Cassandra and applies what migrations are
missing, each once; several may run at the same time. An SQLite store does this
by itself whenever it is opened.`,
		examples: `
earworm migrate --cassandra db1,db2,db3
earworm migrate --cassandra db1 --cassandra-replication dc1:3,dc2:3`,
		flags: func(s *settings) {
			store.flags(s)
			s.text(&store.cassandra.Replication, "cassandra-replication", "1",
				"of a new keyspace: a `number`, or dc1:3,dc2:3 for datacentres")
		},
		run: func(ctx context.Context, c console, _ []string) error {
			var applied []string
			if store.fleet() {
				var err error
				if applied, err = cassandra.Migrate(ctx, store.cassandra); err != nil {
					return err
				}
			} else {
				opened, err := store.open(ctx)
				if err != nil {
					return err
				}
				if err := opened.Close(); err != nil {
					return err
				}
			}
			for _, name := range applied {
				fmt.Fprintln(c.out, "applied", name)
			}
			_, err := fmt.Fprintln(c.out, store.name()+": up to date")
			return err
		},
	}
}
