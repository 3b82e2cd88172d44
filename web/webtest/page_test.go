// Package webtest tries the page of package web in a real browser, with a real
// Consul. It is a module of its own for what drives the browser.
package webtest

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/hashicorp/consul/api"

	"github.com/confsync/confsync"
	"github.com/confsync/confsync/internal/browser"
	"github.com/confsync/confsync/internal/testserver"
	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/source/consul"
	"github.com/confsync/confsync/source/env"
	"github.com/confsync/confsync/source/file"
	"github.com/confsync/confsync/web"
)

// checkout is the configuration of a service.
type checkout struct {
	Server struct {
		Host    string
		Port    uint16        `default:"8080"`
		Timeout time.Duration `default:"30s"`
		TLS     struct {
			Cert string
			Key  confsync.Secret
		}
	}
	Log struct {
		Level  slog.Level
		Format string `default:"json"`
	}
	DB struct {
		URL  string
		Pool struct {
			Min int `default:"1"`
			Max int `default:"10"`
		}
		Password confsync.Secret
	}
	Limits   map[string]limit
	Features map[string]bool
	Banner   string
	Tags     []string
}

type limit struct {
	Rate  int
	Burst int `default:"20"`
}

const defaults = `server:
  host: 0.0.0.0
  timeout: 15s
  tls:
    cert: /etc/checkout/tls.crt
    key: not-for-your-eyes
db:
  url: postgres://db.internal/checkout
  password: not-for-your-eyes
  pool:
    max: 25
limits:
  default: {rate: 100}
  partner: {rate: 1000, burst: 200}
features:
  search: true
  beta.checkout: false
banner: Welcome to the shop
tags: [blue, eu-west]
`

// site is a page of a configuration in a file, a Consul and the environment.
type site struct {
	t      *testing.T
	consul *api.Client
	config *confsync.Config[checkout]
	url    string
}

func newSite(t *testing.T) *site {
	t.Helper()
	server := testserver.Consul(t, testserver.ConsulConfig{})
	client, err := api.NewClient(&api.Config{Address: server.Addr()})
	if err != nil {
		t.Fatal(err)
	}
	s := &site{t: t, consul: client}
	s.put("server/port", "9090")
	s.put("log/level", "DEBUG")
	t.Chdir(t.TempDir())
	if err := os.WriteFile("checkout.yaml", []byte(defaults), 0o600); err != nil {
		t.Fatal(err)
	}
	s.config, err = confsync.Open(t.Context(), confsync.Options[checkout]{
		Sources: []source.Source{
			file.New("checkout.yaml", nil),
			consul.New(client, "apps/checkout", nil),
			env.New("CHECKOUT", &env.Options{Environ: func() []string { return []string{"CHECKOUT_DB_POOL_MAX=50"} }}),
		},
		Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.config.Close() })
	mux := http.NewServeMux()
	mux.Handle("/debug/config", web.Handler(s.config))
	pages := httptest.NewServer(mux)
	t.Cleanup(pages.Close)
	t.Cleanup(pages.CloseClientConnections)
	s.url = pages.URL + "/debug/config"
	return s
}

func (s *site) put(key, value string) {
	s.t.Helper()
	if _, err := s.consul.KV().Put(&api.KVPair{Key: "apps/checkout/" + key, Value: []byte(value)}, nil); err != nil {
		s.t.Fatal(err)
	}
}

func (s *site) delete(key string) {
	s.t.Helper()
	if _, err := s.consul.KV().Delete("apps/checkout/"+key, nil); err != nil {
		s.t.Fatal(err)
	}
}

// What a test asks the page.
const (
	loaded   = `document.querySelector("#link").textContent === "live" && document.querySelectorAll(".row[data-path]").length > 10`
	portSays = `document.querySelector('.row[data-path="server.port"] .value').textContent`
)

