package binder_test

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/go-viper/mapstructure/v2"

	"github.com/confsync/confsync/tree"
)

// token hides itself, and ref does so by its pointer.
type token string

func (t token) Reveal() string { return string(t) }

type ref struct{ Text string }

func (r *ref) Reveal() string { return r.Text }

type Credentials struct {
	User string
	PIN  int
}

type keeper struct {
	Token       token
	Ref         ref
	Pointer     *token
	Count       int           `config:",secret"`
	Wait        time.Duration `yaml:",secret"`
	Login       Credentials   `config:",secret"`
	Logins      map[string]Credentials
	Tokens      []token
	Map         map[string]int `config:",secret"`
	List        []int          `config:",secret"`
	Any         any            `config:",secret"`
	Credentials `config:",inline,secret"`
	Plain       int
}

// TestSecretsInProblems gives each secret field a value that doesn't fit.
func TestSecretsInProblems(t *testing.T) {
	const secret = "hunter2"
	tests := []struct {
		path   string
		value  any
		secret bool
	}{
		{"token", []any{secret}, true},
		{"ref.text", map[string]any{secret: secret}, true},
		{"pointer", map[string]any{"x": secret}, true},
		{"count", secret, true},
		{"wait", secret, true},
		{"login.pin", secret, true},
		{"login", secret, true},
		{"logins.a.pin", secret, false},
		{"tokens.0", []any{secret}, true},
		{"map.a", secret, true},
		{"map", secret, true},
		{"list", "1," + secret, true},
		{"list.0", secret, true},
		{"pin", secret, true},
		{"plain", secret, false},
	}
	for _, tt := range tests {
		t.Run(tt.path, func(t *testing.T) {
			path := pathOf(t, tt.path)
			in := tt.value
			for i := len(path) - 1; i >= 0; i-- {
				in = map[string]any{path[i]: in}
			}
			_, problems := valueOf(t, typeOf[keeper](), in)
			if len(problems) != 1 {
				t.Fatalf("problems %v", problems)
			}
			text := fmt.Sprintf("%v %+v %#v", problems, problems[0].Err, problems[0].Err)
			if shows := strings.Contains(text, secret); shows == tt.secret {
				t.Errorf("it is secret: %v; the problem is %s", tt.secret, text)
			}
			if info := newBinder(t, typeOf[keeper]()).Describe(path); info.Secret != tt.secret {
				t.Errorf("described as %+v", info)
			}
		})
	}
}

func TestSecretsInTheShape(t *testing.T) {
	shape := newBinder(t, typeOf[keeper]()).Shape()
	for path, want := range map[string]bool{
		"": false, "token": true, "ref": true, "ref.text": true, "pointer": true, "count": true, "wait": true, "login": true, "login.pin": true,
		"logins": false, "logins.a": false, "logins.a.pin": false, "tokens": false, "tokens.0": true, "map": true, "map.a": true,
		"list.0": true, "any": true, "pin": true, "user": true, "plain": false,
	} {
		if s := shape.Sub(pathOf(t, path)); s == nil || s.Secret != want {
			t.Errorf("%q: shape %+v, want secret %v", path, s, want)
		}
	}
	type rest struct {
		A    int
		Rest map[string]token `config:",remain"`
	}
	if s := newBinder(t, typeOf[rest]()).Shape(); s.Secret || s.Rest == nil || !s.Rest.Secret {
		t.Errorf("shape %+v with rest %+v", s, s.Rest)
	}
}

type (
	login struct {
		User     string
		Password token
	}
	logins struct {
		Tokens  []token
		ByName  map[string]token
		Login   login
		Pointer *login
		Deep    struct{ List []map[string]login }
		Taking  struct {
			A    int
			Rest map[string]token `config:",remain"`
		}
		Around opaque
		Key    struct {
			Text string `config:",secret"`
		}
		Plain struct{ A, B []int }
	}
	opaque struct{ Token token }
)

func (o *opaque) UnmarshalJSON([]byte) error { return errors.New("it quotes hunter2") }

// TestTextsThatFillWhatHoldsASecret fills each field with one text that has the
// secret in it and doesn't fit.
func TestTextsThatFillWhatHoldsASecret(t *testing.T) {
	const secret = "hunter2"
	fails := mapstructure.DecodeHookFuncType(func(_, to reflect.Type, v any) (any, error) {
		if s, ok := v.(string); ok && strings.HasPrefix(s, "hook:") && to.Kind() == reflect.Struct {
			return nil, errors.New("no " + s)
		}
		return v, nil
	})
	b := newBinder(t, typeOf[logins](), fails)
	shape := b.Shape()
	for _, tt := range []struct {
		path, text string
		secret     bool
	}{
		{"tokens", `["` + secret, true},
		{"by_name", secret, true},
		{"by_name", `{"a":"` + secret + `",}`, true},
		{"login", `{"password":"` + secret + `",}`, true},
		{"login", "postgres://u:" + secret + "@h", true},
		{"login", "hook:" + secret, true},
		{"pointer", "hook:" + secret, true},
		{"deep", secret, true},
		{"deep.list", `[` + secret, true},
		{"deep.list.0", secret, true},
		{"deep.list.0.x", secret, true},
		{"taking", secret, true},
		{"around", secret, true},
		{"key", secret, true},
		{"plain", secret, false},
		{"plain.a", secret, false},
	} {
		path := pathOf(t, tt.path)
		var in any = tt.text
		for i := len(path) - 1; i >= 0; i-- {
			if in = map[string]any{path[i]: in}; path[i] == "0" {
				in = []any{in.(map[string]any)["0"]}
			}
		}
		_, problems := valueOf(t, typeOf[logins](), in, fails)
		if len(problems) != 1 {
			t.Fatalf("%s: problems %v", tt.path, problems)
		}
		text := fmt.Sprintf("%v %+v %#v", problems, problems[0].Err, problems[0].Err)
		if shows := strings.Contains(text, secret); shows == tt.secret {
			t.Errorf("%s: it is secret: %v; the problem is %s", tt.path, tt.secret, text)
		}
		n := tree.NewScalar(tree.String, tt.text)
		if b.Hides(path, n) != tt.secret || shape.Sub(path).Hides(n) != tt.secret || strings.Contains(b.Show(path, n), secret) == tt.secret {
			t.Errorf("%s: it is secret: %v; hidden %v, by the shape %v, shown %s", tt.path, tt.secret, b.Hides(path, n), shape.Sub(path).Hides(n), b.Show(path, n))
		}
	}
	if none := tree.NewMap(nil, nil, nil); b.Hides(pathOf(t, "login"), none) || b.Show(pathOf(t, "login"), none) != "a map of 0" {
		t.Error("a map is hidden for what it may hold")
	}
	for path, want := range map[string]bool{"around.token": true, "around.x.y": true, "nobody": true, "login.user": false} {
		if b.Hides(pathOf(t, path), tree.NewScalar(tree.String, "x")) != want {
			t.Errorf("%s: hidden %v", path, !want)
		}
	}
}
