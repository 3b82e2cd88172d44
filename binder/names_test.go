package binder_test

import "testing"

type Address struct{ Host string }

type Base struct{ Zone, Region string }

type hidden struct {
	Zone    string
	private int
}

type names []string

type Names []string

func TestNames(t *testing.T) {
	type tagged struct {
		A int `config:"first" mapstructure:"second" yaml:"third" json:"fourth"`
		B int `mapstructure:"mm" yaml:"yy" json:"jj"`
		C int `yaml:"yc,omitempty" json:"jc"`
		D int `json:"jd,omitempty"`
		E int `config:",required" yaml:"ye" json:"je"`
		F int `json:",omitempty"`
	}
	type snakes struct {
		MaxConns, HTTPServer, ID, UserID, X509Cert, OAuth2, A_B, Ümlaut int
	}
	type skipped struct {
		A int `config:"-"`
		B int `json:"-"`
		C int `config:"c" json:"-"`
		d int
	}
	type dashes struct {
		//lint:ignore SA5008 it is how encoding/json spells the name "-"
		A int `json:"-,"`
		B int `yaml:"-" json:"b"`
		C int `config:",secret" json:"-" yaml:"sea"`
	}
	type others struct {
		A int `koanf:"first" konf:"second" toml:"third"`
		B int `konf:"kk" yaml:"yy"`
		C int `toml:"tt,omitempty" json:"jj"`
	}
	type relaxed struct {
		MaxConns int
		TLSOn    bool `json:"tlsOn"`
	}
	testGood(t, []good{
		{"the first tag that is there", kv{"first", "1", "mm", "2", "yc", "3", "jd", "4", "ye", "5", "f", "6"}, tagged{1, 2, 3, 4, 5, 6}},
		{"the other tags are not looked at", kv{"second", "1", "third", "1", "yy", "2", "jc", "3", "ye", "5", "e", "6", "je", "6"}, tagged{E: 5}},
		{"snake case", kv{"max_conns", "1", "http_server", "2", "id", "3", "user_id", "4", "x509_cert", "5", "o_auth2", "6", "a_b", "7", "ümlaut", "8"},
			snakes{1, 2, 3, 4, 5, 6, 7, 8}},
		{"not bound", kv{"a", "1", "b", "1", "c", "1", "d", "1", "-", "1"}, skipped{C: 1, d: 0}},
		{"a dash that is a name", kv{"-", "1", "b", "2", "sea", "3"}, dashes{A: 1, C: 3}},
		{"the tags of other libraries", kv{"first", "1", "kk", "2", "tt", "3"}, others{1, 2, 3}},
		{"relaxed: camel case", kv{"maxConns", "1", "tlsOn", "true"}, relaxed{1, true}},
		{"relaxed: capitals", kv{"MAX_CONNS", "1", "TLS_ON", "true"}, relaxed{1, true}},
		{"relaxed: dashes", kv{"max-conns", "1", "tls-on", "true"}, relaxed{1, true}},
		{"relaxed: none", kv{"maxconns", "1", "tlson", "true"}, relaxed{1, true}},
	})
}

func TestEmbedded(t *testing.T) {
	type value struct {
		Base
		Name string
	}
	type pointer struct {
		*Base
		Name string
	}
	type named struct {
		Base `config:"base"`
		Name string
	}
	type unexported struct {
		hidden
		Name string
		own  int
	}
	type other struct {
		Names Names
		names
	}
	type embedsSlice struct {
		Names
	}
	in := kv{"zone", "z", "region", "r", "name", "n"}
	testGood(t, []good{
		{"value", in, value{Base{"z", "r"}, "n"}},
		{"pointer", in, pointer{&Base{"z", "r"}, "n"}},
		{"named", kv{"base.zone", "z", "zone", "no", "name", "n"}, named{Base{Zone: "z"}, "n"}},
		{"unexported", in, unexported{hidden{Zone: "z"}, "n", 0}},
		{"unexported slice", kv{"names", "a,b"}, other{Names: Names{"a", "b"}, names: nil}},
		{"slice", kv{"names", "a,b"}, embedsSlice{Names{"a", "b"}}},
	})
}

func TestInline(t *testing.T) {
	type squash struct {
		At   Address `mapstructure:",squash"`
		Port int
	}
	type inline struct {
		At   *Address `yaml:",inline"`
		Port int
	}
	type deep struct {
		One struct {
			Two struct {
				Host string
				Port *int
			} `config:",inline"`
		} `config:",inline"`
	}
	type remain struct {
		Port int
		Rest map[string]any `mapstructure:",remain"`
	}
	type rest struct {
		Port int
		Rest map[string]Address `yaml:",inline"`
	}
	in := kv{"host", "h", "port", "1"}
	testGood(t, []good{
		{"squash", in, squash{Address{"h"}, 1}},
		{"inline pointer", in, inline{&Address{"h"}, 1}},
		{"inside one another", kv{"HOST", "h", "port", "1"}, func() (d deep) {
			d.One.Two.Host, d.One.Two.Port = "h", ptr(1)
			return d
		}()},
		{"remain", kv{"port", "1", "Any_Key", "x", "b.c", "y"}, remain{1, map[string]any{"Any_Key": "x", "b": map[string]any{"c": "y"}}}},
		{"remain without keys", kv{"port", "1"}, remain{Port: 1}},
		{"an inlined map takes the remaining keys", kv{"port", "1", "east.host", "h"}, rest{1, map[string]Address{"east": {"h"}}}},
	})
}

func TestUnknown(t *testing.T) {
	type app struct {
		Base
		Server   Address
		Services map[string]Address
		List     []Address
		Pointer  *Address
		Any      any
		Labels   map[string]string
	}
	b := &binding{Binder: newBinder(t, typeOf[app]())}
	steps := []struct {
		name string
		in   any
		want string
	}{
		{"none", kv{"zone", "z", "any.x", "1", "labels.x", "1", "SERVER.HOST", "h"}, ""},
		{"everywhere", kv{"zone", "z", "zon", "1", "server.prot", "1", "services.a.x", "1", "services.b.host", "1", "list.0.y", "1", "pointer.z.w", "1"},
			"list.0.y pointer.z server.prot services.a.x zon"},
		{"carried over", kv{"zone", "Z", "zon", "1", "server.prot", "1", "services.a.x", "1", "services.b.host", "1", "list.0.y", "1"},
			"list.0.y server.prot services.a.x zon"},
		{"gone", kv{"zone", "Z", "server.host", "h"}, ""},
	}
	for _, s := range steps {
		if problems := b.bind(t, s.in); len(problems) > 0 {
			t.Fatalf("%s: %v", s.name, problems)
		}
		if got := joined(leavesOf(b.bound.Unknown)); got != s.want {
			t.Errorf("%s: unknown are %q, want %q", s.name, got, s.want)
		}
	}
}

// TestUnknownKeyOfAnEmbeddedStruct nests its keys, as other libraries do.
func TestUnknownKeyOfAnEmbeddedStruct(t *testing.T) {
	type app struct {
		Base
		Bare   int // much like base
		Server struct {
			*Address
			Port int
		}
	}
	b := newBinder(t, typeOf[app]())
	for path, want := range map[string]string{
		"base":           "unknown key; Base is embedded, so its keys stand without one: tag it `config:\"base\"` to have them below this key",
		"server.address": "unknown key; Address is embedded, so its keys stand without one: tag it `config:\"address\"` to have them below this key",
		"server.prot":    `unknown key; did you mean "server.port"?`,
		"nothing.like":   "unknown key",
	} {
		if got := b.UnknownKey(pathOf(t, path)).Error(); got != want {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
}