func TestPage(t *testing.T) {
	s, b := newSite(t), browser.Open(t)
	b.Run(chromedp.Navigate(s.url))
	b.Until(loaded)
	if got := browser.Eval[string](b, portSays); got != `"9090"` {
		t.Errorf("server.port is shown as %s", got)
	}

	t.Log("a click shows the layers")
	b.Run(chromedp.Click(`.row[data-path="server.port"]`))
	b.Until(`document.querySelector(".panel").innerText.includes("checkout.Server.Port")`)
	for _, text := range []string{"apps/checkout/server/port", "8080", "default checkout.Server.Port", "uint16"} {
		b.Until(`document.querySelector(".panel").innerText.includes("` + text + `")`)
	}

	t.Log("a change in the store shows by itself")
	s.put("server/port", "9191")
	b.Until(portSays + " === '\"9191\"'")
	b.Until(`document.querySelector(".panel").innerText.includes("9191")`)

	t.Log("what is rejected is shown beside what is live")
	s.put("server/port", "80a")
	b.Until(`!document.querySelector("#rejected").hidden`)
	b.Until(`document.querySelector('.row[data-path="server.port"]').innerText.includes("80a")`)
	if got := browser.Eval[string](b, portSays); got != `"9191"` {
		t.Errorf("server.port is shown as %s", got)
	}
	s.put("server/port", "9292")
	b.Until(portSays + " === '\"9292\"'")
	b.Until(`document.querySelector("#rejected").hidden`)

	t.Log("a key that no field takes is told")
	s.put("server/prot", "1")
	b.Until(`document.querySelector("#unknown").innerText.includes("did you mean")`)
	s.delete("server/prot")
	b.Until(`document.querySelector("#unknown").hidden`)

	t.Log("a value that never was served has a row too")
	s.put("limits/new/rate", "x")
	b.Until(`document.querySelector('.row[data-path="limits.new.rate"]') !== null`)
	s.delete("limits/new/rate")
	b.Until(`document.querySelector('.row[data-path="limits.new.rate"]') === null`)

	t.Log("the history tells what changed, and a pin is told")
	b.Until(`document.querySelector("#history").innerText.includes("9292")`)
	release, err := s.config.Pin(1)
	if err != nil {
		t.Fatal(err)
	}
	b.Until(`document.querySelector("#note").innerText.includes("pinned to generation 1")`)
	b.Until(portSays + " === '\"9090\"'")
	release()
	b.Until(`document.querySelector("#note").hidden`)

	t.Log("a search leaves what it is for")
	b.Run(chromedp.SendKeys("#search", "pool"))
	b.Until(`document.querySelectorAll(".row[data-path]").length === 2`)
	if !browser.Eval[bool](b, `[...document.querySelectorAll("mark")].some((m) => m.textContent === "pool")`) {
		t.Error("what is searched for isn't marked")
	}
	b.Run(chromedp.SendKeys("#search", "-nothing"))
	b.Until(`document.querySelector("#values").innerText.includes("Nothing matches")`)
	if wrong := b.Errors(); len(wrong) > 0 {
		t.Errorf("the page's script: %q", wrong)
	}
}

// TestScriptInAValue puts HTML and script into every text that the page shows.
func TestScriptInAValue(t *testing.T) {
	s, b := newSite(t), browser.Open(t)
	const evil = `<img src=x onerror="window.pwned=1"><script>window.pwned=1<`
	s.put("banner", evil+"/script>")
	s.put("features/"+evil, "true")
	s.put("limits/"+evil+"/rate", evil)
	s.put("unknown"+evil, evil)
	b.Run(chromedp.Navigate(s.url))
	b.Until(loaded)
	b.Until(`!document.querySelector("#rejected").hidden`)
	s.put("limits/"+evil+"/rate", "1")
	b.Until(`document.querySelector("#rejected").hidden`)
	b.Until(`document.querySelector('.row[data-path="banner"] .value').textContent.includes("<script>")`)
	b.Run(chromedp.Click(`.row[data-path="banner"]`), chromedp.SendKeys("#search", "<script>"))
	b.Until(`document.querySelectorAll(".row[data-path]").length === 4`)
	browser.Eval[any](b, `document.querySelectorAll(".row[data-path]").forEach((r) => r.click()) || ""`)
	if browser.Eval[bool](b, `"pwned" in window || document.querySelector("img, main script") !== null`) {
		t.Errorf("a script ran:\n%s", b.Text())
	}

	t.Log("and the policy would hold if the page made a mistake")
	for _, attempt := range []string{
		`document.body.innerHTML = "<img src=x onerror='window.pwned=1'>"`,
		`const s = document.createElement("script"); s.textContent = "window.pwned=1"; document.body.append(s)`,
		`document.body.setAttribute("onclick", "window.pwned=1"); document.body.click()`,
	} {
		browser.Eval[any](b, `(() => { try { `+attempt+` } catch (err) { return String(err) } return "" })()`)
		if browser.Eval[bool](b, `"pwned" in window`) {
			t.Errorf("%s ran", attempt)
		}
	}
	if len(b.Errors()) == 0 {
		t.Error("the browser said nothing of what it refused")
	}
}

