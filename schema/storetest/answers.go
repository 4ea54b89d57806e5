package storetest

import (
	"math/rand/v2"
	"strconv"
	"testing"
	"time"

	"earworm/schema"
)

func answerKey() string { return "key-" + strconv.FormatUint(rand.Uint64(), 36) }

func claim(t *testing.T, s schema.Store, key, request string) (schema.Answer, bool) {
	t.Helper()
	a, claimed, err := s.ClaimAnswer(t.Context(), key, request, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return a, claimed
}

// answeredOnce: of many claims one is granted, and all others are told the answer.
func answeredOnce(t *testing.T, s schema.Store) {
	key := answerKey()
	granted := make(chan bool, 8)
	together(t, 8, func(int) error {
		_, claimed, err := s.ClaimAnswer(t.Context(), key, "r", time.Now())
		granted <- claimed
		return err
	})
	close(granted)
	n := 0
	for g := range granted {
		if g {
			n++
		}
	}
	if n != 1 {
		t.Fatalf("%d of 8 claims were granted; want one", n)
	}
	if a, claimed := claim(t, s, key, "r"); claimed || a.Status != 0 || a.Request != "r" {
		t.Errorf("while it is at work: %+v, claimed %v", a, claimed)
	}
	want := schema.Answer{Request: "r", Status: 201, Kind: "application/json", Body: []byte(`{"a":1}`)}
	if err := s.SaveAnswer(t.Context(), key, want, time.Now()); err != nil {
		t.Fatal(err)
	}
	got, claimed := claim(t, s, key, "other")
	if claimed {
		t.Error("an answered key was claimed again")
	}
	same(t, "answer", got, want)
	if _, claimed := claim(t, s, answerKey(), "r"); !claimed {
		t.Error("another key is taken")
	}
}

// droppedClaim: what was given back can be claimed again.
func droppedClaim(t *testing.T, s schema.Store) {
	key := answerKey()
	claim(t, s, key, "r")
	for range 2 {
		if err := s.DropAnswer(t.Context(), key); err != nil {
			t.Fatal(err)
		}
	}
	if _, claimed := claim(t, s, key, "r2"); !claimed {
		t.Error("a key that was given back cannot be claimed")
	}
}
