package source_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/tree"
)

var leaf = &tree.Shape{}

// structOf returns a struct of keys and shapes by turns; a nil shape is a leaf.
func structOf(keysAndShapes ...any) *tree.Shape {
	s := &tree.Shape{}
	for i := 0; i < len(keysAndShapes); i += 2 {
		shape, _ := keysAndShapes[i+1].(*tree.Shape)
		if shape == nil {
			shape = leaf
		}
		s.Fields = append(s.Fields, tree.Field{Key: keysAndShapes[i].(string), Shape: shape})
	}
	return s
}

func listOf(elem *tree.Shape) *tree.Shape { return &tree.Shape{Elem: elem, List: true} }
func mapOf(elem *tree.Shape) *tree.Shape  { return &tree.Shape{Elem: elem} }

// recursive returns a struct that has itself in a field, a list and a map.
func recursive() *tree.Shape {
	s := structOf("name", nil, "maxDepth", nil)
	s.Fields = append(s.Fields, structOf("next", s, "kids", listOf(s), "by_key", mapOf(s)).Fields...)
	return s
}

func app() *tree.Shape {
	server := structOf("host", nil, "port", nil)
	return structOf(
		"name", nil,
		"db", structOf("maxConns", nil, "max_idle", nil, "pool", structOf("size", nil)),
		"HTTPTimeout", nil,
		"tags", listOf(leaf),
		"servers", listOf(server),
		"labels", mapOf(leaf),
		"regions", mapOf(server),
		"zones", mapOf(mapOf(leaf)),
		"extra", nil,
		"tree", recursive(),
	)
}

const (
	env   = "_"
	flags = ".-_"
)

func TestNamesResolve(t *testing.T) {
	tests := []struct{ seps, name, want string }{
		{env, "NAME", "name"},
		{env, "name", "name"},
		{env, "DB_MAX_CONNS", "db.maxConns"},
		{env, "DB_MAXCONNS", "db.maxConns"},
		{env, "DB__MAX_CONNS", "db.maxConns"},
		{env, "DB_MAXIDLE", "db.max_idle"},
		{env, "DB_POOL_SIZE", "db.pool.size"},
		{env, "HTTP_TIMEOUT", "HTTPTimeout"},
		{env, "HTTPTIMEOUT", "HTTPTimeout"},
		{env, "TAGS", "tags"},
		{env, "TAGS_10", "tags.10"},
		{env, "SERVERS_0_HOST", "servers.0.host"},
		{env, "LABELS", "labels"},
		{env, "LABELS_teamName", "labels.teamName"},
		{env, "LABELS__teamName", "labels.teamName"},
		{env, "LABELS_TEAM_NAME", "labels.TEAM_NAME"},
		{env, "LABELS___hidden", "labels._hidden"},
		{env, "LABELS_example.org/role", `labels.example\.org/role`},
		{env, "REGIONS_eu_west__HOST", "regions.eu_west.host"},
		{env, "REGIONS__eu__PORT", "regions.eu.port"},
		{env, "ZONES_a__b_c", "zones.a.b_c"},
		{env, "TREE_NEXT_NEXT_NAME", "tree.next.next.name"},
		{env, "TREE_KIDS_2_BY_KEY__x__MAX_DEPTH", "tree.kids.2.by_key.x.maxDepth"},

		{env, "", ""},
		{env, "DB", ""},      // a struct takes no value
		{env, "DB_MAX", ""},  // no such field
		{env, "DB_MAX_", ""}, // a separator and nothing after it
		{env, "_DB_MAX_CONNS", ""},
		{env, "DB___MAX_CONNS", ""},
		{env, "DB.MAX_CONNS", ""}, // not a separator here
		{env, "NAME_X", ""},       // a leaf with a rest
		{env, "EXTRA_X", ""},
		{env, "TAGS_01", ""},
		{env, "TAGS_x", ""},
		{env, "TAGS_0_x", ""},
		{env, "SERVERS_0", ""},
		{env, "LABELS_", ""},
		{env, "LABELS_a__b", ""},
		{env, "REGIONS_eu_HOST", ""}, // a struct is not a map's value without "__"
		{env, "TREE_NEXT", ""},

		{flags, "db.max-conns", "db.maxConns"},
		{flags, "db-max-conns", "db.maxConns"},
		{flags, "db.maxConns", "db.maxConns"},
		{flags, "db_max_conns", "db.maxConns"},
		{flags, "http-timeout", "HTTPTimeout"},
		{flags, "servers.0.port", "servers.0.port"},
		{flags, "servers-0-port", "servers.0.port"},
		{flags, "labels.example.org/role", `labels.example\.org/role`},
		{flags, "regions.eu-west__host", "regions.eu-west.host"},
		{flags, "db..pool.size", "db.pool.size"},
		{flags, "db.max.conns", ""}, // a dot is never inside a field's name
		{flags, "db.", ""},
		{"", "name", "name"},
		{"", "db_max_conns", ""},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprintf("%q in %q", tt.name, tt.seps), func(t *testing.T) {
			n, err := source.NewNames(app(), tt.seps)
			if err != nil {
				t.Fatal(err)
			}
			got, err := n.Resolve(tt.name)
			if got.String() != tt.want || tt.want == "" && !errors.Is(err, source.ErrUnknownName) || tt.want != "" && err != nil {
				t.Errorf("resolves to %q with error %v, want %q", got, err, tt.want)
			}
		})
	}
}

