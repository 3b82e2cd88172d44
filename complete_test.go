package confsync_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/confsync/confsync"
	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/source/sourcetest"
	"github.com/confsync/confsync/tree"
)

// site is a configuration with a field that follows from two others, and a part
// whose type only a section knows.
type site struct {
	Host    string `default:"localhost"`
	Port    int    `default:"80"`
	URL     string
	Tags    map[string]string
	Plugins *tree.Node
}

func completeSite(s *site) error {
	if s.Host == "bad" {
		return confsync.Invalid(errors.New("cannot be completed"), "host")
	}
	if s.URL == "" {
		s.URL = fmt.Sprintf("http://%s:%d", s.Host, s.Port)
	}
	if s.Tags == nil {
		s.Tags = map[string]string{}
	}
	s.Tags["url"] = s.URL // written to in place: the next candidate must not see it
	return nil
}

func TestComplete(t *testing.T) {
	m := sourcetest.NewMemory("m", map[string]any{"host": "a", "tags": map[string]any{"x": "1"}})
	var validated []string
	c, err := confsync.Open(t.Context(), confsync.Options[site]{
		Sources: []source.Source{m}, Complete: completeSite, Logger: (&logged{}).logger(),
		Validate: func(_, next *site) error { validated = append(validated, next.URL); return nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	first := c.Get()
	m.Set("host", "b")
	refreshed(t, c)
	if got := c.Get(); got.URL != "http://b:80" || got.Tags["url"] != got.URL || first.Tags["url"] != "http://a:80" || len(got.Tags) != 2 {
		t.Errorf("completed to %+v, before %+v", got, first)
	}
	if fmt.Sprint(validated) != "[http://a:80 http://b:80]" {
		t.Errorf("validated %v", validated)
	}
	x, err := c.Explain("url")
	if err != nil || x.Value != `"http://b:80"` || !strings.Contains(x.String(), "from   completed") {
		t.Errorf("explained as %v, %v", x, err)
	}
	if x, err := c.Explain("host"); err != nil || strings.Contains(x.String(), "completed") {
		t.Errorf("explained as %v, %v", x, err)
	}
	m.Set("url", "ftp://c")
	refreshed(t, c)
	if got := c.Get().URL; got != "ftp://c" {
		t.Errorf("a url that was given became %q", got)
	}
	m.Set("host", "bad")
	refreshed(t, c)
	if r := c.Status().Rejected; r == nil || !strings.Contains(r.Error(), "host: cannot be completed\n    from   memory") {
		t.Errorf("status: %v", r)
	}
	if c.Get().Host != "b" {
		t.Errorf("served %+v", c.Get())
	}
}

func TestValidateThatWritesIsReported(t *testing.T) {
	for name, write := range map[string]func(*site){
		"URL":     func(s *site) { s.URL = "http://" + s.Host },
		"Tags":    func(s *site) { s.Tags = map[string]string{} },
		"nothing": func(*site) {},
	} {
		t.Run(name, func(t *testing.T) {
			m := sourcetest.NewMemory("m", map[string]any{"host": "a"})
			_, err := confsync.Load(t.Context(), confsync.Options[site]{
				Sources: []source.Source{m}, Validate: func(_, next *site) error { write(next); return nil },
			})
			want := "Validate has written to " + name
			if name == "nothing" {
				if err != nil {
					t.Error(err)
				}
			} else if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("got %v, want %s", err, want)
			}
		})
	}
}

// plugin is a section's type.
type plugin struct {
	MaxConns int `default:"5"`
	Name     string
	Token    confsync.Secret
	List     []int
}

func (p *plugin) Validate() error {
	if p.MaxConns < 0 {
		return confsync.Invalid(errors.New("negative"), "max_conns")
	}
	return nil
}

func openSite(t *testing.T, opts confsync.Options[site]) *confsync.Config[site] {
	t.Helper()
	if opts.Logger == nil {
		opts.Logger = (&logged{}).logger()
	}
	c, err := confsync.Open(t.Context(), opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func TestSection(t *testing.T) {
	low := sourcetest.NewMemory("low", map[string]any{"host": "a", "plugins": map[string]any{"ai": map[string]any{"maxConns": 1, "token": "hunter2"}}})
	high := sourcetest.NewMemory("high", map[string]any{"plugins": map[string]any{"ai": map[string]any{"MAX-CONNS": "2", "nmae": "x"}, "other": 1}})
	c := openSite(t, confsync.Options[site]{Sources: []source.Source{low, high}})
	v, err := confsync.Section[plugin](c, "plugins.ai")
	if err != nil {
		t.Fatal(err)
	}
	if got := v.Get(); got.MaxConns != 2 || got.Token.Reveal() != "hunter2" {
		t.Errorf("section %+v", got)
	}
	again, err := confsync.Section[plugin](c, "Plugins.ai")
	if err != nil || again.Get() != v.Get() {
		t.Errorf("asked again: %v", err)
	}
	if _, err := confsync.Section[struct{ Name int }](c, "plugins.ai"); err == nil {
		t.Error("a second type at one path")
	}
	if _, err := confsync.Section[plugin](c, "nowhere.ai"); !errors.Is(err, confsync.ErrUnknownPath) {
		t.Errorf("of a path that isn't there: %v", err)
	}

	var shown strings.Builder
	for _, path := range []string{"", "plugins", "plugins.ai", "plugins.ai.token", "plugins.ai.max_conns"} {
		x, err := c.Explain(path)
		if err != nil {
			t.Error(err)
		}
		fmt.Fprintf(&shown, "%v %v\n", x, x.Node)
	}
	if text := shown.String(); strings.Contains(text, "hunter2") || !strings.Contains(text, "hides  1 from memory \"plugins.ai.maxConns\"") {
		t.Errorf("explained as\n%s", text)
	}
	if u := c.Status().Unknown; len(u) != 1 || !strings.Contains(u[0].Error(), `plugins.ai.nmae: unknown key; did you mean "plugins.ai.name"?`) {
		t.Errorf("unknown: %v", u)
	}

	seen := make(chan string, 9)
	confsync.Watch(v, func(p *plugin) int { return p.MaxConns }, func(ch confsync.Change[int]) { seen <- fmt.Sprint(ch.Old, ch.New) })
	whole := c.Get()
	high.Set("plugins.ai.MAX-CONNS", "x")
	low.Set("host", "b")
	refreshed(t, c)
	if r := c.Status().Rejected; r == nil || !strings.Contains(r.Error(), "plugins.ai.max_conns: cannot use string \"x\" as int") || c.Get() != whole {
		t.Errorf("status %v", r)
	}
	high.Set("plugins.ai.MAX-CONNS", "-1")
	refreshed(t, c)
	if r := c.Status().Rejected; r == nil || !strings.Contains(r.Error(), "plugins.ai.max_conns: negative\n    from   memory \"plugins.ai.MAX-CONNS\"") {
		t.Errorf("status %v", r)
	}
	high.Delete("plugins.ai.MAX-CONNS")
	refreshed(t, c)
	if c.Get().Host != "b" || v.Get().MaxConns != 1 {
		t.Errorf("healed: %+v, %+v", c.Get(), v.Get())
	}
	low.Delete("plugins.ai")
	refreshed(t, c)
	if a := <-seen; a != "2 1" {
		if a != "2 5" {
			t.Errorf("seen %q", a)
		}
	} else if b := <-seen; b != "1 5" {
		t.Errorf("seen %q and %q", a, b)
	}
	if v.Get().MaxConns != 5 {
		t.Errorf("uncovered: %+v", v.Get())
	}
}

func TestSectionThatCannotBeFilled(t *testing.T) {
	m := sourcetest.NewMemory("m", map[string]any{"plugins": map[string]any{"ai": map[string]any{"maxconns": "x"}}})
	c := openSite(t, confsync.Options[site]{Sources: []source.Source{m}})
	before := c.Get()
	_, err := confsync.Section[plugin](c, "plugins.ai")
	var failure *confsync.Error
	if !errors.As(err, &failure) || !strings.Contains(err.Error(), "plugins.ai.max_conns") {
		t.Errorf("got %v", err)
	}
	if c.Get() != before || c.Generation() != 1 || c.Status().Rejected != nil {
		t.Errorf("it left a mark: %v", c.Status())
	}
	refreshed(t, c)
	m.Set("host", "b")
	refreshed(t, c)
	if c.Get().Host != "b" || c.Generation() != 2 {
		t.Errorf("afterwards: %v", c.Status())
	}
}

// TestAllSwitchedOnAnyOrder is the law of promise 2 with Complete, a section,
// history and interpolation: random edits, and what is served is what a new
// Config of the same contents serves.
func TestAllSwitchedOnAnyOrder(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rnd := rand.New(rand.NewPCG(seed, 3))
	edits := [][2]string{
		{"host", "h1"}, {"host", "h1"}, {"host", "h3"}, {"host", "bad"}, {"HOST", "h2"}, {"port", "1"}, {"port", "x"}, {"url", "u"}, {"tags.x", "1"}, {"tags.y", "2"}, {"tags", "{}"},
		{"plugins.ai.maxConns", "7"}, {"plugins.ai.max_conns", "-1"}, {"plugins.ai.name", "n"}, {"plugins.ai.list.0", "1"}, {"plugins.ai.list", "1,2"},
		{"plugins.other", "1"}, {"plugins", "{}"}, {"host", "${tags.x:-h}.example"}, {"tags.z", "${host}:${port}"},
		{"plugins.ai.name", "${HOST:-none}"}, {"tags.x", "${tags.y:-z}"}, {"tags.y", "${tags.x}"}, {"plugins.ai.maxConns", "${port}"},
	}
	var layers, copies []source.Source
	var memories []*sourcetest.Memory
	for i := range 3 {
		m := sourcetest.NewMemory(fmt.Sprint("m", i), nil)
		tapped := &tap{Source: m}
		memories, layers, copies = append(memories, m), append(layers, tapped), append(copies, tapped.copy())
	}
	with := func(s []source.Source) confsync.Options[site] {
		return confsync.Options[site]{Sources: s, Complete: completeSite, History: 3, Interpolate: true, Logger: (&logged{}).logger()}
	}
	c := openSite(t, with(layers))
	v, err := confsync.Section[plugin](c, "plugins.ai")
	if err != nil {
		t.Fatal(err)
	}
	good := 0
	for range 1500 {
		m := memories[rnd.IntN(len(memories))]
		if e := edits[rnd.IntN(len(edits))]; rnd.IntN(2) > 0 {
			m.Set(e[0], e[1])
		} else {
			m.Delete(e[0])
		}
		if rnd.IntN(4) > 0 {
			continue
		}
		refreshed(t, c)
		want, part, err := scratchSite(t.Context(), with(copies))
		if rejected := c.Status().Rejected; (err != nil) != (rejected != nil) {
			t.Fatalf("rejected %v, but from scratch %v", rejected, err)
		}
		if err != nil {
			continue
		}
		good++
		got := *c.Get()
		if !got.Plugins.Equal(want.Plugins) {
			t.Fatalf("plugins %v, from scratch %v", got.Plugins, want.Plugins)
		}
		got.Plugins, want.Plugins = nil, nil
		if !reflect.DeepEqual(&got, want) || !reflect.DeepEqual(v.Get(), part) {
			t.Fatalf("served %+v and %+v, from scratch %+v and %+v", got, v.Get(), want, part)
		}
	}
	if good < 20 {
		t.Errorf("only %d good states", good)
	}
}

func scratchSite(ctx context.Context, opts confsync.Options[site]) (*site, *plugin, error) {
	c, err := confsync.Open(ctx, opts)
	if err != nil {
		return nil, nil, err
	}
	defer c.Close()
	v, err := confsync.Section[plugin](c, "plugins.ai")
	if err != nil {
		return nil, nil, err
	}
	whole := *c.Get()
	return &whole, v.Get(), nil
}

func TestDefaults(t *testing.T) {
	type server struct {
		Host    string
		Port    int `default:"80"`
		Timeout time.Duration
		Labels  map[string]string
		Token   confsync.Secret
	}
	type config struct {
		Server server `yaml:"srv"`
		Debug  bool
	}
	v := config{Server: server{Host: "h", Timeout: time.Second, Labels: map[string]string{"a": ""}, Token: "hunter2"}}
	high := sourcetest.NewMemory("m", map[string]any{"srv": map[string]any{"host": "x", "labels": map[string]any{"b": "2"}}})
	c, err := confsync.Open(t.Context(), confsync.Options[config]{Sources: []source.Source{confsync.Defaults(v), high}})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	v.Server.Labels["a"] = "changed later"
	got := c.Get().Server
	if got.Host != "x" || got.Port != 80 || got.Timeout != time.Second || got.Token.Reveal() != "hunter2" || fmt.Sprint(got.Labels) != "map[a: b:2]" {
		t.Errorf("got %+v", got)
	}
	if x, err := c.Explain("srv.host"); err != nil || !strings.Contains(x.String(), `hides  "h" from defaults "srv.host"`) {
		t.Errorf("explained as %v, %v", x, err)
	}
	if _, err := confsync.Load(t.Context(), confsync.Options[config]{Sources: []source.Source{confsync.Defaults(struct{ C chan int }{make(chan int)})}}); err == nil {
		t.Error("a channel was taken")
	}
}

func TestIgnore(t *testing.T) {
	content := map[string]any{
		"env": "prod", "x-common": map[string]any{"a": map[string]any{"b": 1}}, "extra": map[string]any{"deep": map[string]any{"c": 1}}, "misspelled": 1,
	}
	m := sourcetest.NewMemory("m", content)
	patterns := []string{"env", "x-*", "extra"}
	c := openApp(t, confsync.Options[app]{Sources: []source.Source{m}, Ignore: patterns})
	if u := c.Status().Unknown; len(u) != 1 || u[0].Path.String() != "misspelled" {
		t.Errorf("unknown: %v", u)
	}
	_, err := confsync.Load(t.Context(), confsync.Options[app]{Sources: []source.Source{source.Static("m", content)}, Ignore: patterns, Unknown: confsync.RejectUnknown})
	if err == nil || !strings.Contains(err.Error(), "1 problem\n\nmisspelled") {
		t.Errorf("rejected: %v", err)
	}
	_, err = confsync.Load(t.Context(), confsync.Options[app]{Ignore: []string{"["}})
	if err == nil || !strings.Contains(err.Error(), "Options.Ignore") {
		t.Errorf("a bad pattern: %v", err)
	}
}

func TestInterpolate(t *testing.T) {
	t.Setenv("CONFSYNC_TEST_ZONE", "eu")
	type config struct {
		DB struct {
			Host     string
			Port     int `default:"5432"`
			Password confsync.Secret
		}
		DSN, URL, Zone, Price, Other string
		Replica                      struct{ Host string }
	}
	low := sourcetest.NewMemory("low", map[string]any{
		"db": map[string]any{"host": "a", "password": "hunter2"}, "dsn": "postgres://:${db.password}@${DB.host}:${db.port}",
		"url": "http://${db.host}", "zone": "${env:CONFSYNC_TEST_ZONE}", "price": "$$5", "other": "${nowhere:-else}", "replica": map[string]any{"host": "${url}/r"},
	})
	high := sourcetest.NewMemory("high", nil)
	var log logged
	c, err := confsync.Open(t.Context(), confsync.Options[config]{Sources: []source.Source{low, high}, Interpolate: true, Logger: log.logger()})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if got := c.Get(); got.DSN != "postgres://:hunter2@a:5432" || got.URL != "http://a" || got.Zone != "eu" || got.Price != "$5" || got.Other != "else" {
		t.Errorf("got %+v", got)
	}
	var calls int
	replica := confsync.Select(c, func(c *config) *struct{ Host string } { return &c.Replica })
	told := make(chan string, 9)
	replica.OnChange(func(ch confsync.Change[*struct{ Host string }]) { calls++; told <- ch.New.Host })
	high.Set("db.host", "b") // changes all that refer to it
	if got := <-told; got != "http://b/r" || c.Get().DSN != "postgres://:hunter2@b:5432" {
		t.Errorf("told %s, %+v", got, c.Get())
	}

	x, err := c.Explain("url")
	if err != nil || x.Value != `"http://b"` || !strings.Contains(x.String(), "made of http://${db.host} with db.host from memory \"db.host\" (revision 2)") {
		t.Errorf("explained as %v, %v", x, err)
	}
	x, err = c.Explain("dsn")
	if err != nil || !x.Secret || strings.Contains(x.String(), "hunter2") || strings.Contains(fmt.Sprint(x.Node), "hunter2") {
		t.Errorf("explained as %v, %v", x, err)
	}
	high.Set("url", "${replica.host}")
	refreshed(t, c)
	r := c.Status().Rejected
	if r == nil || !strings.Contains(r.Error(), `memory "url" (revision`) || !strings.Contains(r.Error(), `memory "replica.host" (revision 1)`) || c.Get().URL != "http://b" {
		t.Errorf("a cycle: %v", r)
	}
	high.Delete("url")
	refreshed(t, c)
	if c.Status().Rejected != nil {
		t.Errorf("healed: %v", c.Status())
	}
	if strings.Contains(log.String(), "hunter2") {
		t.Errorf("the log has the secret: %s", log.String())
	}
	off, err := confsync.Load(t.Context(), confsync.Options[config]{Sources: []source.Source{source.Static("s", map[string]any{"url": "${x}"})}})
	if err != nil || off.URL != "${x}" {
		t.Errorf("switched off: %+v, %v", off, err)
	}
}
