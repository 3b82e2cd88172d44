package schema_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/confsync/confsync/schema"
)

// Labeled has comments in every place where one can be.
type Labeled[T any] struct {
	// Port is commented above.
	Port  int
	Line  string // Line is commented beside.
	Inner struct {
		// Deep stands in a struct without a name.
		Deep int
	}
	// List of structs.
	List []struct {
		Item T // Item of a list.
	}
	ByKey map[string]*Pool
	Usage int `usage:"The tag wins."` // not this
	Pool      // embedded
	Bare  bool
	Rest  map[string]int `config:",remain"`
}

// Pool is embedded.
type Pool struct {
	Max int // Max of the pool.
}

// TestComments asserts where the description of a field is found.
func TestComments(t *testing.T) {
	s, err := schema.For[Labeled[string]](&schema.Options{Source: os.DirFS("."), EnvPrefix: "APP_"})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"port APP_PORT -port: Port is commented above.",
		"line APP_LINE -line: Line is commented beside.",
		"inner.deep APP_INNER_DEEP -inner.deep: Deep stands in a struct without a name.",
		"list.0.item APP_LIST_0_ITEM -: Item of a list.",
		"by_key.<key>.max APP_BY_KEY__<key>__MAX -: Max of the pool.",
		"usage APP_USAGE -usage: The tag wins.",
		"max APP_MAX -max: Max of the pool.",
		"bare APP_BARE -bare: ",
		"<key>  -: ",
	}
	var got []string
	for _, r := range s.Rows() {
		got = append(got, r.Path+" "+r.Env+" -"+r.Flag+": "+r.About)
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	for _, text := range []string{"Labeled has comments in every place", "Pool is embedded.", "Item of a list."} {
		if !strings.Contains(string(s.JSON()), text) {
			t.Errorf("the schema lacks %q:\n%s", text, s.JSON())
		}
	}
}

// TestRefused asserts that For refuses what Open does, and takes what it takes.
func TestRefused(t *testing.T) {
	if _, err := schema.For[struct{ C chan int }](nil); err == nil || !strings.HasPrefix(err.Error(), "schema: ") {
		t.Errorf("a channel: %v", err)
	}
	type clash struct {
		DB_Max int `config:"db_max"`
		DB     struct{ Max int }
	}
	s, err := schema.For[clash](nil) // only the environment minds
	if err != nil {
		t.Fatal(err)
	}
	if rows := s.Rows(); len(rows) != 2 || rows[0].Env != "" {
		t.Errorf("%+v", rows)
	}
}

// TestTypeThatHoldsItself asserts that every form of a recursive type ends.
func TestTypeThatHoldsItself(t *testing.T) {
	type node struct {
		Value int
		Left  *node
		Kids  []node
		ByKey map[string]node
	}
	s, err := schema.For[node](nil)
	if err != nil {
		t.Fatal(err)
	}
	if text := string(s.JSON()); strings.Count(text, `"$ref": "#/$defs/schema_test.node-1"`) != 4 {
		t.Errorf("%s", text)
	}
	if text := string(s.Sample()) + s.Help(); strings.Count(text, "value") < 2 {
		t.Errorf("%s", text)
	}
}
