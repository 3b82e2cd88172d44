package confsync_test

import (
	"log/slog"
	"reflect"
	"strings"
	"testing"

	"github.com/go-viper/mapstructure/v2"

	"github.com/confsync/confsync"
	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/source/sourcetest"
)

// linked is a type whose values may hold themselves.
type linked struct {
	N     int
	Left  *linked
	Right *linked
	All   map[string]*linked
}

func loop() *linked {
	l := &linked{N: 1}
	l.Left, l.Right, l.All = l, l, map[string]*linked{"l": l}
	return l
}

// unwritable is a text that panics when it is written.
type unwritable string

func (u unwritable) MarshalText() ([]byte, error) { panic("hunter2") }
func (u *unwritable) UnmarshalText(text []byte) error {
	*u = unwritable(text)
	return nil
}

// A value of the program's that holds itself, or that can't be written, is an error
// where a layer is made of it, and no harm where it is only looked at.
func TestValuesThatHoldThemselves(t *testing.T) {
	quiet := slog.New(slog.DiscardHandler)
	_, err := confsync.Load(t.Context(), confsync.Options[linked]{Sources: []source.Source{confsync.Defaults(loop())}, Logger: quiet})
	if err == nil || !strings.Contains(err.Error(), "that holds itself is not a configuration value") {
		t.Errorf("defaults: %v", err)
	}

	type config struct {
		N    int
		Link *linked
		Text unwritable
	}
	m := sourcetest.NewMemory("m", map[string]any{"n": 1, "text": "a"})
	c, err := confsync.Open(t.Context(), confsync.Options[config]{Sources: []source.Source{m}, Logger: quiet, Complete: func(c *config) error {
		c.Link = loop()
		return nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	m.Set("n", 2)
	refreshed(t, c)
	if x, err := c.Explain("n"); c.Get().N != 2 || c.Get().Link.Left.Right.N != 1 || err != nil || x.Value != "2" {
		t.Errorf("completed: %+v, %v, %v", c.Get(), x, err)
	}

	hook := func(from, to reflect.Type, in any) (any, error) {
		if to == reflect.TypeFor[linked]() && from.Kind() == reflect.String {
			l := map[string]any{}
			l["left"] = l
			return l, nil
		}
		return in, nil
	}
	_, err = confsync.Load(t.Context(), confsync.Options[config]{
		Sources: []source.Source{source.Static("s", map[string]any{"link": "x"})}, Logger: quiet, DecodeHooks: []mapstructure.DecodeHookFunc{hook},
	})
	if err == nil || !strings.Contains(err.Error(), "a hook made a map[string]interface {} of it") {
		t.Errorf("a hook: %v", err)
	}
}
