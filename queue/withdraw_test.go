package queue

import "testing"

func TestWithdrawnJobsAreThoseOfTheBatchThatWait(t *testing.T) {
	t.Parallel()
	q, err := Open(Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer q.Close()
	for id, batch := range map[string]string{"a": "b1", "b": "b1", "c": "b2", "wanted": "b1"} {
		j := batchJob(id)
		j.Batch = batch
		enqueue(t, q, j)
	}
	enqueue(t, q, batchJob("none"), job("wanted")) // someone waits for that one now
	if n, err := q.Withdraw(t.Context(), "b1"); n != 2 || err != nil {
		t.Errorf("withdrawn %d, %v; want 2", n, err)
	}
	if i, r := lane(t, q, Ingest).Waiting, lane(t, q, Reprocess).Waiting; i != 1 || r != 2 {
		t.Errorf("%d and %d wait, want 1 and 2", i, r)
	}
	if n, err := q.Withdraw(t.Context(), "b1"); n != 0 || err != nil {
		t.Errorf("withdrawn %d the second time, %v; want 0", n, err)
	}
}

// An emptied Redis is a new one: jobs are counted, and refused a second time.
func TestEmptiedRedis(t *testing.T) {
	t.Parallel()
	q, err := Open(Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer q.Close()
	enqueue(t, q, job("a"), batchJob("b"))
	if err := q.client.FlushDB(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	for _, j := range []Job{job("a"), batchJob("b")} {
		for _, want := range []bool{true, false} {
			if added, err := q.Enqueue(t.Context(), j); added != want || err != nil {
				t.Fatalf("%s: added is %v, %v; want %v", j.TrackID, added, err, want)
			}
		}
	}
	if i, r := lane(t, q, Ingest).Waiting, lane(t, q, Reprocess).Waiting; i != 1 || r != 1 {
		t.Errorf("%d and %d wait, want 1 and 1", i, r)
	}
}
