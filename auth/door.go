package auth

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"earworm/problem"
)

// Door stands before handlers and lets in who may. It is safe for concurrent use.
type Door struct {
	file  string // of tokens; empty: everybody on this machine is let in
	log   *slog.Logger
	cross *http.CrossOriginProtection
	tried *pace // unknown tokens, by address
	asked *pace // requests, by token

	mu      sync.Mutex
	tokens  []Token
	looked  time.Time // when the file was last looked at
	changed time.Time // the file's own time
	size    int64
}

// Unlocked is the door of a service that only this machine reaches: no token is
// asked for. It refuses requests for another host's name, which a web page
// could have pointed at this machine.
func Unlocked() *Door { return &Door{cross: http.NewCrossOriginProtection()} }

// Locked is a door that opens to the tokens in a file. Tokens that are added or
// taken out count within a second. A nil log is silent.
func Locked(file string, log *slog.Logger) (*Door, error) {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	d := &Door{file: file, log: log, cross: http.NewCrossOriginProtection(), tried: tries(), asked: requests(RequestRate)}
	if err := d.load(); err != nil {
		return nil, err
	}
	return d, nil
}

// Locked tells whether tokens are asked for.
func (d *Door) Locked() bool { return d.file != "" }

func (d *Door) load() error {
	f, err := os.Open(d.file)
	if err != nil {
		return fmt.Errorf("tokens: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return fmt.Errorf("tokens: %w", err)
	}
	tokens, err := read(f)
	if err == nil && len(tokens) == 0 {
		err = errors.New("there is none")
	}
	if err != nil {
		return fmt.Errorf("tokens in %q: %w", d.file, err)
	}
	d.tokens, d.changed, d.size = tokens, info.ModTime(), info.Size()
	return nil
}

// current are the tokens as the file has them now. While it cannot be read,
// the last ones that could count on.
func (d *Door) current() []Token {
	d.mu.Lock()
	defer d.mu.Unlock()
	if now := time.Now(); now.Sub(d.looked) >= time.Second {
		d.looked = now
		info, err := os.Stat(d.file)
		if err == nil && (!info.ModTime().Equal(d.changed) || info.Size() != d.size) {
			err = d.load()
		}
		if err != nil {
			d.log.Error("tokens not read again", "error", err)
		}
	}
	return d.tokens
}

// Visitor is who made a request.
type Visitor struct {
	Name   string // of the token; empty where none was asked for
	scopes []Scope
}

// May tells whether the visitor has a scope.
func (v Visitor) May(s Scope) bool {
	return slices.Contains(v.scopes, s) || slices.Contains(v.scopes, Admin)
}

type visitorKey struct{}

// Who is the visitor whose request has this context.
func Who(ctx context.Context) Visitor {
	v, _ := ctx.Value(visitorKey{}).(Visitor)
	return v
}

// Admit lets a request in where its visitor has the scope, and returns it with
// the visitor in its context. Otherwise it says why not: 401, 403, 421 or 429.
func (d *Door) Admit(r *http.Request, s Scope) (*http.Request, *problem.Problem) {
	v, why := d.visitor(r)
	if why != nil {
		return nil, why
	}
	if !v.May(s) {
		return nil, problem.New(http.StatusForbidden, "forbidden", "token %s lacks the scope %s, which this asks for", v.Name, s)
	}
	return r.WithContext(context.WithValue(r.Context(), visitorKey{}, v)), nil
}

func (d *Door) visitor(r *http.Request) (Visitor, *problem.Problem) {
	scheme, secret, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	bearer := d.Locked() && strings.EqualFold(scheme, "Bearer")
	// What a browser sends of itself it may send for another site.
	if !bearer {
		if err := d.cross.Check(r); err != nil {
			return Visitor{}, problem.New(http.StatusForbidden, "cross_origin", "a page of another site may not ask this")
		}
	}
	if !d.Locked() {
		if !ofThisMachine(r.Host) {
			return Visitor{}, problem.New(http.StatusMisdirectedRequest, "misdirected",
				"host is %q; want localhost or a loopback address, or a service that asks for tokens", r.Host)
		}
		return Visitor{scopes: Scopes()}, nil
	}
	held := ""
	if bearer {
		held = session(strings.TrimSpace(secret))
	} else if c, err := r.Cookie(cookieName); err == nil {
		held = c.Value
	}
	t, ok := match(d.current(), held)
	if !ok && held != "" {
		if why := d.tooManyTries(r); why != nil {
			return Visitor{}, why
		}
	}
	if !ok {
		return Visitor{}, problem.New(http.StatusUnauthorized, "unauthorized",
			"this wants a token that is known here; want the header Authorization: Bearer TOKEN")
	}
	return Visitor{Name: t.Name, scopes: t.Scopes}, d.tooManyRequests(t)
}

// ofThisMachine tells a host that only this machine's own programs name.
func ofThisMachine(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil && ip.IsLoopback()
}

// Guard lets requests through to next where their visitor has the scope. A
// person at a browser who has no token yet is led to the login page.
func (d *Door) Guard(s Scope, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		admitted, why := d.Admit(r, s)
		switch {
		case why == nil:
			next.ServeHTTP(w, admitted)
		case why.Status == http.StatusUnauthorized && r.Method == http.MethodGet && strings.Contains(r.Header.Get("Accept"), "text/html"):
			http.Redirect(w, r, "/login?"+url.Values{"next": {r.URL.RequestURI()}}.Encode(), http.StatusSeeOther)
		default:
			Refuse(w, why)
		}
	})
}

// Refuse answers with why a request was not admitted.
func Refuse(w http.ResponseWriter, why *problem.Problem) {
	if why.Status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", `Bearer realm="earworm"`)
	}
	why.Write(w)
}
