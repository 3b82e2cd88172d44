package confsync_test

import (
	"strings"
	"testing"
	"time"

	"github.com/confsync/confsync"
	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/source/env"
	"github.com/confsync/confsync/source/sourcetest"
	"github.com/confsync/confsync/tree"
)

func environ(vars ...string) source.Source {
	return env.New("APP", &env.Options{Environ: func() []string { return vars }})
}

// TestPromise6TextsThatFillWhatHoldsASecret has the secret in texts that fill a
// list, a map and a struct, and looks for it wherever it could be shown.
func TestPromise6TextsThatFillWhatHoldsASecret(t *testing.T) {
	type db struct {
		Host     string
		Password confsync.Secret
	}
	type app struct {
		Tokens []confsync.Secret
		Keys   map[string]confsync.Secret
		DB     db
		Port   int
	}
	const secret = "hunter2"
	var log logged
	m := sourcetest.NewMemory("m", map[string]any{"tokens": secret + ",b", "keys": "a:" + secret, "db": `{"password": "` + secret + `"}`})
	over := sourcetest.NewMemory("over", map[string]any{"port": 1})
	c, err := confsync.Open(t.Context(), confsync.Options[app]{Sources: []source.Source{m, over}, Logger: log.logger()})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if got := c.Get(); got.Tokens[0].Reveal() != secret || got.Keys["a"].Reveal() != secret || got.DB.Password.Reveal() != secret {
		t.Fatal("the texts don't fill the type")
	}
	shown := func(what string) {
		t.Helper()
		all := c.Status().String() + log.String()
		for _, path := range []string{"tokens", "tokens.0", "keys", "keys.a", "db", "db.host", "db.password", "db.nobody"} {
			x, err := c.Explain(path)
			all += x.String()
			if err != nil {
				all += err.Error()
			}
		}
		if strings.Contains(all, secret) {
			t.Errorf("%s: the secret is shown: %s", what, all)
		}
	}
	shown("served")
	over.Set("db.host", "h")
	over.Set("tokens", "x")
	eventually(t, "hidden", func() bool { return c.Get().DB.Host == "h" && c.Get().DB.Password == "" && len(c.Get().Tokens) == 1 })
	shown("hidden by another layer")
	over.Replace(map[string]any{"db": `{"password": "` + secret + `",}`, "keys": secret, "tokens": `["` + secret})
	eventually(t, "rejected", func() bool { return c.Status().Rejected != nil && len(c.Status().Rejected.Problems) == 3 })
	shown("rejected")
}

// TestPromise6ElementsOfATextAreFromTheText looks at one element of several.
func TestPromise6ElementsOfATextAreFromTheText(t *testing.T) {
	type app struct{ Ports []int }
	_, err := confsync.Open(t.Context(), confsync.Options[app]{Sources: []source.Source{
		source.Static("base", map[string]any{"ports": []any{1, 2}}), environ("APP_PORTS=80,http")}})
	if err == nil || !strings.Contains(err.Error(), "ports.1: cannot use string \"http\" as int\n    from   env APP_PORTS\n    into   app.Ports[1]\n    hides  a list of 2 from base") {
		t.Errorf("the error is %v", err)
	}
	c, err := confsync.Open(t.Context(), confsync.Options[app]{Sources: []source.Source{environ("APP_PORTS=80,443")}})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	x, err := c.Explain("ports.1")
	if want := "ports.1 = \"443\"\n    from   env APP_PORTS\n    into   app.Ports[1] (int)"; err != nil || x.String() != want {
		t.Errorf("explained as %s, %v; want %s", x, err, want)
	}
}

// TestPromise2WhatIsStoredIsNotForEqualToSay sets a time to the same instant,
// written otherwise.
func TestPromise2WhatIsStoredIsNotForEqualToSay(t *testing.T) {
	type app struct{ At time.Time }
	m := sourcetest.NewMemory("m", map[string]any{"at": "2024-01-01T00:00:00Z"})
	c, err := confsync.Open(t.Context(), confsync.Options[app]{Sources: []source.Source{m}})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	told := 0
	confsync.Watch(c, func(a *app) time.Time { return a.At }, func(confsync.Change[time.Time]) { told++ })
	m.Set("at", "2024-01-01T02:00:00+02:00")
	eventually(t, "served", func() bool { _, offset := c.Get().At.Zone(); return offset == 2*60*60 })
	if err := c.Close(); err != nil || told != 0 {
		t.Errorf("told %d times of an equal time, %v", told, err)
	}
}

