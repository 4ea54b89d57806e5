//go:build chaos

package chaos

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// TestCrowd: a thousand connections read, two hundred send their headers a byte
// at a time, some send bodies without an end; whoever asks for the health of
// the service is answered all the while.
func TestCrowd(t *testing.T) { //nolint:paralleltest // it measures, and wants the machine for itself
	f := bare(t)
	f.onSQLite(filepath.Join(f.dir, "earworm.db"))
	f.fill(60)
	p := f.launch(program, []string{"serve", "--addr", "127.0.0.1:0", "--concurrency", "1"})
	f.workers = []*process{p}
	url := f.listens(p)
	f.until(60)

	ctx, cancel := context.WithTimeout(t.Context(), wait(15*time.Second, 2*time.Minute))
	defer cancel()
	var readers sync.WaitGroup
	for range 64 { // the store keeps as many connections as it may have
		readers.Go(func() {
			for range 5 {
				_, _ = get(ctx, http.DefaultClient, url+"/v1/tracks?limit=20")
			}
		})
	}
	readers.Wait()
	http.DefaultClient.CloseIdleConnections()
	before := f.load(p)
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 1000, MaxConnsPerHost: 1000}, Timeout: 30 * time.Second}
	defer client.CloseIdleConnections()
	var answered, refused, thrownOut, overlong atomic.Int64
	var crowd sync.WaitGroup
	for range 1000 {
		crowd.Go(func() {
			for ctx.Err() == nil {
				switch code, err := get(ctx, client, url+"/v1/tracks?limit=20"); {
				case err == nil && code == http.StatusOK:
					answered.Add(1)
				case ctx.Err() == nil:
					refused.Add(1)
				}
			}
		})
	}
	host := strings.TrimPrefix(url, "http://")
	for range 200 {
		crowd.Go(func() {
			if drip(ctx, host) {
				thrownOut.Add(1)
			}
		})
	}
	for range 8 {
		crowd.Go(func() {
			req, err := http.NewRequestWithContext(ctx, http.MethodPost, url+"/v1/tracks", io.LimitReader(endless{}, 100<<20))
			if err != nil {
				t.Error(err)
				return
			}
			req.Header.Set("Content-Type", "application/json")
			res, err := client.Do(req)
			if err != nil { // cut off while it still sends
				overlong.Add(1)
				return
			}
			res.Body.Close()
			if res.StatusCode == http.StatusRequestEntityTooLarge || res.StatusCode == http.StatusBadRequest {
				overlong.Add(1)
			}
		})
	}
	slowest, looks := time.Duration(0), 0
	for ctx.Err() == nil {
		began := time.Now()
		code, err := get(context.WithoutCancel(ctx), http.DefaultClient, url+"/healthz")
		if err != nil || code != http.StatusOK {
			t.Errorf("health: %d, %v", code, err)
			break
		}
		slowest = max(slowest, time.Since(began))
		looks++
		<-time.After(100 * time.Millisecond)
	}
	cancel()
	crowd.Wait()
	client.CloseIdleConnections()
	var after load
	defer func() {
		if t.Failed() {
			t.Logf("%+v before, %+v at last", before, after)
		}
	}()
	eventually(t, 30*time.Second, "the connections are gone", func() bool {
		after = f.load(p)
		return after.files <= before.files+10
	})
	after = f.load(p)
	t.Logf("%d reads answered, %d not; %d of 200 slow clients thrown out; health in %v at the worst of %d; %+v before, %+v after, %d MB at the peak",
		answered.Load(), refused.Load(), thrownOut.Load(), slowest.Round(time.Millisecond), looks, before, after, p.status(t, "VmHWM")>>10)
	if refused.Load() > answered.Load()/100 || thrownOut.Load() != 200 || overlong.Load() != 8 {
		t.Errorf("%d reads answered, %d not, %d slow clients thrown out, %d of 8 overlong bodies refused",
			answered.Load(), refused.Load(), thrownOut.Load(), overlong.Load())
	}
	if after.goroutines > before.goroutines+20 {
		t.Errorf("goroutines: %d before, %d after", before.goroutines, after.goroutines)
	}
	f.account(nil)
	f.stop()
}

func get(ctx context.Context, client *http.Client, url string) (int, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return 0, err
	}
	res, err := client.Do(req)
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	_, err = io.Copy(io.Discard, res.Body)
	return res.StatusCode, err
}

// drip sends a header a byte at a time, and says whether the service had enough
// of it.
func drip(ctx context.Context, host string) bool {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", host)
	if err != nil {
		return false
	}
	defer conn.Close()
	for _, b := range []byte("GET /v1/tracks HTTP/1.1\r\nHost: x\r\nX-Slow: " + strings.Repeat("a", 1000)) {
		if _, err := conn.Write([]byte{b}); err != nil {
			return true
		}
		_ = conn.SetReadDeadline(time.Now().Add(100 * time.Millisecond))
		if _, err := conn.Read(make([]byte, 512)); err == nil || !errors.Is(err, context.DeadlineExceeded) && !timedOut(err) {
			return true
		}
		if ctx.Err() != nil {
			return false
		}
	}
	return false
}

func timedOut(err error) bool {
	var network net.Error
	return errors.As(err, &network) && network.Timeout()
}

// endless is a body of one long string.
type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = '"'
	}
	return len(p), nil
}
