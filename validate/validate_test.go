package validate_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

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
