package ports

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	flag "github.com/spf13/pflag"

	"github.com/confsync/confsync"
	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/source/env"
	"github.com/confsync/confsync/source/file"
	"github.com/confsync/confsync/source/pflag"
)

// What was, with koanf:
//
//	k := koanf.New(".")
//	k.Load(structs.Provider(defaults, "koanf"), nil)
//	k.Load(confmap.Provider(map[string]any{"parent1.name": "x"}, "."), nil)
//	k.Load(file.Provider("config.json"), json.Parser())
//	k.Load(file.Provider("config.yaml"), yaml.Parser())
//	k.Load(env.Provider(".", env.Opt{Prefix: "MYVAR_", TransformFunc: …}), nil)
//	k.Load(posflag.Provider(f, ".", k), nil)
//	k.UnmarshalWithConf("", &out, koanf.UnmarshalConf{Tag: "koanf"})

type loaded struct {
	Type    string   `koanf:"type"`
	Empty   []string `koanf:"empty"`
	Parent1 struct {
		Name   string `koanf:"name"`
		ID     int    `koanf:"id"`
		Child1 struct {
			Name        string `koanf:"name"`
			Grandchild1 struct {
				IDs []int `koanf:"ids"`
				On  bool  `koanf:"on"`
			} `koanf:"grandchild1"`
			Wait time.Duration `koanf:"wait"`
		} `koanf:"child1"`
	} `koanf:"parent1"`
}

func TestKoanfLoader(t *testing.T) {
	dir := t.TempDir()
	put := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	first := put("config.json", `{"type": "json", "parent1": {"name": "json", "id": 1234, "child1": {"name": "c", "wait": "5s", "grandchild1": {"ids": [1, 2, 3], "on": true}}}}`)
	second := put("config.yaml", "type: yaml\nparent1:\n  name: yaml\n")
	t.Setenv("MYVAR_PARENT1_CHILD1_NAME", "env")
	t.Setenv("MYVAR_PARENT1_CHILD1_GRANDCHILD1_IDS", "4, 5")
	flags := flag.NewFlagSet("config", flag.ContinueOnError)
	flags.String("parent1.name", "unset", "a name")
	flags.Int("parent1.id", 0, "an id")
	if err := flags.Parse([]string{"--parent1.id=9"}); err != nil {
		t.Fatal(err)
	}

	var defaults loaded
	defaults.Type, defaults.Parent1.Child1.Wait = "default", time.Second
	out, err := confsync.Load(t.Context(), confsync.Options[loaded]{
		Unknown: confsync.RejectUnknown,
		Sources: []confsync.Source{
			confsync.Defaults(defaults),
			source.Static("map", map[string]any{"parent1": map[string]any{"name": "x"}}),
			file.New(first, nil),
			file.New(second, nil),
			env.New("MYVAR", nil),
			pflag.New(flags, nil),
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	p := out.Parent1
	if out.Type != "yaml" || p.Name != "yaml" || p.ID != 9 || p.Child1.Name != "env" || p.Child1.Wait != 5*time.Second ||
		!slices.Equal(p.Child1.Grandchild1.IDs, []int{4, 5}) || !p.Child1.Grandchild1.On {
		t.Errorf("%+v", out)
	}
}
