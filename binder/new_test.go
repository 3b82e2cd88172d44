package binder_test

import (
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-viper/mapstructure/v2"

	"github.com/confsync/confsync/binder"
)

type ring struct {
	Name string
	Next *ring
	Kids []ring
	By   map[string]ring
}

type loop *loop

type Snake struct {
	*Snake
	Name string
}

type nested struct {
	Value  int
	Around around `default:"{\"below\": {\"value\": 1, \"around\": null}}"`
}

type around struct{ Below *nested }

type endless struct {
	Value int
	Next  *endless `default:"{}"`
}

type endlessList []struct {
	X endlessList `default:"[{},{}]"`
}

type Rest struct {
	Other map[string]string `config:",remain"`
}

func TestNewRefuses(t *testing.T) {
	tests := []struct {
		name string
		typ  reflect.Type
		want []string
	}{
		{"chan", typeOf[one[chan int]](), []string{"one[chan int].V: a chan int can't be configured; tag it `config:\"-\"`"}},
		{"func in a struct in a map", typeOf[struct{ M map[string]struct{ F func() } }](), []string{"struct.M[].F: a func() can't be configured; tag it `config:\"-\"`"}},
		{"complex", typeOf[[]complex128](), []string{"[]complex128[]: a complex128 can't be configured; tag it `config:\"-\"`"}},
		{"secret map key", typeOf[struct{ M []map[token]int }](), []string{"M[]: a map's key can't be a binder_test.token: keys are shown, and a secret must not be"}},
		{"map key", typeOf[one[map[Base]int]](), []string{"V: a map's key can't be a binder_test.Base"}},
		{"two fields with one name", typeOf[struct {
			MaxConns int
			Other    int `config:"max-conns"`
		}](), []string{`struct: fields MaxConns and Other are both named by the key "max-conns"`}},
		{"two fields with one name, one of them inlined", typeOf[struct {
			Zone string
			Base
		}](), []string{`struct: fields Zone and Base are both named by the key "zone"`}},
		{"bad default", typeOf[struct {
			Port uint16 `default:"80a"`
		}](), []string{`struct.Port: default tag: cannot use string "80a" as uint16`}},
		{"bad default in an element", typeOf[struct {
			M map[string]struct {
				Ports []int `default:"1,x"`
			}
		}](), []string{`struct.M[].Ports: default tag: cannot use string "x" as int`}},
		{"default that is no JSON", typeOf[struct {
			B Base `default:"x"`
		}](), []string{"struct.B: default tag: "}},
		{"default of the struct itself", typeOf[endless](), []string{"endless.Next: default tag: more than 1000 keys inside one another"}},
		{"default of the list itself", typeOf[endlessList](), []string{"endlessList[].X: default tag: more than 1000 keys inside one another"}},
		{"inlined scalar", typeOf[struct {
			V int `config:",inline"`
		}](), []string{"struct.V: only the keys of a struct or a map can be inlined, not those of a int"}},
		{"inlined pointer to a pointer", typeOf[struct {
			V **Base `config:",inline"`
		}](), []string{"struct.V: only the keys of a struct or a map can be inlined, not those of a **binder_test.Base"}},
		{"embedded url", typeOf[struct{ *url.URL }](), []string{"struct.URL: only the keys of a struct or a map can be inlined, not those of a *url.URL"}},
		{"inlined into itself", typeOf[Snake](), []string{"Snake.Snake: a struct can't be inlined into itself"}},
		{"remain that is no map", typeOf[struct {
			V []string `config:",remain"`
		}](), []string{"struct.V: only a map with string keys takes the remaining keys, not a []string"}},
		{"remain twice", typeOf[struct {
			A, B map[string]string `config:",remain"`
		}](), []string{"struct.B: another field takes the remaining keys already"}},
		{"remain in an inlined struct", typeOf[struct{ Rest }](), []string{"struct.Rest: an inlined struct can't take the remaining keys"}},
		{"nothing but pointers", typeOf[one[loop]](), []string{"it points to nothing but itself"}},
		{"an option misspelled", typeOf[struct {
			A string `config:"a,secert"`
			B string `config:"b,requird"`
			C string `config:"c, secret"`
			D string `config:",Inline"`
		}](), []string{`struct.A: unknown tag option "secert"; did you mean "secret"?`, `struct.B: unknown tag option "requird"; did you mean "required"?`,
			`struct.C: unknown tag option " secret"; did you mean "secret"?`, `struct.D: unknown tag option "Inline"; did you mean "inline"?`}},
		{"an option of another library", typeOf[struct {
			A string `config:"a,omitempty"`
			B string `config:"b,"`
		}](), []string{`struct.A: unknown tag option "omitempty"`}},
		{"an option without its value, or with one", typeOf[struct {
			A string `config:"a,alias"`
			B string `config:"b,env="`
			C string `config:"c,secret=yes"`
		}](), []string{`struct.A: tag option "alias" wants a name, as in alias=name`, `struct.B: tag option "env="`, `struct.C: tag option "secret=yes" takes no value`}},
		{"an alias that is another field's key", typeOf[struct {
			A string `config:"a,alias=b"`
			B string
		}](), []string{`struct: fields A and B are both named by the key "b"`}},
		{"a SetDefaults that panics", typeOf[struct{ V []panics }](), []string{"struct.V[]: its SetDefaults panicked with a string"}},
		{"all at once", typeOf[struct {
			A chan int
			B int `default:"x"`
			C func()
		}](), []string{"struct.A: a chan int", "struct.C: a func()"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b, err := binder.New(tt.typ)
			if err == nil {
				t.Fatalf("New made %v", b)
			}
			for _, want := range tt.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("got %q\nwant %q in it", err, want)
				}
			}
		})
	}
}

