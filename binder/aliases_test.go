package binder_test

import (
	"reflect"
	"testing"

	"github.com/confsync/confsync/binder"
	"github.com/confsync/confsync/tree"
)

type renamed struct {
	MaxConns int `config:"max_conns,alias=pool_size,deprecated=connections"`
	Server   struct {
		Address string `config:",deprecated=host,deprecated=addr"`
	} `config:",deprecated=srv"`
	Services map[string]struct {
		Port int `config:",deprecated=prt"`
	}
	Inlined `config:",inline"`
}

type Inlined struct {
	Zone string `config:",deprecated=region"`
}

func TestAliases(t *testing.T) {
	testGood(t, []good{
		{"an alias", kv{"PoolSize", "3"}, func() (r renamed) { r.MaxConns = 3; return r }()},
		{"a deprecated key", kv{"srv.HOST", "h", "region", "z"}, func() (r renamed) { r.Server.Address, r.Zone = "h", "z"; return r }()},
		{"in a text", kv{"server", `{"addr":"h"}`}, func() (r renamed) { r.Server.Address = "h"; return r }()},
	})
	testBad(t, []bad{
		{"both in one layer", renamed{}, kv{"max_conns", "1", "connections", "2"}, []string{`duplicate max_conns: "connections" and "max_conns" are one key`}},
		{"two old ones", renamed{}, kv{"server.host", "1", "server.addr", "2"}, []string{`duplicate server.host: "addr" and "host" are one key`}},
	})
	b := newBinder(t, typeOf[renamed]())
	if info := b.Describe(pathOf(t, "srv.host")); info.Path.String() != "server.address" || info.Field != "renamed.Server.Address" {
		t.Errorf("described as %+v", info)
	}
	if raw := b.Raw(rootOf(t, kv{"srv.host", "h"}), pathOf(t, "server.address")); raw.String() != "srv.host" {
		t.Errorf("the layer has it at %s", raw)
	}
	if meant, _ := b.Suggest(pathOf(t, "connection")); meant.String() == "connections" {
		t.Error("a deprecated key is suggested")
	}
}

// TestDeprecatedKeysAreReported edits one layer step by step, and compares with the
// notes from nothing.
func TestDeprecatedKeysAreReported(t *testing.T) {
	b := newBinder(t, typeOf[renamed]())
	var canon binder.Canonical
	var layer tree.Tree
	for _, s := range []struct {
		key, value string // "" takes the key away
		want       string
	}{
		{"connections", "1", `{max_conns:"connections"}`},
		{"services.a.prt", "1", `{max_conns:"connections" services:{a:{port:"prt"}}}`},
		{"services.b.port", "1", `{max_conns:"connections" services:{a:{port:"prt"}}}`},
		{"srv.HOST", "h", `{max_conns:"connections" server:"srv"{address:"HOST"} services:{a:{port:"prt"}}}`},
		{"connections", "", `{server:"srv"{address:"HOST"} services:{a:{port:"prt"}}}`},
		{"srv.HOST", "", `{services:{a:{port:"prt"}}}`},
		{"server.addr", "h", `{server:{address:"addr"} services:{a:{port:"prt"}}}`},
		{"region", "r", `{server:{address:"addr"} services:{a:{port:"prt"}} zone:"region"}`},
		{"services.a.prt", "", `{server:{address:"addr"} zone:"region"}`},
		{"server.addr", "", `{zone:"region"}`},
		{"region", "", "nothing"},
	} {
		e := layer.Edit()
		if s.value == "" {
			e.Delete(pathOf(t, s.key))
		} else {
			e.Set(pathOf(t, s.key), s.value, tree.Place{})
		}
		layer = e.Tree()
		before := canon
		canon = b.Canonical(canon, layer.Root())
		if got := canon.Deprecated.String(); got != s.want {
			t.Errorf("%s=%s: noted %s, want %s", s.key, s.value, got, s.want)
		}
		if scratch := b.Canonical(binder.Canonical{}, layer.Root()); !scratch.Deprecated.Equal(canon.Deprecated) || !scratch.Root().Equal(canon.Root()) {
			t.Errorf("%s=%s: from nothing %s", s.key, s.value, scratch.Deprecated)
		}
		if before.Deprecated.Equal(canon.Deprecated) && before.Deprecated != canon.Deprecated {
			t.Errorf("%s=%s: the notes are the same, and not the same node", s.key, s.value)
		}
	}
}

// TestVariablesOfTheShape reads the tags that name them.
func TestVariablesOfTheShape(t *testing.T) {
	type db struct {
		URL  string `env:"URL"`
		Host string `config:",env=DB_HOST_NAME"`
	}
	type app struct {
		Port    int `env:"PORT,required" koanf:"listen"`
		Both    int `config:",env=ONE,env=TWO" env:"THREE"`
		Cleanly int `env:"FIRST, SECOND"`
		DB      db  `envPrefix:"DB_"`
		Replica *db `env:", prefix=REPLICA_"`
		Plain   db
		List    []db
		Self    *recursiveEnv
	}
	shape := newBinder(t, typeOf[app]()).Shape()
	for path, want := range map[string][]string{
		"listen": {"PORT"}, "both": {"ONE", "TWO", "THREE"}, "cleanly": {"FIRST", "SECOND"}, "db.url": {"DB_URL"}, "db.host": {"DB_HOST_NAME"},
		"replica.url": {"REPLICA_URL"}, "plain.url": {"URL"}, "list.0.url": nil, "self.name": {"SELF_NAME"}, "self.next.name": nil, "self.next.next.name": nil,
	} {
		p := pathOf(t, path)
		for _, f := range shape.Sub(p[:len(p)-1]).Fields {
			if f.Key == p[len(p)-1] && !reflect.DeepEqual(f.Env, want) {
				t.Errorf("%s: variables %q, want %q", path, f.Env, want)
			}
		}
	}
	_, problems := valueOf(t, typeOf[app](), kv{})
	if len(problems) != 1 || problems[0].Kind != tree.Missing || problems[0].Path.String() != "listen" {
		t.Errorf("problems %v", problems)
	}
}

type recursiveEnv struct {
	Name string        `env:"SELF_NAME"`
	Next *recursiveEnv `envPrefix:"NEXT_"`
}
