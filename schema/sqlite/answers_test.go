package sqlite_test

import (
	"path/filepath"
	"testing"
	"time"

	"earworm/schema"
	"earworm/schema/sqlite"
)

// TestAnswersEnd: a claim lives a minute, an answer a day.
func TestAnswersEnd(t *testing.T) {
	t.Parallel()
	s, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "earworm.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	start := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	claimed := func(after time.Duration) bool {
		t.Helper()
		_, claimed, err := s.ClaimAnswer(t.Context(), "k", "r", start.Add(after))
		if err != nil {
			t.Fatal(err)
		}
		return claimed
	}
	if !claimed(0) || claimed(schema.ClaimKept-time.Millisecond) || !claimed(schema.ClaimKept) {
		t.Error("a claim does not end after its time, or ends before")
	}
	if err := s.SaveAnswer(t.Context(), "k", schema.Answer{Request: "r", Status: 204}, start); err != nil {
		t.Fatal(err)
	}
	if claimed(schema.AnswersKept-time.Millisecond) || !claimed(schema.AnswersKept) {
		t.Error("an answer does not end after its time, or ends before")
	}
}