func TestRecursiveTypes(t *testing.T) {
	testGood(t, []good{
		{"ring", kv{"NAME", "a", "next.NAME", "b", "next.next.name", "c", "kids.0.Name", "d", "by.X_y.NAME", "e"},
			ring{"a", &ring{Name: "b", Next: &ring{Name: "c"}}, []ring{{Name: "d"}}, map[string]ring{"X_y": {Name: "e"}}}},
		{"default of a struct that holds it again", kv{"value", "3"}, nested{3, around{Below: &nested{Value: 1}}}},
	})
	b := newBinder(t, typeOf[ring]())
	if s := b.Shape(); s.Sub(pathOf(t, "next.kids.3.by.x.name")) == nil || s.Sub(pathOf(t, "next")) != s {
		t.Error("the shape of a recursive type is not recursive")
	}
	if info := b.Describe(pathOf(t, "next.kids.3.by.X.NAME")); info.Field != `ring.Next.Kids[3].By["X"].Name` || info.Path.String() != "next.kids.3.by.X.name" {
		t.Errorf("described as %+v", info)
	}
}

func TestTypeName(t *testing.T) {
	for want, typ := range map[string]reflect.Type{"ring": typeOf[ring](), "struct": typeOf[struct{}](), "[]int": typeOf[[]int](), "uint16": typeOf[uint16]()} {
		if got := binder.TypeName(typ); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestImpossibleTypesThatAHookMakes(t *testing.T) {
	hook := mapstructure.DecodeHookFuncType(func(_, to reflect.Type, v any) (any, error) {
		if to == typeOf[func() string]() {
			return func() string { return v.(string) }, nil
		}
		return v, nil
	})
	got, problems := valueOf(t, typeOf[one[func() string]](), kv{"v", "x"}, hook)
	if len(problems) > 0 || got.(one[func() string]).V() != "x" {
		t.Errorf("got %v with %v", got, problems)
	}
}

type panics struct{ A int }

func (*panics) SetDefaults() { panic("a secret") }

type (
	byFields  struct{ A int }
	yamlOnly  struct{ A int }
	otherTags struct {
		Port  int           `env:"PORT,notEmpty" envDefault:"80"`
		Wait  time.Duration `env-default:"5s" env-required:"true"`
		Hosts []string      `env:"HOSTS" envSeparator:";"`
		Fine  int           `env:"FINE" json:"fine,omitempty" yaml:"fine,flow"`
		YAML  yamlOnly
		JSON  map[string]byFields
	}
)

func (*byFields) UnmarshalJSON([]byte) error          { return nil }
func (*yamlOnly) UnmarshalYAML(func(any) error) error { return nil }
func (*otherTags) UnmarshalJSON([]byte) error         { return nil }

// TestNotes asserts that what isn't honoured is told.
func TestNotes(t *testing.T) {
	want := []string{
		"otherTags.Hosts: the tag envSeparator is not honoured",
		"otherTags.Port: option \"notEmpty\" of the tag env is not honoured",
		"otherTags.Port: the tag envDefault (the tag default is) is not honoured",
		"otherTags.Wait: the tag env-default (the tag default is) is not honoured",
		"otherTags.Wait: the tag env-required (the tag config:\",required\" is) is not honoured",
		"otherTags.YAML: yamlOnly is filled field by field: its UnmarshalYAML is not called",
		"otherTags: otherTags is filled field by field: its UnmarshalJSON is not called",
	}
	if got := newBinder(t, typeOf[otherTags]()).Notes(); !slices.Equal(got, want) {
		t.Errorf("notes\n got %q\nwant %q", got, want)
	}
	if got := newBinder(t, typeOf[everything]()).Notes(); len(got) > 0 {
		t.Errorf("notes %q", got)
	}
}