// TestEmptyVariableOfASectionHidesNothing sets a variable that names a struct.
func TestEmptyVariableOfASectionHidesNothing(t *testing.T) {
	type app struct {
		DB     struct{ Host string }
		Labels map[string]string
	}
	c, err := confsync.Open(t.Context(), confsync.Options[app]{Sources: []source.Source{
		source.Static("base", map[string]any{"db": map[string]any{"host": "h"}, "labels": map[string]any{"a": "b"}}),
		source.Static("over", map[string]any{"db": "", "labels": " "}),
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if got := c.Get(); got.DB.Host != "h" || got.Labels["a"] != "b" {
		t.Errorf("got %+v", got)
	}
}

// TestVariableThatIsNearlyRight is told the variable that was meant.
func TestVariableThatIsNearlyRight(t *testing.T) {
	type app struct {
		DB   struct{ MaxConns int }
		Port int
		Tags map[string]string
	}
	for prefix, head := range map[string]string{"APP": "APP_", "A_LONG_PREFIX": "A_LONG_PREFIX_"} {
		for name, want := range map[string]string{
			"DB_MAX_CON": "unknown key; did you mean " + head + "DB_MAX_CONNS?", "PROT": "unknown key; did you mean " + head + "PORT?",
			"MAX_CONNS": "unknown key; did you mean " + head + "DB_MAX_CONNS?", "NOTHING_LIKE_IT": "unknown key", "X": "unknown key",
		} {
			variables := func() []string { return []string{head + name + "=1"} }
			_, err := confsync.Load(t.Context(), confsync.Options[app]{
				Sources: []source.Source{env.New(prefix, &env.Options{Environ: variables})}, Unknown: confsync.RejectUnknown,
			})
			if got := tree.Problems(err); len(got) != 1 || got[0].Err.Error() != want {
				t.Errorf("%s%s: %v, want %s", head, name, err, want)
			}
		}
	}
}

// TestWarningsOfKeys brings unknown and deprecated keys and takes them away.
func TestWarningsOfKeys(t *testing.T) {
	type app struct {
		Port int `config:",deprecated=listen" envDefault:"80"`
		Name string
	}
	var log logged
	m := sourcetest.NewMemory("m", map[string]any{"listen": 1, "nmae": "x", "name": "a"})
	c, err := confsync.Open(t.Context(), confsync.Options[app]{Sources: []source.Source{m}, Logger: log.logger()})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	unknown := c.Status().Unknown
	if c.Get().Port != 1 || len(unknown) != 2 || unknown[0].Kind != confsync.Deprecated || unknown[1].Kind != confsync.Unknown {
		t.Errorf("port %d, warnings %v", c.Get().Port, unknown)
	}
	m.Set("name", "b")
	eventually(t, "another name", func() bool { return c.Get().Name == "b" })
	m.Delete("nmae")
	m.Delete("listen")
	m.Set("name", "c")
	eventually(t, "forgotten", func() bool { return c.Get().Name == "c" && len(c.Status().Unknown) == 0 })
	m.Set("nmae", "x")
	eventually(t, "there again", func() bool { return len(c.Status().Unknown) == 1 })
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]int{
		"unknown key; did you mean": 2, `key \"listen\" is deprecated; use \"port\"`: 1, "the tag envDefault (the tag default is) is not honoured": 1,
	} {
		if got := strings.Count(log.String(), text); got != want {
			t.Errorf("logged %d times, want %d: %s in\n%s", got, want, text, log.String())
		}
	}
}

// TestDeprecatedKeysBelowADeprecatedKey tells of both.
func TestDeprecatedKeysBelowADeprecatedKey(t *testing.T) {
	type app struct {
		Server struct {
			Port int `config:",deprecated=listen_port,alias=p"`
		} `config:",deprecated=http"`
	}
	for variable, want := range map[string]string{
		"APP_HTTP_LISTEN_PORT=1": `server: key "http" is deprecated; use "server" server.port: key "listen_port" is deprecated; use "port" `,
		"APP_SERVER_P=1":         "",
		"APP_SERVER_PORT=1":      "",
	} {
		c, err := confsync.Open(t.Context(), confsync.Options[app]{Sources: []source.Source{environ(variable)}, Logger: (&logged{}).logger()})
		if err != nil {
			t.Fatal(err)
		}
		var got string
		for _, p := range c.Status().Unknown {
			got += p.Path.String() + ": " + p.Err.Error() + " "
		}
		if c.Get().Server.Port != 1 || got != want {
			t.Errorf("%s: port %d, warnings %q, want %q", variable, c.Get().Server.Port, got, want)
		}
		c.Close()
	}
}
