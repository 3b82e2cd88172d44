package binder_test

import (
	"errors"
	"log/slog"
	"math/big"
	"net"
	"net/netip"
	"net/url"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/confsync/confsync/binder"
	"github.com/confsync/confsync/tree"
)

// bytes is a size with a unit.
type bytes uint64

func (b *bytes) UnmarshalText(text []byte) error {
	n, err := strconv.ParseUint(strings.TrimSuffix(string(text), "KiB"), 10, 54)
	if err != nil {
		return errors.New("not a size such as 10KiB")
	}
	*b = bytes(n << 10)
	return nil
}

type one[T any] struct{ V T }

func typeOf[T any]() reflect.Type { return reflect.TypeFor[T]() }

func joined(paths []tree.Path) string {
	var all []string
	for _, p := range paths {
		all = append(all, p.String())
	}
	return strings.Join(all, " ")
}

func TestValues(t *testing.T) {
	v := func(value any) any { return map[string]any{"v": value} }
	address, _ := url.Parse("https://u:p@example.org/x?y=z")
	noon := time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)
	type text string
	testGood(t, []good{
		{"string", v("x"), one[string]{"x"}},
		{"string with spaces", v(" x "), one[string]{" x "}},
		{"string from an int", v(8080), one[string]{"8080"}},
		{"string from a bool", v(true), one[string]{"true"}},
		{"string type", v("x"), one[text]{"x"}},
		{"bool", v(true), one[bool]{true}},
		{"bool from text", v(" 1 "), one[bool]{true}},
		{"int from text", v(" 42 "), one[int]{42}},
		{"int with a sign", v("+42"), one[int8]{42}},
		{"int is decimal", v("010"), one[int]{10}},
		{"int in hexadecimal", v("-0x1F"), one[int]{-31}},
		{"int in octal", v("0o17"), one[int]{15}},
		{"int in binary", v("0b101"), one[uint]{5}},
		{"int from a whole float", v(3.0), one[int]{3}},
		{"least int64", v("-9223372036854775808"), one[int64]{-1 << 63}},
		{"greatest uint64", v("18446744073709551615"), one[uint64]{1<<64 - 1}},
		{"uint with a sign", v("+7"), one[uint16]{7}},
		{"float", v(0.5), one[float64]{0.5}},
		{"float from an int", v(2), one[float32]{2}},
		{"float from text", v("1e3"), one[float64]{1000}},
		{"duration", v("1m30s"), one[time.Duration]{90 * time.Second}},
		{"duration zero", v(0), one[time.Duration]{0}},
		{"time", v("2026-01-02T12:00:00Z"), one[time.Time]{noon}},
		{"time from a time", v(noon), one[time.Time]{noon}},
		{"url", v("https://u:p@example.org/x?y=z"), one[url.URL]{*address}},
		{"url pointer", v("https://u:p@example.org/x?y=z"), one[*url.URL]{address}},
		{"net.IP", v("10.0.0.1"), one[net.IP]{net.ParseIP("10.0.0.1")}},
		{"netip.Addr", v("::1"), one[netip.Addr]{netip.MustParseAddr("::1")}},
		{"netip.AddrPort", v("10.0.0.1:80"), one[netip.AddrPort]{netip.MustParseAddrPort("10.0.0.1:80")}},
		{"netip.Prefix", v("10.0.0.0/8"), one[netip.Prefix]{netip.MustParsePrefix("10.0.0.0/8")}},
		{"size", v("10KiB"), one[bytes]{10240}},
		{"size from an int", v(3), one[bytes]{3072}},
		{"level", v("warn"), one[slog.Level]{slog.LevelWarn}},
		{"big int", v("123456789012345678901234567890"), one[*big.Int]{func() *big.Int {
			n, _ := new(big.Int).SetString("123456789012345678901234567890", 10)
			return n
		}()}},
		{"bytes", v("héllo"), one[[]byte]{[]byte("héllo")}},
		{"pointer", v("5"), one[*int]{ptr(5)}},
		{"pointer to a pointer", v("5"), one[**int]{ptr(ptr(5))}},
		{"pointer from null", v(nil), one[*int]{}},
		{"pointer that is not there", v(nil), one[*int]{}},
		{"null is zero", v(nil), one[int]{}},
		{"any string", v("5"), one[any]{"5"}},
		{"any int", v(5), one[any]{5}},
		{"any great int", v(uint64(1<<64 - 1)), one[any]{uint64(1<<64 - 1)}},
		{"any float", v(0.5), one[any]{0.5}},
		{"any bool", v(true), one[any]{true}},
		{"any null", v(nil), one[any]{nil}},
		{"any list", v([]any{1, "a", nil}), one[any]{[]any{1, "a", nil}}},
		{"any map", v(map[string]any{"A.b/c": map[string]any{"x": true}}), one[any]{map[string]any{"A.b/c": map[string]any{"x": true}}}},
		{"map of any", v(map[string]any{"a": 1, "b": []any{"x"}}), one[map[string]any]{map[string]any{"a": 1, "b": []any{"x"}}}},
	})

	t.Run("node", func(t *testing.T) {
		in := rootOf(t, v(map[string]any{"a": []any{1, "x"}}))
		got, problems := valueOf(t, typeOf[one[*tree.Node]](), v(map[string]any{"a": []any{1, "x"}}))
		if len(problems) > 0 || !got.(one[*tree.Node]).V.Equal(in.Child("v")) {
			t.Errorf("got %v with %v", got, problems)
		}
	})
}

