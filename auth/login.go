package auth

import (
	"crypto/sha256"
	"encoding/base64"
	"html/template"
	"net/http"
	"strings"
	"time"

	"earworm/problem"
)

const (
	cookieName = "earworm_session"
	cookieLife = 12 * time.Hour // after which the browser forgets it
	mostForm   = 8 << 10        // bytes of a login's form
)

// Login serves /login, where a person at a browser gives a token once for a
// cookie, and POST /logout, which takes the cookie away.
func (d *Door) Login() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /login", func(w http.ResponseWriter, r *http.Request) {
		loginPage(w, http.StatusOK, loginView{Next: localPath(r.URL.Query().Get("next"))})
	})
	mux.HandleFunc("POST /login", d.enter)
	mux.HandleFunc("POST /logout", func(w http.ResponseWriter, r *http.Request) {
		http.SetCookie(w, d.cookie(r, "", -1))
		http.Redirect(w, r, "/login", http.StatusSeeOther)
	})
	return d.cross.Handler(mux)
}

func (d *Door) enter(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, mostForm)
	if err := r.ParseForm(); err != nil {
		problem.New(http.StatusBadRequest, "bad_request", "the form cannot be read; want a field token").Write(w)
		return
	}
	next := localPath(r.PostForm.Get("next"))
	if !d.Locked() {
		http.Redirect(w, r, next, http.StatusSeeOther)
		return
	}
	if d.tried.wait(address(r)) > 0 {
		w.Header().Set("Retry-After", "10")
		loginPage(w, http.StatusTooManyRequests, loginView{Next: next, Complaint: "Too many tries. Wait ten seconds."})
		return
	}
	held := session(strings.TrimSpace(r.PostForm.Get("token")))
	t, ok := match(d.current(), held)
	if !ok {
		d.log.Warn("login refused", "remote", r.RemoteAddr)
		loginPage(w, http.StatusUnauthorized, loginView{Next: next, Complaint: "No such token is known here."})
		return
	}
	d.log.Info("login", "token", t.Name, "remote", r.RemoteAddr)
	http.SetCookie(w, d.cookie(r, held, int(cookieLife.Seconds())))
	http.Redirect(w, r, next, http.StatusSeeOther)
}

func (d *Door) cookie(r *http.Request, value string, life int) *http.Cookie {
	return &http.Cookie{
		Name: cookieName, Value: value, Path: "/", MaxAge: life,
		HttpOnly: true, SameSite: http.SameSiteStrictMode,
		Secure: r.TLS != nil || r.Header.Get("X-Forwarded-Proto") == "https",
	}
}

// localPath is where to go after a login: a path of this site, and no
// address that a browser would take for another's.
func localPath(next string) string {
	if !strings.HasPrefix(next, "/") || strings.HasPrefix(next, "//") || strings.ContainsAny(next, "\\\r\n\t") {
		return "/"
	}
	return next
}

type loginView struct{ Next, Complaint string }

const loginStyle = `body{font:16px/1.5 system-ui,sans-serif;max-width:24rem;margin:15vh auto;padding:0 1rem;color:#222;background:#fafafa}` +
	`input,button{font:inherit;padding:.5rem;width:100%;box-sizing:border-box;margin:.25rem 0}[role=alert]{color:#a00}` +
	`@media(prefers-color-scheme:dark){body{color:#ddd;background:#181818}[role=alert]{color:#f88}}`

var loginTemplate = template.Must(template.New("login").Parse(`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>earworm: sign in</title><style>` + loginStyle + `</style></head>
<body><h1>earworm</h1>
{{with .Complaint}}<p role="alert">{{.}}</p>{{end}}
<form method="post" action="/login">
<label for="token">Token</label>
<input id="token" name="token" type="password" autocomplete="current-password" required autofocus>
<input type="hidden" name="next" value="{{.Next}}">
<button>Sign in</button>
</form></body></html>
`))

func loginPage(w http.ResponseWriter, status int, view loginView) {
	sum := sha256.Sum256([]byte(loginStyle))
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", "default-src 'none'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'; style-src 'sha256-"+
		base64.StdEncoding.EncodeToString(sum[:])+"'")
	w.WriteHeader(status)
	_ = loginTemplate.Execute(w, view) // who asked may be gone
}
