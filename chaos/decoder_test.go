//go:build chaos

package chaos

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"earworm/schema"
)

// ffmpeg writes a decoder of the test's own: a shell script that decodes, but
// for what its cases say of the file that it is handed.
func (f *fleet) ffmpeg(name, cases string) string {
	f.t.Helper()
	decoder, err := exec.LookPath("ffmpeg")
	if err != nil {
		f.t.Fatal(err)
	}
	path := filepath.Join(f.dir, name)
	script := "#!/bin/sh\ncase \"$(readlink /proc/$$/fd/3)\" in\n" + cases + "esac\nexec " + decoder + " \"$@\"\n"
	if err := os.WriteFile(path, []byte(script), 0o755); err != nil {
		f.t.Fatal(err)
	}
	return path
}

// plant adds tracks whose paths hold a word.
func (f *fleet) plant(word string, n int) (ids []schema.TrackID) {
	f.t.Helper()
	before := len(f.catalogue)
	for i := range n {
		path := filepath.Join(f.dir, fmt.Sprintf("%s-%d.wav", word, i))
		if err := os.Link(sounds[0], path); err != nil {
			f.t.Fatal(err)
		}
		f.enqueue(program, path)
		ids = append(ids, schema.TrackIDOf("file://"+path))
		if f.catalogue[ids[i]] != path {
			f.t.Fatalf("track %s is not that of %s", ids[i], path)
		}
	}
	if len(f.catalogue) != before+n {
		f.t.Fatalf("%d tracks planted; want %d", len(f.catalogue)-before, n)
	}
	return ids
}

// outcome checks the code that tracks have failed with.
func (f *fleet) outcome(want schema.Code, ids ...schema.TrackID) {
	f.t.Helper()
	for _, id := range ids {
		track, err := f.store.Track(f.t.Context(), id)
		if err != nil || track.Status != schema.Failed || track.Failure.Code != want {
			f.t.Errorf("%s is %s %v (%v); want it failed as %s", f.catalogue[id], track.Status, track.Failure, err, want)
		}
	}
}

// TestPoison: a track that kills its worker each time is set aside after three
// returns, and its neighbours are done. The workers' supervisor starts them again.
func TestPoison(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	f.fill(tracks())
	poison := f.plant("poison", 1)
	decoder := f.ffmpeg("killer", "*/poison-*) kill -9 $PPID; exit 1 ;;\n")
	flags := []string{"--decoder", "ffmpeg", "--ffmpeg", decoder}
	f.start(4, nil, flags...)
	deaths := 0
	for end := time.Now().Add(patience()); ; time.Sleep(100 * time.Millisecond) {
		for i, p := range f.workers {
			select {
			case <-p.done:
				deaths++
				if testing.Short() {
					f.redis.passMinute(t)
				}
				f.workers[i] = f.launch(program, append([]string{"worker", "--concurrency", "2"}, flags...))
			default:
			}
		}
		track, err := f.store.Track(t.Context(), poison[0])
		if err == nil && track.Status == schema.Failed {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("after %v and %d deaths the poison is %+v, %v", patience(), deaths, track, err)
		}
	}
	if deaths != 3 {
		t.Errorf("%d workers died of it; want 3", deaths)
	}
	f.account(mayFail{schema.Crashed: true})
	f.outcome(schema.Crashed, poison...)
	if c, err := f.counts(); err != nil || c.Failures[schema.Crashed] != 1 {
		t.Errorf("%+v, %v: neighbours were counted out with it", c.Failures, err)
	}
	f.stop()
}

// TestDecoderMisbehaves: an ffmpeg that hangs, crashes, is killed, prints
// gigabytes or says what it is not. Each track that it was so for gets its
// code, in bounded time and memory, and nothing else is harmed.
func TestDecoderMisbehaves(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	f.fill(tracks())
	does := map[string]struct {
		script string
		want   schema.Code
	}{
		"hangs":   {"exec sleep 3600", schema.DecodeTimeout},
		"orphans": {"sleep 3600 & sleep 3600; exit 0", schema.DecodeTimeout},
		"crashes": {"exit 139", schema.Corrupt},
		"killed":  {"kill -9 $$", schema.Internal},
		"prints":  {"exec cat /dev/zero", schema.Internal},
		"errors":  {"exec cat /dev/zero >&2", schema.DecodeTimeout},
		"nothing": {"exit 0", schema.Corrupt},
	}
	var script strings.Builder
	planted := map[string][]schema.TrackID{}
	allowed := mayFail{}
	for name, d := range does {
		planted[name] = f.plant(name, 2)
		allowed[d.want] = true
		fmt.Fprintf(&script, "*/%s-*) %s ;;\n", name, d.script)
	}
	decoder := f.ffmpeg("misbehaving", script.String())
	f.start(4, nil, "--decoder", "ffmpeg", "--ffmpeg", decoder, "--decode-timeout", "5s")
	f.account(allowed)
	for name, ids := range planted {
		f.outcome(does[name].want, ids...)
	}
	for _, p := range f.workers {
		if mb := p.status(t, "VmHWM") >> 10; mb > 500 {
			t.Errorf("a worker took %d MB", mb)
		}
	}
	f.stop()
	if left := f.running("sleep 3600"); left > 0 {
		t.Errorf("%d children of dead decoders go on", left)
	}
}

// TestDecoderMissing: without ffmpeg the worker decodes by itself.
func TestDecoderMissing(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	n := tracks()
	f.fill(n)
	decoder := f.ffmpeg("vanishing", "")
	f.start(4, nil, "--decoder", "auto", "--ffmpeg", decoder)
	f.until(n / 10)
	if err := os.Remove(decoder); err != nil {
		t.Fatal(err)
	}
	f.account(nil)
	f.stop()
}