// TestANodeKeepsANull tells a null from nothing.
func TestANodeKeepsANull(t *testing.T) {
	b := &binding{Binder: newBinder(t, typeOf[one[*tree.Node]]())}
	for _, s := range []struct {
		in   any
		want tree.Kind
	}{{map[string]any{"v": nil}, tree.Null}, {kv{}, tree.Absent}, {kv{"v", "x"}, tree.String}, {map[string]any{"v": nil}, tree.Null}} {
		b.bind(t, s.in)
		if got := b.bound.Value.Interface().(*one[*tree.Node]).V.Kind(); got != s.want {
			t.Errorf("%v: got %s, want %s", s.in, got, s.want)
		}
	}
}

func TestValuesThatDoNotFit(t *testing.T) {
	v := func(value any) any { return map[string]any{"v": value} }
	one := func(text string) []string { return []string{"mistyped v: " + text + "\n    into   struct.V"} }
	long := strings.Repeat("x", 100)
	testBad(t, []bad{
		{"uint16", struct{ V uint16 }{}, v("80a"), one(`cannot use string "80a" as uint16`)},
		{"int from a bool", struct{ V int }{}, v(true), one(`cannot use bool true as int`)},
		{"int from a fraction", struct{ V int }{}, v(1.5), one(`cannot use float 1.5 as int`)},
		{"int from nothing", struct{ V int }{}, v(""), one(`cannot use string "" as int`)},
		{"int from a float too great to be exact", struct{ V int }{}, v(1e300), one(`cannot use float 1e+300 as int`)},
		{"int with underscores", struct{ V int }{}, v("1_000"), one(`cannot use string "1_000" as int`)},
		{"overflow", struct{ V uint16 }{}, v("70000"), one(`cannot use string "70000" as uint16: out of range`)},
		{"overflow of an int8", struct{ V int8 }{}, v(-129), one(`cannot use int -129 as int8: out of range`)},
		{"overflow of an int64", struct{ V int64 }{}, v("9223372036854775808"), one(`cannot use string "9223372036854775808" as int64: out of range`)},
		{"below zero", struct{ V uint }{}, v("-1"), one(`cannot use string "-1" as uint: out of range`)},
		{"overflow of a float32", struct{ V float32 }{}, v("1e300"), one(`cannot use string "1e300" as float32: out of range`)},
		{"bool from an int", struct{ V bool }{}, v(1), one(`cannot use int 1 as bool`)},
		{"bool from text", struct{ V bool }{}, v("yes"), one(`cannot use string "yes" as bool`)},
		{"float from text", struct{ V float64 }{}, v("half"), one(`cannot use string "half" as float64`)},
		{"duration without a unit", struct{ V time.Duration }{}, v(30), one(`cannot use int 30 as time.Duration: it has no unit, such as s or ms`)},
		{"duration in text without a unit", struct{ V time.Duration }{}, v(" 1.5 "), one(`cannot use string " 1.5 " as time.Duration: it has no unit, such as s or ms`)},
		{"duration of nonsense", struct{ V time.Duration }{}, v("5 parsecs"), one(`cannot use string "5 parsecs" as time.Duration`)},
		{"url", struct{ V *url.URL }{}, v("http://a b"), one(`cannot use string "http://a b" as url.URL: invalid character " " in host name`)},
		{"size", struct{ V bytes }{}, v("big"), one(`cannot use string "big" as binder_test.bytes: not a size such as 10KiB`)},
		{"a map for a scalar", struct{ V int }{}, v(map[string]any{"x": 1}), one(`cannot use a map as int`)},
		{"a list for a scalar", struct{ V string }{}, v([]any{1}), one(`cannot use a list as string`)},
		{"a scalar for a struct", struct{ V Address }{}, v("x"), one(`cannot use string "x" as binder_test.Address: want a JSON object`)},
		{"a list for a struct", struct{ V Address }{}, v([]any{}), one(`cannot use a list as binder_test.Address`)},
		{"a scalar for a map", struct{ V map[string]int }{}, v("x"), one(`cannot use string "x" as map[string]int: want key:value,key:value or a JSON object`)},
		{"a list for a map", struct{ V map[string]int }{}, v([]any{1}), one(`cannot use a list as map[string]int`)},
		{"a map for a list", struct{ V []int }{}, v(map[string]any{"x": 1}), one(`cannot use a map as []int`)},
		{"an interface with methods", struct{ V error }{}, v("x"), one(`cannot use string "x" as error: an interface with methods needs a decode hook`)},
		{"a long text", struct{ V int }{}, v(long), one(`cannot use string "` + long[:64] + `"... as int`)},
		{"a text of two lines", struct{ V int }{}, v("a\nb"), one(`cannot use string "a\nb" as int`)},
	})
}