func TestNamesAmbiguous(t *testing.T) {
	shape := structOf(
		"db", structOf("max_conns", nil),
		"dbmax", structOf("conns", nil),
		"labels", mapOf(leaf),
		"labels_max", nil,
		"labelsmaxSize", nil,
	)
	n, err := source.NewNames(shape, env)
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name, want string
		both       []string
	}{
		{"DB_MAX_CONNS", "db.max_conns", nil}, // its own name, though dbmax.conns answers to it too
		{"DBMAX_CONNS", "dbmax.conns", nil},
		{"LABELS_MAX", "labels_max", nil},
		{"LABELS__MAX", "labels.MAX", nil},
		{"DB_MAX__CONNS", "", []string{"db.max_conns", "dbmax.conns"}},
		{"LABELS_MAXSIZE", "", []string{"labels.MAXSIZE", "labelsmaxSize"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := n.Resolve(tt.name)
			if got.String() != tt.want || (tt.want == "") != (err != nil) || errors.Is(err, source.ErrUnknownName) {
				t.Fatalf("resolves to %q with error %v, want %q", got, err, tt.want)
			}
			for _, each := range tt.both {
				if !strings.Contains(err.Error(), each) {
					t.Errorf("error %q doesn't name %s", err, each)
				}
			}
		})
	}
}

func TestNamesClash(t *testing.T) {
	loop := structOf("a", nil)
	loop.Fields = append(loop.Fields, tree.Field{Key: "next", Shape: loop}, tree.Field{Key: "next_next_a", Shape: leaf})
	tests := []struct {
		name  string
		shape *tree.Shape
		both  []string // nil: no clash
	}{
		{"the whole app", app(), nil},
		{"no type", nil, nil},
		{"a field and a nested field", structOf("db_max", nil, "db", structOf("max", nil)), []string{"db_max", "db.max", "DB_MAX"}},
		{"one struct", structOf("maxConns", nil, "max_conns", nil), []string{"maxConns", "max_conns", "MAX_CONNS"}},
		{"both nested", structOf("a", structOf("b_c", nil), "a_b", structOf("c", nil)), []string{"a.b_c", "a_b.c", "A_B_C"}},
		{"in the elements of a list", structOf("l", listOf(structOf("x_y", nil, "x", structOf("y", nil)))), []string{"l.0.x_y", "l.0.x.y"}},
		{"in the elements of a map", mapOf(structOf("x_y", nil, "x", structOf("y", nil))), []string{"*.x_y", "*.x.y"}},
		{"a field like an element", structOf("l", listOf(leaf), "l_0", nil), []string{"l.0", "l_0"}},
		{"a recursive type", loop, []string{"next.next.a", "next_next_a"}},
		{"a struct that takes no value", structOf("log_level", structOf("x", nil), "log", structOf("level", nil)), nil},
		{"different words", structOf("dbmax", nil, "db", structOf("max", nil)), nil},
		{"a beginning", structOf("db", structOf("max", nil), "db_maximum", nil), nil},
		{"no words", structOf("-", nil, "_", nil), nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := source.NewNames(tt.shape, env)
			if (err != nil) != (tt.both != nil) {
				t.Fatalf("error is %v, want one that names %v", err, tt.both)
			}
			for _, each := range tt.both {
				if !strings.Contains(err.Error(), each) {
					t.Errorf("error %q doesn't name %s", err, each)
				}
			}
		})
	}
}

// A type whose structs all contain one another has more paths than can be listed.
func TestNamesOfADenseType(t *testing.T) {
	const size = 20
	all := make([]*tree.Shape, size)
	for i := range all {
		all[i] = structOf("leaf", nil)
	}
	for _, s := range all {
		for j, kid := range all {
			s.Fields = append(s.Fields, tree.Field{Key: fmt.Sprintf("k%d", j), Shape: kid}, tree.Field{Key: fmt.Sprintf("k_%d", j), Shape: kid})
		}
	}
	n, err := source.NewNames(all[0], env)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := n.Resolve(strings.Repeat("K_1_", 50)); !errors.Is(err, source.ErrUnknownName) {
		t.Errorf("error is %v", err)
	}
}

func TestNamesCanonical(t *testing.T) {
	n, err := source.NewNames(app(), env)
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		"db.maxConns":      "DB_MAX_CONNS",
		"db.max_idle":      "DB_MAX_IDLE",
		"HTTPTimeout":      "HTTP_TIMEOUT",
		"tags.3":           "TAGS_3",
		"servers.0.host":   "SERVERS_0_HOST",
		"labels.team_name": "LABELS__team_name",
		"regions.eu.host":  "REGIONS__eu__HOST",
		"zones.a.b":        "ZONES__a__b",
	} {
		p, _ := tree.ParsePath(path)
		if got := n.Canonical(p); got != want {
			t.Errorf("Canonical(%s) is %s, want %s", path, got, want)
		}
		if got, err := n.Resolve(want); err != nil || !got.Equal(p) {
			t.Errorf("%s resolves to %s, %v", want, got, err)
		}
	}
}

func ExampleNames() {
	type shape = tree.Shape
	text := &shape{}
	n, err := source.NewNames(&shape{Fields: []tree.Field{
		{Key: "db", Shape: &shape{Fields: []tree.Field{{Key: "maxConns", Shape: text}}}},
		{Key: "labels", Shape: &shape{Elem: text}},
	}}, "_")
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, name := range []string{"DB_MAX_CONNS", "LABELS_team", "DB_MIN"} {
		path, err := n.Resolve(name)
		fmt.Printf("%s: %q %v\n", name, path, err)
	}
	fmt.Println(n.Canonical(tree.Path{"db", "maxConns"}))
	// Output:
	// DB_MAX_CONNS: "db.maxConns" <nil>
	// LABELS_team: "labels.team" <nil>
	// DB_MIN: "" name "DB_MIN": unknown name
	// DB_MAX_CONNS
}
