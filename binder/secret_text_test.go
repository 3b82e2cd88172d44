package binder_test

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/go-viper/mapstructure/v2"

	"github.com/confsync/confsync/tree"
)

type (
	account struct {
		Port     int
		Sub      struct{ M map[string]int }
		Password token
	}
	accounts struct {
		One    account
		List   []account
		ByName map[string]account
		ByID   map[int]token
		Nested map[string]map[string]account
		Closed closed
	}
	// closed has a secret that only it can fill.
	closed struct{ password token }
)

func (c *closed) UnmarshalText(text []byte) error {
	if c.password = token(text); c.password == "" {
		return errors.New("it is empty")
	}
	return nil
}

// TestPartsOfSecretTexts fills each field with one text, whose parts are then the
// secret: values that don't fit, keys that don't, and keys that no field takes.
func TestPartsOfSecretTexts(t *testing.T) {
	const secret = "hunter2"
	hook := mapstructure.DecodeHookFuncType(func(_, to reflect.Type, v any) (any, error) {
		if s, ok := v.(string); ok && to == typeOf[account]() && strings.HasPrefix(s, "hook:") {
			return map[string]any{"port": s, secret: s}, nil
		}
		return v, nil
	})
	for _, field := range []string{"one", "list", "by_name", "by_id", "nested"} {
		for _, text := range []string{
			"hook:" + secret, secret + ":b", `{"port":"hunter2"}`, `{"hunter2":1}`, `{"hunter2":{"port":"x"}}`,
			`{"hunter2":{"hunter2":{"hunter2":1}}}`, `{"sub":{"m":{"hunter2":"x"}}}`, `[{"hunter2":1}]`, `{"a":{"port":"hunter2"}}`,
		} {
			b := &binding{Binder: newBinder(t, typeOf[accounts](), hook)}
			problems := b.bind(t, map[string]any{field: text})
			if all := fmt.Sprintf("%+v", problems); strings.Contains(all, secret) {
				t.Errorf("%s = %s: %s", field, text, all)
			}
			for p := range b.bound.Unknown.Leaves {
				if strings.Contains(p.String(), secret) {
					t.Errorf("%s = %s: %s is unknown", field, text, p)
				}
			}
		}
	}
	if path := pathOf(t, "closed"); !newBinder(t, typeOf[accounts]()).Shape().Sub(path).Hides(tree.NewScalar(tree.String, secret)) {
		t.Error("a type that keeps its secret to itself is shown")
	}
}

// TestUnknownKeysOfSecretTexts has a text replaced by keys, and these by a text.
func TestUnknownKeysOfSecretTexts(t *testing.T) {
	b := &binding{Binder: newBinder(t, typeOf[accounts]())}
	for i, step := range []struct{ one, want string }{
		{`{"a":1,"b":2}`, "one.<redacted>"}, {"", "one.x"}, {`{"c":1}`, "one.<redacted>"}, {`{"port":1}`, ""}, {"", "one.x"}, {`{}`, ""},
	} {
		var in any = step.one
		if step.one == "" {
			in = map[string]any{"x": 1}
		}
		if problems := b.bind(t, map[string]any{"one": in}); len(problems) > 0 {
			t.Fatal(problems)
		}
		var got []string
		for p := range b.bound.Unknown.Leaves {
			got = append(got, p.String())
		}
		if strings.Join(got, " ") != step.want {
			t.Errorf("step %d: unknown %v, want %q", i, got, step.want)
		}
	}
}