func TestAllProblemsAtOnce(t *testing.T) {
	type app struct {
		Server struct {
			Port uint16
			Name string `config:",required"`
		}
		Wait     time.Duration
		Services map[string]one[int]
		List     []int
	}
	testBad(t, []bad{{"all", app{}, kv{"server.port", "x", "wait", "5", "services.a.v", "y", "services.b.v", "1", "services.c.v", "z", "list", "1,b,3,d"}, []string{
		"mistyped server.port: cannot use string \"x\" as uint16\n    into   app.Server.Port",
		"missing server.name: required, and set nowhere\n    into   app.Server.Name",
		"mistyped wait: cannot use string \"5\" as time.Duration: it has no unit, such as s or ms\n    into   app.Wait",
		"mistyped services.a.v: cannot use string \"y\" as int\n    into   app.Services[\"a\"].V",
		"mistyped services.c.v: cannot use string \"z\" as int\n    into   app.Services[\"c\"].V",
		"mistyped list.1: cannot use string \"b\" as int\n    into   app.List[1]",
		"mistyped list.3: cannot use string \"d\" as int\n    into   app.List[3]",
	}}})
}

func TestConflicts(t *testing.T) {
	const text = "the key has both a value and keys below it, and "
	both := kv{"v", "1", "v.host", "2"}
	testBad(t, []bad{
		{"scalar", struct{ V int }{}, both, []string{"conflict v: " + text + "int holds only one\n    into   struct.V"}},
		{"struct", struct{ V Address }{}, both, []string{"conflict v: " + text + "binder_test.Address holds only one\n    into   struct.V"}},
		{"map", struct{ V map[string]string }{}, both, []string{"conflict v: " + text + "map[string]string holds only one\n    into   struct.V"}},
		{"list", struct{ V []string }{}, kv{"v", "1", "v.0", "2"}, []string{"conflict v: " + text + "[]string holds only one\n    into   struct.V"}},
		{"any", struct{ V any }{}, both, []string{"conflict v: " + text + "interface {} holds only one\n    into   struct.V"}},
		{"inside any", struct{ V any }{}, kv{"v.w", "1", "v.w.x", "2"}, []string{"conflict v: " + text + "interface {} holds only one\n    into   struct.V"}},
	})
	got, problems := valueOf(t, typeOf[one[*tree.Node]](), both)
	if n := got.(one[*tree.Node]).V; len(problems) > 0 || n.Own().Text() != "1" || n.Child("host").Text() != "2" {
		t.Errorf("a node holds both: got %v with %v", n, problems)
	}
}

// An integer of a document's is the same number whatever the type that it fills,
// and what no number holds is an error or stays a text.
func TestNumbersAreOneNumber(t *testing.T) {
	type all struct {
		I int64
		F float64
		S float32
		A any
	}
	b, err := binder.New(typeOf[all]())
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]any{
		"0": 0, "-7": -7, "+7": 7, "010": 8, "0o17": 15, "-0x1F": -31, "0b101": 5, "1_000": 1000,
		"9223372036854775808": uint64(1 << 63), "0x1FFFFFFFFFFFFFFFFFF": float64(0x1FFFFFFFFFFFFFFFFFF),
	} {
		n := tree.NewScalar(tree.Int, text)
		bound, problems := b.Bind(binder.Bound{}, tree.NewMap([]string{"a", "f", "s"}, []*tree.Node{n, n, n}, nil))
		if problems.Len() > 0 {
			t.Errorf("%s: %v", text, problems)
			continue
		}
		got := bound.Value.Interface().(*all)
		f := reflect.ValueOf(want).Convert(typeOf[float64]()).Float()
		if got.A != want || got.F != f || got.S != float32(f) {
			t.Errorf("%s is %v, %v and %v, want %v", text, got.A, got.F, got.S, want)
		}
		if i, ok := want.(int); ok {
			bound, problems := b.Bind(binder.Bound{}, tree.NewMap([]string{"i"}, []*tree.Node{n}, nil))
			if problems.Len() > 0 || bound.Value.Interface().(*all).I != int64(i) {
				t.Errorf("%s: %v, want %d", text, problems, i)
			}
		}
	}
	huge := tree.NewScalar(tree.Float, "1e400")
	bound, _ := b.Bind(binder.Bound{}, tree.NewMap([]string{"a"}, []*tree.Node{huge}, nil))
	if got := bound.Value.Interface().(*all).A; got != "1e400" {
		t.Errorf("1e400 is %v", got)
	}
	if _, problems := b.Bind(binder.Bound{}, tree.NewMap([]string{"f"}, []*tree.Node{huge}, nil)); problems.Len() != 1 {
		t.Errorf("1e400 is a float64: %v", problems)
	}
}
