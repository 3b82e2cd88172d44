package binder_test

import (
	"strings"
	"testing"
	"time"
)

type pool struct {
	Min  int           `default:"1"`
	Wait time.Duration `default:"5s"`
	Tags []string      `default:"a,b"`
}

type defaulted struct {
	Port    uint16            `default:"8080"`
	Name    string            `default:""`
	Hosts   []string          `default:"[\"a,b\",\"c\"]"`
	Labels  map[string]string `default:"{\"a\":\"b\"}"`
	Limit   *int              `default:"3"`
	Any     any               `default:"x"`
	Pool    pool
	Pools   map[string]pool
	List    []pool
	Pointer *pool
}

type zoned struct {
	*Zoned
	Name string
}

type Zoned struct {
	Zone string `default:"eu"`
}

func TestDefaultsLayer(t *testing.T) {
	b := newBinder(t, typeOf[defaulted]())
	want := `{any:"x" hosts:["a,b" "c"] labels:{a:"b"} limit:"3" name:"" pool:{min:"1" tags:["a" "b"] wait:"5s"} port:"8080"}`
	if got := b.Defaults().Root().String(); got != want {
		t.Errorf("the layer is\n%s, want\n%s", got, want)
	}
	for path, want := range map[string]string{
		"port": "default defaulted.Port", "pool.wait": "default defaulted.Pool.Wait", "hosts.0": "default defaulted.Hosts[0]",
	} {
		if o, ok := b.Defaults().Origin(pathOf(t, path)); !ok || o.String() != want {
			t.Errorf("%s is from %q, want %q", path, o, want)
		}
	}
}

func TestDefaults(t *testing.T) {
	filled := pool{1, 5 * time.Second, []string{"a", "b"}}
	base := func(change func(*defaulted)) defaulted {
		d := defaulted{Port: 8080, Hosts: []string{"a,b", "c"}, Labels: map[string]string{"a": "b"}, Limit: ptr(3), Any: "x", Pool: filled}
		change(&d)
		return d
	}
	testGood(t, []good{
		{"nothing set", kv{}, base(func(*defaulted) {})},
		{"some set", kv{"port", "1", "pool.min", "2", "hosts", "z"}, base(func(d *defaulted) { d.Port, d.Pool.Min, d.Hosts = 1, 2, []string{"z"} })},
		{"null hides a default", map[string]any{"port": nil, "hosts": nil, "limit": nil, "any": nil}, base(func(d *defaulted) { d.Port, d.Hosts, d.Limit, d.Any = 0, nil, nil, nil })},
		{"null hides the defaults below it", map[string]any{"pool": nil}, base(func(d *defaulted) { d.Pool = pool{} })},
		{"in the elements of a map", kv{"pools.a.min", "7"}, base(func(d *defaulted) { d.Pools = map[string]pool{"a": {7, filled.Wait, filled.Tags}} })},
		{"in the elements of a list", map[string]any{"list": []any{map[string]any{}, map[string]any{"min": 7, "wait": nil}}}, base(func(d *defaulted) {
			d.List = []pool{filled, {7, 0, filled.Tags}}
		})},
		{"below a pointer", kv{"pointer.min", "7"}, base(func(d *defaulted) { d.Pointer = &pool{7, filled.Wait, filled.Tags} })},
		{"of an embedded pointer", kv{"name", "n"}, zoned{&Zoned{"eu"}, "n"}},
		{"none for a null element", map[string]any{"list": []any{nil}}, base(func(d *defaulted) { d.List = []pool{{}} })},
	})
}

func TestRequired(t *testing.T) {
	type server struct {
		Host string `config:",required"`
		Port int    `config:",required" default:"80"`
	}
	type app struct {
		Server  server
		List    []server
		Map     map[string]server
		Pointer *server
		Base    Base `config:",required"`
	}
	missing := func(paths ...string) (all []string) {
		for _, p := range paths {
			key, field, _ := strings.Cut(p, " ")
			all = append(all, "missing "+key+": required, and set nowhere\n    into   app."+field)
		}
		return all
	}
	testBad(t, []bad{
		{"nothing set", app{}, kv{}, missing("server.host Server.Host", "base Base")},
		{"null counts as missing", app{}, map[string]any{"server": map[string]any{"host": nil}, "base": nil}, missing("server.host Server.Host", "base Base")},
		{"null hides a default", app{}, map[string]any{"server": map[string]any{"host": "", "port": nil}, "base": map[string]any{}}, missing("server.port Server.Port")},
		{"in elements", app{}, kv{"server.host", "h", "base.zone", "z", "list.0.host", "h", "list.1.port", "1", "map.a.port", "1", "pointer.port", "1"},
			missing("list.1.host List[1].Host", `map.a.host Map["a"].Host`, "pointer.host Pointer.Host")},
	})
	testGood(t, []good{
		{"set", kv{"server.host", "", "base.zone", "z"}, app{Server: server{"", 80}, Base: Base{Zone: "z"}}},
		{"an absent pointer misses nothing", kv{"server.host", "h", "base.zone", "z"}, app{Server: server{"h", 80}, Base: Base{Zone: "z"}}},
	})
}

// TestRequiredThatGoes removes a required value that was there.
func TestRequiredThatGoes(t *testing.T) {
	type app struct {
		Host string `config:",required"`
		Port int
	}
	b := &binding{Binder: newBinder(t, typeOf[app]())}
	if problems := b.bind(t, kv{"host", "h", "port", "1"}); len(problems) > 0 {
		t.Fatal(problems)
	}
	before := b.bound
	for range 2 {
		if problems := b.bind(t, kv{"port", "1"}); len(problems) != 1 || b.bound.Value != before.Value {
			t.Errorf("problems %v, value %+v", problems, b.bound.Value)
		}
	}
	if problems := b.bind(t, kv{"host", "h", "port", "1"}); len(problems) > 0 || b.bound.Value != before.Value {
		t.Errorf("problems %v; the value is another", problems)
	}
}
