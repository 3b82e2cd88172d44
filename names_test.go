package confsync_test

import (
	"flag"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/confsync/confsync"
	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/source/file"
	"github.com/confsync/confsync/source/flags"
)

// A JSON object fills a struct at any depth, in a list and a map too, whatever the
// names of a source are: of variables, of flags, of a dotenv file.
func TestObjectsFillStructsAtAnyDepth(t *testing.T) {
	type point struct{ X, Y int }
	type config struct {
		At    point
		Sub   struct{ At point }
		List  []point
		ByKey map[string]point
		Deep  map[string][]struct{ Sub struct{ At point } }
	}
	const object = ` {"x": 1, "y": 2}`
	for name, want := range map[string]config{
		"AT":                {At: point{1, 2}},
		"SUB_AT":            {Sub: struct{ At point }{point{1, 2}}},
		"LIST_0":            {List: []point{{1, 2}}},
		"BY_KEY__a":         {ByKey: map[string]point{"a": {1, 2}}},
		"DEEP__k__0_SUB_AT": {Deep: map[string][]struct{ Sub struct{ At point } }{"k": {{struct{ At point }{point{1, 2}}}}}},
	} {
		set := flag.NewFlagSet("", flag.ContinueOnError)
		set.String(name, "", "")
		dotenv := filepath.Join(t.TempDir(), ".env")
		if err := os.WriteFile(dotenv, []byte(name+"='"+object+"'\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := set.Parse([]string{"-" + name, object}); err != nil {
			t.Fatal(err)
		}
		for of, src := range map[string]source.Source{
			"env": environ("APP_" + name + "=" + object), "flag": flags.New(set), "dotenv": file.New(dotenv, nil),
		} {
			got, err := confsync.Load(t.Context(), confsync.Options[config]{
				Sources: []source.Source{src}, Unknown: confsync.RejectUnknown, Logger: slog.New(slog.DiscardHandler),
			})
			if err != nil || !reflect.DeepEqual(*got, want) {
				t.Errorf("%s %s: %+v, %v", of, name, got, err)
			}
		}
	}
	if got, err := confsync.Load(t.Context(), confsync.Options[config]{
		Sources: []source.Source{environ("APP_SUB_AT=tcp://10.0.0.1:80")}, Logger: slog.New(slog.DiscardHandler),
	}); err != nil || !reflect.DeepEqual(*got, config{}) {
		t.Errorf("another text: %+v, %v", got, err) // it is warned of
	}
}
