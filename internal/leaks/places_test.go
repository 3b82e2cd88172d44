package leaks

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pelletier/go-toml/v2"
	"go.yaml.in/yaml/v4"

	"github.com/confsync/confsync"
	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/source/document"
	"github.com/confsync/confsync/source/env"
	"github.com/confsync/confsync/source/file"
	"github.com/confsync/confsync/source/flags"
	"github.com/confsync/confsync/source/sourcetest"
	"github.com/confsync/confsync/tree"
)

// place is a kind of source that values can be put in.
type place struct {
	name string
	open func(t *testing.T, values map[string]any) source.Source
}

func places() []place {
	return []place{
		{"yaml", inFile("x.yaml", yaml.Marshal)},
		{"json", inFile("x.json", json.Marshal)},
		{"toml", inFile("x.toml", toml.Marshal)},
		{"static", func(_ *testing.T, v map[string]any) source.Source { return source.Static("static", v) }},
		{"memory", func(_ *testing.T, v map[string]any) source.Source { return sourcetest.NewMemory("memory", v) }},
		{"env", inEnv},
		{"flags", inFlags},
		{"keys", inTable},
		{"page", inPage},
	}
}

func inFile(name string, marshal func(any) ([]byte, error)) func(*testing.T, map[string]any) source.Source {
	return func(t *testing.T, v map[string]any) source.Source {
		data, err := marshal(v)
		if err != nil {
			t.Skip(err) // the format has no such value
		}
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		return file.New(path, nil)
	}
}

// leaves returns the values by path, as flat stores have them.
func leaves(t *testing.T, v map[string]any) map[string]string {
	t.Helper()
	all := map[string]string{}
	whole, err := tree.FromGo(v)
	if err != nil {
		t.Fatal(err)
	}
	whole.Root().Leaves(func(p tree.Path, n *tree.Node) bool {
		all[strings.Join(p, "/")] = n.Text()
		return true
	})
	return all
}

// named returns the leaves that flat names can say: those of fields.
func named(t *testing.T, v map[string]any) map[string]string {
	all := leaves(t, v)
	delete(all, "other/host")
	delete(all, "other/password")
	if deep, ok := all["anything/deep"]; ok {
		delete(all, "anything/deep")
		all["anything"] = deep
	}
	return all
}

func inEnv(t *testing.T, v map[string]any) source.Source {
	shape, err := confsync.ShapeOf[zoo]()
	if err != nil {
		t.Fatal(err)
	}
	names, err := source.NewNames(shape, "_")
	if err != nil {
		t.Fatal(err)
	}
	var environ []string
	for path, text := range named(t, v) {
		environ = append(environ, "APP_"+names.Canonical(strings.Split(path, "/"))+"="+text)
	}
	return env.New("APP", &env.Options{Environ: func() []string { return environ }})
}

func inFlags(t *testing.T, v map[string]any) source.Source {
	set := flag.NewFlagSet("app", flag.ContinueOnError)
	var args []string
	for path, text := range named(t, v) {
		name := strings.ToLower(strings.ReplaceAll(path, "/", "-"))
		if set.Lookup(name) == nil {
			set.String(name, "", "")
			args = append(args, "-"+name+"="+text)
		}
	}
	if err := set.Parse(args); err != nil {
		t.Fatal(err)
	}
	return flags.New(set)
}

// inTable keeps the values as the stores of flat keys do.
func inTable(t *testing.T, v map[string]any) source.Source {
	table := &source.Table{
		Keys:   source.Keys{Root: "app"},
		Origin: func(key string, _ int64) tree.Origin { return tree.Origin{Kind: "store", Key: key} },
	}
	for path, text := range leaves(t, v) {
		table.Put(source.Row{Key: "app/" + path, Value: text})
	}
	kept, err := table.Tree()
	return sourceOf("keys", source.Snapshot{Tree: kept, Err: err})
}

// inPage keeps the values as a document at one key.
func inPage(t *testing.T, v map[string]any) source.Source {
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	page := &document.Page{Format: document.YAML}
	kept, err := page.Read(string(data), tree.Origin{Kind: "store", Key: "app.yaml"})
	return sourceOf("page", source.Snapshot{Tree: kept, Err: err})
}

// brokenDocuments are documents in every format that can't be read, with a
// secret right where the mistake is.
func brokenDocuments(s *seeds) map[string]string {
	return map[string]string{
		"a.yaml": "password: \"" + s.text("open") + "\n", "b.yaml": "password: " + s.text("map") + ": x\n",
		"c.yaml": "password: *" + s.text("alias") + "\n", "d.yaml": "password: &" + s.text("anchor") + " [\n",
		"e.yaml": "password: !" + s.text("tag") + " x\npassword: " + s.text("twice") + "\n", "f.yaml": "\tpassword: " + s.text("tab") + "\n",
		"g.yaml": "password: '" + s.text("quote") + "'s'\n", "h.yaml": "password: |x\n " + s.text("block") + "\n", "i.yaml": "- " + s.text("item"),
		"a.json": `{"password": "` + s.text("open") + "\n\"}", "b.json": `{"password": ` + s.text("bare") + `}`, "c.json": `{"password": "` + s.text("escape") + `\q"}`,
		"d.json": `{"password": "` + s.text("behind") + `"} "` + s.text("more") + `"`, "e.json": `"` + s.text("scalar") + `"`,
		"f.json": `{"password": "` + s.text("twice") + `", "password": "` + s.text("twice") + `"}`, "g.json": `{"number": ` + fmt.Sprint(s.number()) + `x}`,
		"a.toml": "password = \"" + s.text("open") + "\n", "b.toml": "password = " + s.text("bare") + "\n", "c.toml": "password = \"" + s.text("twice") + "\"\npassword = \"x\"\n",
		"d.toml": "number = " + fmt.Sprint(s.number()) + "x\n", "e.toml": "password = \"" + s.text("behind") + "\" " + s.text("more") + "\n", "f.toml": "password = '" + s.text("quote") + "'s'\n",
		"a.env": "PASSWORD=\"" + s.text("open") + "\n", "b.env": "PASSWORD " + s.text("none") + "\n", "c.env": "PASSWORD='" + s.text("quote") + "'s'\n",
		"d.env": "PASSWORD=" + s.text("twice") + "\nPASSWORD=" + s.text("twice") + "\n", "e.env": "PASSWORD=\"" + s.text("escape") + "\\q\"\n",
	}
}
