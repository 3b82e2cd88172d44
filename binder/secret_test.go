package binder_test

import (
	"fmt"
	"strings"
	"testing"
	"time"
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
