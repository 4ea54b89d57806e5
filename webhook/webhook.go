// Package webhook tells other services that a track has been dealt with, in the
// form of the Standard Webhooks specification (https://www.standardwebhooks.com):
// signed, and to allowed hosts only.
package webhook

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"syscall"
	"time"

	"earworm/schema"
)

// Config says who may be told, and how it is signed.
type Config struct {
	// Hosts that may be told: a name, or *.name for all below it.
	Hosts []string
	// Private lets these hosts have addresses that are not of the public
	// internet: loopback, private, link-local.
	Private bool
	// Secret that signs: 24 to 64 bytes in base64, with or without the prefix whsec_.
	Secret string
	// Timeout of one delivery; 0: 10 s.
	Timeout time.Duration
}

// Event is what is told.
type Event struct {
	Type      string    `json:"type"` // track.analysed or track.failed
	Timestamp time.Time `json:"timestamp"`
	Data      Outcome   `json:"data"`
}

// Outcome is what became of a track.
type Outcome struct {
	TrackID      schema.TrackID   `json:"track_id"`
	Status       schema.Status    `json:"status"`
	ModelVersion string           `json:"model_version"` // of the newest attempt
	Features     *schema.Features `json:"features"`      // null: never analysed
	Error        *schema.Failure  `json:"error"`         // null: it did not fail
}

// EventOf tells of a track as it stands.
func EventOf(t schema.Track, f *schema.Features, now time.Time) Event {
	return Event{
		Type: "track." + string(t.Status), Timestamp: now.UTC().Truncate(time.Millisecond),
		Data: Outcome{TrackID: t.ID, Status: t.Status, ModelVersion: t.ModelVersion, Features: f, Error: t.Failure},
	}
}

// Sender sends webhooks. It is safe for concurrent use.
type Sender struct {
	hosts  []string
	secret []byte
	client *http.Client
}

// New makes a Sender. Its error names the setting that cannot be.
func New(c Config) (*Sender, error) {
	if len(c.Hosts) == 0 {
		return nil, errors.New("webhook hosts are missing; want names such as api.example.org or *.example.org")
	}
	s := &Sender{}
	for _, host := range c.Hosts {
		host = strings.ToLower(strings.TrimSpace(host))
		if name := strings.TrimPrefix(host, "*."); name == "" || strings.ContainsAny(name, "*/@ ") {
			return nil, fmt.Errorf("webhook host is %q; want a name such as api.example.org or *.example.org", host)
		}
		s.hosts = append(s.hosts, host)
	}
	var err error
	s.secret, err = base64.StdEncoding.DecodeString(strings.TrimPrefix(c.Secret, "whsec_"))
	if err != nil || len(s.secret) < 24 || len(s.secret) > 64 {
		return nil, errors.New("webhook secret is not as it should be; want 24 to 64 random bytes in base64, as openssl rand -base64 32 gives")
	}
	if c.Timeout == 0 {
		c.Timeout = 10 * time.Second
	}
	s.client = client(c)
	return s, nil
}

// client goes to the address itself, by no proxy and after no redirect, so that
// every address that is dialled was looked at.
func client(c Config) *http.Client {
	dialer := &net.Dialer{Timeout: c.Timeout, Control: func(_, address string, _ syscall.RawConn) error {
		to, err := netip.ParseAddrPort(address)
		if err != nil {
			return err
		}
		if ip := to.Addr().Unmap(); !c.Private && !public(ip) {
			return schema.Fail(schema.AccessDenied, "address %s is not of the public internet", ip)
		}
		return nil
	}}
	return &http.Client{
		Timeout:       c.Timeout,
		Transport:     &http.Transport{DialContext: dialer.DialContext, TLSHandshakeTimeout: c.Timeout, ForceAttemptHTTP2: true, MaxIdleConnsPerHost: 2},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// shared is the address space between a carrier and its customers (RFC 6598).
var shared = netip.MustParsePrefix("100.64.0.0/10")

func public(ip netip.Addr) bool {
	return ip.IsGlobalUnicast() && !ip.IsPrivate() && !shared.Contains(ip)
}

// Check tells whether an address may be told. Its error says what is wanted.
func (s *Sender) Check(address string) error {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Hostname() == "" || u.User != nil {
		return fmt.Errorf("webhook is %q; want an address such as https://api.example.org/done", address)
	}
	name := strings.ToLower(u.Hostname())
	for _, host := range s.hosts {
		if below, all := strings.CutPrefix(host, "*"); name == host || all && strings.HasSuffix(name, below) {
			return nil
		}
	}
	return fmt.Errorf("webhook goes to %q, which is not among the allowed hosts; earworm serve --webhook-hosts allows some", u.Hostname())
}

// Send posts an event to an address under an identifier, which is the same each
// time the same thing is told. The error is a *schema.Failure where trying
// again is of no use; otherwise an answer other than 2xx, or none.
func (s *Sender) Send(ctx context.Context, id, address string, e Event, now time.Time) error {
	if err := s.Check(address); err != nil {
		return schema.Fail(schema.AccessDenied, "%s", err)
	}
	body, err := json.Marshal(e)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return schema.Fail(schema.NotFound, "webhook to %q: not an address", address)
	}
	at := strconv.FormatInt(now.Unix(), 10)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "earworm")
	req.Header.Set("Webhook-Id", id)
	req.Header.Set("Webhook-Timestamp", at)
	req.Header.Set("Webhook-Signature", "v1,"+s.sign(id, at, body))
	res, err := s.client.Do(req)
	if err != nil {
		return fmt.Errorf("webhook to %q: %w", req.URL.Host, err)
	}
	defer res.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(res.Body, 64<<10)) // so that the connection can be used again
	switch {
	case res.StatusCode == http.StatusGone:
		return schema.Fail(schema.NotFound, "webhook to %q: %s", req.URL.Host, res.Status)
	case res.StatusCode < 200 || res.StatusCode > 299:
		return fmt.Errorf("webhook to %q: %s", req.URL.Host, res.Status)
	}
	return nil
}

// sign is base64(HMAC-SHA256(secret, id.timestamp.body)).
func (s *Sender) sign(id, at string, body []byte) string {
	mac := hmac.New(sha256.New, s.secret)
	mac.Write([]byte(id + "." + at + "."))
	mac.Write(body)
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}
