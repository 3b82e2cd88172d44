package binder_test

import (
	"net/url"
	"reflect"
	"strings"
	"testing"

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
