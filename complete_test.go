package confsync_test

import (
	"errors"
	"fmt"
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
			want := "validation has written to " + name
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
