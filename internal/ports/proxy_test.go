package ports

import (
	"context"
	"testing"
	"time"

	"github.com/confsync/confsync"
	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/source/sourcetest"
	"github.com/confsync/confsync/tree"
)

// The dynamic configuration of a reverse proxy that is driven by a store of keys:
// maps of elements with defaults of their own, sections that the text "true" switches
// on, lists by index and by comma.

type dynamic struct {
	HTTP *httpSection
	TCP  *tcpSection
}

type httpSection struct {
	Routers     map[string]*router
	Services    map[string]*service
	Middlewares map[string]*middleware
}

type router struct {
	EntryPoints []string
	Rule        string
	Service     string
	Priority    int
	Middlewares []string
	TLS         *routerTLS
}

type routerTLS struct {
	Options string
	Domains []domain
}

type domain struct {
	Main string
	SANs []string
}

type service struct {
	LoadBalancer *loadBalancer
	Weighted     *weighted
}

type loadBalancer struct {
	Servers        []server
	PassHostHeader *bool
	HealthCheck    *healthCheck
	Sticky         *sticky
}

func (l *loadBalancer) SetDefaults() {
	yes := true
	l.PassHostHeader = &yes
}

type server struct {
	URL    string
	Weight *int
	Scheme string
}

func (s *server) SetDefaults() { s.Scheme = "http" }

type healthCheck struct {
	Path     string
	Interval time.Duration
	Timeout  time.Duration
	Headers  map[string]string
}

func (h *healthCheck) SetDefaults() { h.Interval, h.Timeout = 30*time.Second, 5*time.Second }

type sticky struct{ Cookie *cookie }

type cookie struct {
	Name   string
	Secure bool
}

type weighted struct {
	Services []struct {
		Name   string
		Weight int `default:"1"`
	}
}

type middleware struct {
	Compress  *compress
	Headers   *struct{ CustomRequestHeaders map[string]string }
	RateLimit *struct {
		Average int64
		Burst   int64 `default:"1"`
	}
}

type compress struct{ MinResponseBodyBytes int }

func (c *compress) SetDefaults() { c.MinResponseBodyBytes = 1024 }

type tcpSection struct{ Routers map[string]*router }

func TestReverseProxy(t *testing.T) {
	rows := map[string]string{
		"http/routers/Web.Site/rule":                                          "Host(`example.com`)",
		"http/routers/Web.Site/entryPoints":                                   "web, websecure",
		"http/routers/Web.Site/middlewares/0":                                 "compress",
		"http/routers/Web.Site/middlewares/1":                                 "limit",
		"http/routers/Web.Site/tls":                                           "true",
		"http/routers/api/rule":                                               "PathPrefix(`/api`)",
		"http/routers/api/priority":                                           "10",
		"http/routers/api/tls/domains/0/main":                                 "a.com",
		"http/routers/api/tls/domains/0/sans/0":                               "b.a.com",
		"http/routers/api/tls/domains/0/sans/1":                               "c.a.com",
		"http/services/web/loadBalancer/servers/0/url":                        "http://10.0.0.1",
		"http/services/web/loadBalancer/servers/1/url":                        "http://10.0.0.2",
		"http/services/web/loadBalancer/servers/1/weight":                     "3",
		"http/services/web/loadBalancer/servers/1/scheme":                     "h2c",
		"http/services/web/loadBalancer/healthCheck/path":                     "/ping",
		"http/services/web/loadBalancer/healthCheck/interval":                 "10s",
		"http/services/web/loadBalancer/healthCheck/headers/X-Probe":          "1",
		"http/services/web/loadBalancer/sticky/cookie":                        "true",
		"http/services/canary/weighted/services/0/name":                       "web",
		"http/services/canary/weighted/services/1/name":                       "api",
		"http/services/canary/weighted/services/1/weight":                     "9",
		"http/middlewares/compress/compress":                                  "true",
		"http/middlewares/limit/rateLimit/average":                            "100",
		"http/middlewares/headers/headers/customRequestHeaders/X-Script-Name": "test",
	}
	table := &source.Table{Keys: source.Keys{}, Origin: func(key string, _ int64) tree.Origin { return tree.Origin{Kind: "store", Key: key} }}
	for key, value := range rows {
		table.Put(source.Row{Key: key, Value: value})
	}
	whole, err := table.Tree()
	if err != nil {
		t.Fatal(err)
	}
	d, err := confsync.Load(t.Context(), confsync.Options[dynamic]{Unknown: confsync.RejectUnknown, Sources: []confsync.Source{
		source.Poll("store", time.Hour, func(context.Context) (source.Snapshot, error) { return source.Snapshot{Tree: whole}, nil }),
	}})
	if err != nil {
		t.Fatal(err)
	}
	check := func(what string, got, want any) {
		t.Helper()
		if got != want {
			t.Errorf("%s: got %v, want %v", what, got, want)
		}
	}
	web := d.HTTP.Routers["Web.Site"]
	check("the key of a map", web != nil, true)
	check("a list by comma", len(web.EntryPoints) == 2 && web.EntryPoints[1] == "websecure", true)
	check("a list by index", len(web.Middlewares) == 2 && web.Middlewares[1] == "limit", true)
	check("a section switched on", web.TLS != nil, true)
	api := d.HTTP.Routers["api"]
	check("lists of lists", api.TLS != nil && len(api.TLS.Domains) == 1 && len(api.TLS.Domains[0].SANs) == 2, true)
	check("a number", api.Priority, 10)
	lb := d.HTTP.Services["web"].LoadBalancer
	check("defaults of an element", *lb.PassHostHeader, true)
	check("defaults in a list", lb.Servers[0].Scheme, "http")
	check("over a default in a list", lb.Servers[1].Scheme, "h2c")
	check("a pointer to a number", *lb.Servers[1].Weight, 3)
	check("a default below", lb.HealthCheck.Timeout, 5*time.Second)
	check("over a default", lb.HealthCheck.Interval, 10*time.Second)
	check("a header keeps its case", lb.HealthCheck.Headers["X-Probe"], "1")
	check("a section below a section switched on", lb.Sticky != nil && lb.Sticky.Cookie != nil, true)
	check("a default tag in a list", d.HTTP.Services["canary"].Weighted.Services[0].Weight, 1)
	check("over it", d.HTTP.Services["canary"].Weighted.Services[1].Weight, 9)
	check("a section switched on has its defaults", d.HTTP.Middlewares["compress"].Compress.MinResponseBodyBytes, 1024)
	check("a default tag", d.HTTP.Middlewares["limit"].RateLimit.Burst, int64(1))
	check("a section that isn't there", d.TCP == nil, true)
}

// TestReverseProxySwitchedOff asserts that a section goes when its key does, and that
// "false" switches it off.
func TestReverseProxySwitchedOff(t *testing.T) {
	store := sourcetest.NewMemory("store", map[string]any{"http": map[string]any{
		"middlewares": map[string]any{"a": map[string]any{"compress": "true"}, "b": map[string]any{"compress": "false"}}}})
	cfg, err := confsync.Open(t.Context(), confsync.Options[dynamic]{Sources: []confsync.Source{store}})
	if err != nil {
		t.Fatal(err)
	}
	defer cfg.Close()
	if b := cfg.Get().HTTP.Middlewares["b"]; b.Compress != nil {
		t.Errorf("switched off, and there: %+v", b.Compress)
	}
	store.Delete("http.middlewares.a.compress")
	if err := cfg.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	if a := cfg.Get().HTTP.Middlewares["a"]; a != nil && a.Compress != nil {
		t.Errorf("%+v", a.Compress)
	}
}
