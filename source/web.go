package source

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"slices"
	"syscall"

	"earworm/schema"
)

// webClient is the one place that connects to the network, so that Admit sees
// every address that is dialled, whatever name or redirect led there.
func webClient(c Config) *http.Client {
	dialer := &net.Dialer{
		Timeout: c.HeaderTimeout,
		Control: func(_, address string, _ syscall.RawConn) error {
			to, err := netip.ParseAddrPort(address)
			if err != nil {
				return err
			}
			if err := c.Admit(to); err != nil {
				return schema.Fail(schema.AccessDenied, "address %s is not admitted: %v", to.Addr(), err)
			}
			return nil
		},
	}
	return &http.Client{
		Transport: &http.Transport{
			// No proxy: it would look names up by itself, where Admit sees nothing.
			DialContext:            dialer.DialContext,
			TLSHandshakeTimeout:    c.HeaderTimeout,
			ResponseHeaderTimeout:  c.HeaderTimeout,
			MaxResponseHeaderBytes: maxHeader,
			ForceAttemptHTTP2:      true,
			DisableCompression:     true, // MaxBytes counts what is sent
			MaxIdleConnsPerHost:    2,
		},
		CheckRedirect: func(next *http.Request, via []*http.Request) error {
			to := next.URL.Scheme
			if to != "https" && to != "http" || !slices.Contains(c.Schemes, to) {
				return schema.Fail(schema.AccessDenied, "redirected to %s://, which is not allowed", to)
			}
			if !onHosts(c.Hosts, next.URL.Hostname()) {
				return schema.Fail(schema.AccessDenied, "redirected to host %s, which is not among those allowed", next.URL.Hostname())
			}
			if len(via) > c.MaxRedirects {
				return schema.Fail(schema.NotFound, "more than %d redirects", c.MaxRedirects)
			}
			return nil
		},
	}
}

// maxHeader bounds what is read of a server's answer before its body.
const maxHeader = 64 << 10

func (o *Opener) download(ctx context.Context, u *url.URL) (*File, error) {
	name := Name(u.String())
	if !onHosts(o.config.Hosts, u.Hostname()) {
		return nil, schema.Fail(schema.AccessDenied, "fetch %q: host %s is not among those allowed", name, u.Hostname())
	}
	ctx, cancel := context.WithTimeout(ctx, o.config.Timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), http.NoBody)
	if err != nil {
		return nil, schema.Fail(schema.NotFound, "fetch %q: not an address", name)
	}
	req.Header.Set("User-Agent", "earworm")
	res, err := o.client.Do(req)
	if err != nil {
		return nil, requestError(name, err)
	}
	defer res.Body.Close()
	if err := statusError(name, res.StatusCode, res.Status); err != nil {
		return nil, err
	}
	return o.spool(ctx, cancel, name, res.Body, res.ContentLength)
}

// spool writes a body of a size, below 0 where it is unknown, to a temporary
// file, which the File removes. cancel ends the request.
func (o *Opener) spool(ctx context.Context, cancel context.CancelFunc, name string, body io.Reader, size int64) (*File, error) {
	if size > o.config.MaxBytes {
		return nil, o.tooLarge(name)
	}
	temp, err := os.CreateTemp(o.config.TempDir, "earworm-*")
	if err != nil {
		return nil, fmt.Errorf("fetch %q: %w", name, err)
	}
	f := &File{Path: temp.Name(), remove: func() error { return os.Remove(temp.Name()) }}
	sum, sending := sha256.New(), pace(body, int64(float64(o.config.MinRate)*o.config.Window.Seconds()), o.config.Window, cancel)
	f.Size, err = copyUpTo(ctx, io.MultiWriter(temp, sum), sending, o.config.MaxBytes)
	sending.stop()
	if kept := temp.Close(); kept != nil && err == nil {
		err = fmt.Errorf("%w: %w", errWrite, kept)
	}
	switch {
	case err == nil:
		f.SHA256 = digest(sum)
		return f, nil
	case errors.Is(err, errTooLarge):
		err = o.tooLarge(name)
	case errors.Is(err, errWrite):
		err = fmt.Errorf("fetch %q: %w", name, err) // this machine's fault, not the source's
	default:
		err = unavailable{fmt.Errorf("fetch %q: after %d bytes: %w", name, f.Size, err)}
	}
	return nil, errors.Join(err, f.Close())
}

// requestError keeps a refusal of ours a failure and names the address once.
func requestError(name string, err error) error {
	if refused, ok := errors.AsType[*schema.Failure](err); ok {
		return schema.Fail(refused.Code, "fetch %q: %s", name, refused.Message)
	}
	if lookup, ok := errors.AsType[*net.DNSError](err); ok && lookup.IsNotFound {
		return schema.Fail(schema.NotFound, "fetch %q: no such host", name)
	}
	if request, ok := errors.AsType[*url.Error](err); ok {
		err = request.Err
	}
	return unavailable{fmt.Errorf("fetch %q: %w", name, err)}
}

// statusError sorts a server's answers into lasting ones and those that may
// change: a server's own errors, too many requests, a timeout.
func statusError(name string, code int, said string) error {
	switch {
	case code == http.StatusOK:
		return nil
	case code == http.StatusUnauthorized, code == http.StatusForbidden,
		code == http.StatusProxyAuthRequired, code == http.StatusUnavailableForLegalReasons:
		return schema.Fail(schema.AccessDenied, "fetch %q: %s", name, said)
	case code == http.StatusRequestEntityTooLarge:
		return schema.Fail(schema.TooLarge, "fetch %q: %s", name, said)
	case code == http.StatusRequestTimeout, code == http.StatusTooEarly,
		code == http.StatusTooManyRequests, code >= 500:
		return unavailable{fmt.Errorf("fetch %q: %s", name, said)}
	default:
		return schema.Fail(schema.NotFound, "fetch %q: %s", name, said)
	}
}