// TestSecretsNeverReachTheBrowser looks for a secret in the page and its JSON.
func TestSecretsNeverReachTheBrowser(t *testing.T) {
	s, b := newSite(t), browser.Open(t)
	s.put("db/password/x", "not-for-your-eyes") // rejected: a key below a secret
	s.put("db/pasword", "not-for-your-eyes")    // unknown
	b.Run(chromedp.Navigate(s.url))
	b.Until(loaded)
	b.Until(`!document.querySelector("#rejected").hidden`)
	all := browser.Eval[string](b, `(() => { document.querySelectorAll(".row[data-path]").forEach((r) => r.click()); return document.documentElement.outerHTML + JSON.stringify(state) })()`)
	if !contains(all, "redacted") || contains(all, "not-for-your-eyes") {
		t.Errorf("a secret is shown, or none is there:\n%s", all)
	}
}

// TestKeyboard goes through the page without a mouse.
func TestKeyboard(t *testing.T) {
	s, b := newSite(t), browser.Open(t)
	b.Run(chromedp.Navigate(s.url))
	b.Until(loaded)
	b.Run(chromedp.KeyEvent("/"))
	b.Until(`document.activeElement.id === "search"`)
	b.Run(chromedp.KeyEvent(kb.Escape), chromedp.KeyEvent("server.port")) // the driver types the slash whatever the page does of it
	b.Until(`document.querySelectorAll(".row[data-path]").length === 1`)
	b.Run(chromedp.KeyEvent(kb.ArrowDown), chromedp.KeyEvent(kb.ArrowDown), chromedp.KeyEvent(kb.Enter))
	b.Until(`document.activeElement.dataset.path === "server.port" && document.querySelector(".panel") !== null`)
	b.Run(chromedp.KeyEvent(kb.Enter))
	b.Until(`document.querySelector(".panel") === null`)
	b.Run(chromedp.KeyEvent("/"), chromedp.KeyEvent(kb.Escape))
	b.Until(`document.querySelector("#search").value === "" && document.querySelectorAll(".row[data-path]").length > 10`)
	b.Run(chromedp.KeyEvent(kb.Tab))
	if !browser.Eval[bool](b, `document.activeElement.classList.contains("row")`) {
		t.Error("Tab doesn't lead from the search to the rows")
	}
}

// TestOutOfTouch asserts that the page says so when the program has gone, and
// finds it again.
func TestOutOfTouch(t *testing.T) {
	s, b := newSite(t), browser.Open(t)
	down := make(chan bool, 1)
	gate := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case is := <-down:
			down <- is
			w.WriteHeader(http.StatusBadGateway)
			return
		default:
		}
		ctx, cancel := context.WithTimeout(r.Context(), time.Second)
		defer cancel()
		web.Handler(s.config).ServeHTTP(w, r.WithContext(ctx))
	}))
	defer gate.Close()
	defer gate.CloseClientConnections()
	b.Run(chromedp.Navigate(gate.URL))
	b.Until(loaded)
	down <- true
	b.Until(`document.querySelector("#link").textContent.includes("out of touch")`)
	s.put("server/port", "9393")
	<-down
	b.Until(`document.querySelector("#link").textContent === "live"`)
	b.Until(portSays + " === '\"9393\"'")
}

// TestSilence asserts the same where nothing ends the connection and nothing comes
// on it.
func TestSilence(t *testing.T) {
	s, b := newSite(t), browser.Open(t)
	at, err := url.Parse(s.url)
	if err != nil {
		t.Fatal(err)
	}
	proxy := testserver.NewProxy(t, at.Host)
	b.Run(chromedp.Navigate("http://" + proxy.Addr() + at.Path))
	b.Until(loaded)
	proxy.Blackhole()
	s.put("server/port", "9393")
	b.Until(`document.querySelector("#link").textContent.includes("out of touch")`)
	proxy.Heal()
	b.Until(`document.querySelector("#link").textContent === "live"`)
	b.Until(portSays + " === '\"9393\"'")
}
