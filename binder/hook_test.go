package binder_test

import (
	"errors"
	"net"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/go-viper/mapstructure/v2"
)

// point is a struct that a hook makes of "1:2".
type point struct{ X, Y int }

type animal interface{ Sound() string }

type dog struct{ Name string }

func (d dog) Sound() string { return d.Name + " barks" }

var errHook = errors.New("no")

// toPoint makes points, fails for "fail" and panics for "panic".
func toPoint(from, to reflect.Type, v any) (any, error) {
	text, ok := v.(string)
	if !ok || to != typeOf[point]() || strings.HasPrefix(text, "{") {
		return v, nil
	}
	switch text {
	case "fail":
		return nil, errHook
	case "panic":
		panic("a secret")
	}
	return point{len(text), 2}, nil
}

func toAnimal(from, to reflect.Type, v any) (any, error) {
	if to != typeOf[animal]() {
		return v, nil
	}
	switch v := v.(type) {
	case string:
		return dog{v}, nil
	case map[string]any:
		return dog{v["name"].(string)}, nil
	}
	return v, nil
}

func semicolons(from, to reflect.Type, v any) (any, error) {
	if text, ok := v.(string); ok && to == typeOf[[]string]() && strings.Contains(text, ";") {
		return strings.Split(text, ";"), nil
	}
	return v, nil
}

func TestHooks(t *testing.T) {
	v := func(value any) any { return map[string]any{"v": value} }
	hooks := []mapstructure.DecodeHookFunc{
		toPoint, toAnimal, semicolons,
		mapstructure.StringToIPNetHookFunc(), mapstructure.StringToTimeLocationHookFunc(), mapstructure.StringToURLHookFunc(),
	}
	_, subnet, _ := net.ParseCIDR("10.0.0.0/8")
	testGood(t, []good{
		{"a struct from a text", v("abc"), one[point]{point{3, 2}}},
		{"a struct from its keys", kv{"v.x", "5"}, one[point]{point{X: 5}}},
		{"a struct from JSON", v(`{"x": 5}`), one[point]{point{X: 5}}},
		{"a pointer to one", v("abc"), one[*point]{&point{3, 2}}},
		{"in a list", v("a,bb"), one[[]point]{[]point{{1, 2}, {2, 2}}}},
		{"in a map", kv{"v.k", "a"}, one[map[string]point]{map[string]point{"k": {1, 2}}}},
		{"an interface from a text", v("rex"), one[animal]{dog{"rex"}}},
		{"an interface from a map", kv{"v.name", "rex"}, one[animal]{dog{"rex"}}},
		{"a list from a text", v("a,b;c"), one[[]string]{[]string{"a,b", "c"}}},
		{"a list without the hook's mark", v("a,b"), one[[]string]{[]string{"a", "b"}}},
		{"net.IPNet", v("10.0.0.0/8"), one[net.IPNet]{*subnet}},
		{"a hook for a pointer", v("UTC"), one[*time.Location]{time.UTC}},
		{"what hooks leave as it is", v("5s"), one[time.Duration]{5 * time.Second}},
		{"any", v("x"), one[any]{"x"}},
	}, hooks...)
	testBad(t, []bad{
		{"a hook that fails", one[point]{}, v("fail"), []string{"mistyped v: cannot use string \"fail\" as binder_test.point: no\n    into   one[github.com/confsync/confsync/binder_test.point].V"}},
		{"a hook that panics", one[point]{}, v("panic"), []string{"mistyped v: cannot use string \"panic\" as binder_test.point: its decoder panicked with a string\n    into   one[github.com/confsync/confsync/binder_test.point].V"}},
		{"durations still need a unit", struct{ V time.Duration }{}, v(5), []string{"mistyped v: cannot use int 5 as time.Duration: it has no unit, such as s or ms\n    into   struct.V"}},
		{"behind a pointer too", struct{ V *time.Duration }{}, v(5), []string{"mistyped v: cannot use int 5 as time.Duration: it has no unit, such as s or ms\n    into   struct.V"}},
		{"no hook makes it", struct{ V animal }{}, v([]any{1}), []string{"mistyped v: cannot use a list as binder_test.animal: an interface with methods needs a decode hook\n    into   struct.V"}},
	}, hooks...)
}

func TestHookErrorsAreWrapped(t *testing.T) {
	_, problems := valueOf(t, typeOf[one[point]](), kv{"v", "fail"}, toPoint)
	if len(problems) != 1 || !errors.Is(problems[0], errHook) {
		t.Errorf("problems %v", problems)
	}
}

// TestHooksFromStepToStep changes how one value is spelled.
func TestHooksFromStepToStep(t *testing.T) {
	b := &binding{Binder: newBinder(t, typeOf[one[*point]](), toPoint)}
	for _, s := range []struct {
		in   any
		want *point
	}{
		{kv{"v", "abc"}, &point{3, 2}}, {kv{"v.x", "1"}, &point{X: 1}}, {kv{"v.x", "1", "v.y", "4"}, &point{1, 4}},
		{kv{"v", "abcd"}, &point{4, 2}}, {kv{"v", `{"y":9}`}, &point{Y: 9}}, {kv{}, nil}, {kv{"v.y", "4"}, &point{Y: 4}},
	} {
		if problems := b.bind(t, s.in); len(problems) > 0 {
			t.Fatal(problems)
		}
		if got := b.bound.Value.Interface().(*one[*point]).V; !reflect.DeepEqual(got, s.want) {
			t.Errorf("%v: got %v, want %v", s.in, got, s.want)
		}
	}
}

// panicking panics on some texts, as a value and as a key.
type panicking struct{ text string }

func (u *panicking) UnmarshalText(text []byte) error {
	if string(text) == "panic" {
		panic(errors.New("a secret"))
	}
	u.text = string(text)
	return nil
}

func TestUnmarshalersThatPanic(t *testing.T) {
	testBad(t, []bad{
		{"value", struct{ V panicking }{}, kv{"v", "panic"}, []string{"mistyped v: cannot use string \"panic\" as binder_test.panicking: its decoder panicked with a *errors.errorString\n    into   struct.V"}},
		{"key", struct{ V map[panicking]int }{}, kv{"v.panic", "1"}, []string{"mistyped v.panic: cannot use key \"panic\" as binder_test.panicking: its decoder panicked with a *errors.errorString\n    into   struct.V[\"panic\"]"}},
	})
}
