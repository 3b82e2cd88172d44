package validate_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/go-playground/validator/v10"

	"github.com/confsync/confsync"
	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/validate"
)

type common struct {
	Zone string `validate:"required"`
}

type service struct {
	HostName string `validate:"hostname"`
	Ports    []int  `validate:"dive,min=1"`
}

type app struct {
	common
	Pool struct {
		MaxConns int `config:"max" validate:"min=1,max=64"`
	}
	Services map[string]service `validate:"dive"`
	Token    confsync.Secret    `validate:"len=3"`
}

func TestEachFailureIsAProblemWithItsOrigin(t *testing.T) {
	src := source.Static("s", map[string]any{
		"pool": map[string]any{"max": 100}, "token": "hunter2",
		"services": map[string]any{"a.b": map[string]any{"host-name": "-", "ports": []any{1, 0}}},
	})
	_, err := confsync.Load(t.Context(), confsync.Options[app]{Sources: []confsync.Source{src}, Validate: validate.Struct[app](nil)})
	var failure *confsync.Error
	if !errors.As(err, &failure) {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, p := range failure.Problems {
		got[p.Path.String()] = fmt.Sprint(p.Kind, ": ", p.Err, " from ", p.Origin.Layer)
	}
	want := map[string]string{
		"zone":                    `refused: fails "required" from `,
		"pool.max":                `refused: fails "max=64" from s`,
		`services.a\.b.host_name`: `refused: fails "hostname" from s`,
		`services.a\.b.ports.1`:   `refused: fails "min=1" from s`,
		"token":                   `refused: fails "len=3" from s`,
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	if strings.Contains(err.Error(), "hunter2") {
		t.Errorf("the secret shows in %v", err)
	}
}

func TestOwnValidator(t *testing.T) {
	type config struct {
		Name string `validate:"shouting"`
	}
	v := validator.New()
	err := v.RegisterValidation("shouting", func(f validator.FieldLevel) bool {
		return f.Field().String() == strings.ToUpper(f.Field().String())
	})
	if err != nil {
		t.Fatal(err)
	}
	for name, ok := range map[string]bool{"LOUD": true, "quiet": false} {
		src := source.Static("s", map[string]any{"name": name})
		_, err := confsync.Load(t.Context(), confsync.Options[config]{Sources: []confsync.Source{src}, Validate: validate.Struct[config](v)})
		if (err == nil) != ok {
			t.Errorf("%s: %v", name, err)
		}
	}
}

type generic[V any] struct {
	Pool struct {
		Size V `validate:"min=1"`
	}
}

type port struct {
	Port int `validate:"min=1"`
}

type nests struct {
	Named map[string]port            `validate:"dive"`
	Deep  []map[string]map[int]*port `validate:"dive,dive,dive"`
	Keys  map[string]int             `validate:"dive,keys,min=2,endkeys"`
}

type structLevel struct{ Low, High int }

// TestPathsOfFailures asserts that a failure is at the key of its field whatever
// the type is called, and whatever the keys of its maps are.
func TestPathsOfFailures(t *testing.T) {
	type m = map[string]any
	bad := m{"port": 0}
	own := validator.New()
	own.RegisterStructValidation(func(sl validator.StructLevel) {
		sl.ReportError(sl.Current().Interface().(structLevel).High, "High", "High", "above", "Low")
		sl.ReportError(0, "Nowhere", "Nowhere", "odd", "")
	}, structLevel{})
	tests := []struct {
		name   string
		load   func(*testing.T, m) map[string]string
		values m
		want   map[string]string // the origin's layer by the path
	}{
		{"a type without a name", paths[struct {
			Pool struct {
				Size int `validate:"min=1"`
			}
		}](nil), m{"pool": m{"size": -1}}, map[string]string{"pool.size": "s"}},
		{"a generic type", paths[generic[time.Duration]](nil), m{"pool": m{"size": "-1s"}}, map[string]string{"pool.size": "s"}},
		{"keys of any kind", paths[nests](nil), m{
			"named": m{"a.b": bad, "c]d": bad, "c": bad, "e[f": bad, "": bad, "x].Named[y": bad},
			"deep":  []any{m{"k]": m{"-5": bad}}},
			"keys":  m{"]": 1},
		}, map[string]string{
			`named.a\.b.port`: "s", "named.c]d.port": "s", "named.c.port": "s", "named.e[f.port": "s", `named.\e.port`: "s", `named.x]\.Named[y.port`: "s",
			"deep.0.k].-5.port": "s", "keys.]": "s",
		}},
		{"a struct's own validation", paths[structLevel](own), m{"low": 2, "high": 1}, map[string]string{"high": "s", "": "s"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.load(t, tt.values); fmt.Sprint(got) != fmt.Sprint(tt.want) {
				t.Errorf("got  %q\nwant %q", got, tt.want)
			}
		})
	}
}

// paths returns a function that loads a T and returns what its problems say: the
// layer by the path.
func paths[T any](v *validator.Validate) func(*testing.T, map[string]any) map[string]string {
	return func(t *testing.T, values map[string]any) map[string]string {
		_, err := confsync.Load(t.Context(), confsync.Options[T]{Sources: []confsync.Source{source.Static("s", values)}, Validate: validate.Struct[T](v)})
		var failure *confsync.Error
		if !errors.As(err, &failure) {
			t.Fatal(err)
		}
		got := map[string]string{}
		for _, p := range failure.Problems {
			got[p.Path.String()] = p.Origin.Layer
		}
		return got
	}
}

func TestNoStruct(t *testing.T) {
	defer func() {
		if v := recover(); v == nil {
			t.Error("a map is taken")
		}
	}()
	validate.Struct[map[string]any](nil)
}

func ExampleStruct() {
	type App struct {
		Pool struct {
			Size int `validate:"min=1,max=64"`
		}
	}
	src := source.Static("app", map[string]any{"pool": map[string]any{"size": 100}})
	_, err := confsync.Load(context.Background(), confsync.Options[App]{
		Sources:  []confsync.Source{src},
		Validate: validate.Struct[App](nil),
	})
	fmt.Println(err)
	// Output:
	// confsync: cannot start, 1 problem
	//
	// pool.size: fails "max=64"
	//     from   app
	//     into   App.Pool.Size
}
