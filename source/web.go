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
			Proxy:                 http.ProxyFromEnvironment,
			DialContext:           dialer.DialContext,
			TLSHandshakeTimeout:   c.HeaderTimeout,
			ResponseHeaderTimeout: c.HeaderTimeout,
			ForceAttemptHTTP2:     true,
			DisableCompression:    true, // MaxBytes counts what is sent
			MaxIdleConnsPerHost:   2,
		},
		CheckRedirect: func(next *http.Request, via []*http.Request) error {
			to := next.URL.Scheme
			if to != "https" && to != "http" || !slices.Contains(c.Schemes, to) {
				return schema.Fail(schema.AccessDenied, "redirected to %s://, which is not allowed", to)
			}
			if len(via) > c.MaxRedirects {
				return schema.Fail(schema.NotFound, "more than %d redirects", c.MaxRedirects)
			}
			return nil
		},
	}
}

func (o *Opener) download(ctx context.Context, uri string) (*File, error) {
	ctx, cancel := context.WithTimeout(ctx, o.config.Timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, uri, http.NoBody)
	if err != nil {
		return nil, schema.Fail(schema.NotFound, "fetch %q: not an address", uri)
	}
	req.Header.Set("User-Agent", "earworm")
	res, err := o.client.Do(req)
	if err != nil {
		return nil, requestError(uri, err)
	}
	defer res.Body.Close()
	if err := statusError(uri, res); err != nil {
		return nil, err
	}
	if res.ContentLength > o.config.MaxBytes {
		return nil, o.tooLarge(uri)
	}
	return o.spool(ctx, uri, res.Body)
}

// spool writes a body to a temporary file, which the File removes.
func (o *Opener) spool(ctx context.Context, uri string, body io.Reader) (*File, error) {
	temp, err := os.CreateTemp(o.config.TempDir, "earworm-*")
	if err != nil {
		return nil, fmt.Errorf("fetch %q: %w", uri, err)
	}
	f := &File{Path: temp.Name(), remove: func() error { return os.Remove(temp.Name()) }}
	sum := sha256.New()
	f.Size, err = copyUpTo(ctx, io.MultiWriter(temp, sum), body, o.config.MaxBytes)
	err = errors.Join(err, temp.Close())
	switch {
	case errors.Is(err, errTooLarge):
		err = o.tooLarge(uri)
	case err != nil:
		err = fmt.Errorf("fetch %q: after %d bytes: %w", uri, f.Size, err)
	default:
		f.SHA256 = digest(sum)
		return f, nil
	}
	return nil, errors.Join(err, f.Close())
}

// requestError keeps a refusal of ours a failure and names the address once.
func requestError(uri string, err error) error {
	if refused, ok := errors.AsType[*schema.Failure](err); ok {
		return schema.Fail(refused.Code, "fetch %q: %s", uri, refused.Message)
	}
	if name, ok := errors.AsType[*net.DNSError](err); ok && name.IsNotFound {
		return schema.Fail(schema.NotFound, "fetch %q: no such host", uri)
	}
	if request, ok := errors.AsType[*url.Error](err); ok {
		err = request.Err
	}
	return fmt.Errorf("fetch %q: %w", uri, err)
}

// statusError sorts a server's answers into lasting ones and those that may
// change: a server's own errors, too many requests, a timeout.
func statusError(uri string, res *http.Response) error {
	switch code := res.StatusCode; {
	case code == http.StatusOK:
		return nil
	case code == http.StatusUnauthorized, code == http.StatusForbidden,
		code == http.StatusProxyAuthRequired, code == http.StatusUnavailableForLegalReasons:
		return schema.Fail(schema.AccessDenied, "fetch %q: %s", uri, res.Status)
	case code == http.StatusRequestEntityTooLarge:
		return schema.Fail(schema.TooLarge, "fetch %q: %s", uri, res.Status)
	case code == http.StatusRequestTimeout, code == http.StatusTooEarly,
		code == http.StatusTooManyRequests, code >= 500:
		return fmt.Errorf("fetch %q: %s", uri, res.Status)
	default:
		return schema.Fail(schema.NotFound, "fetch %q: %s", uri, res.Status)
	}
}
