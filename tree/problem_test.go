package tree_test

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/confsync/confsync/tree"
)

func TestProblemText(t *testing.T) {
	line := func(lines ...string) string { return strings.Join(lines, "\n") }
	file := tree.Origin{Kind: "file", Key: "config.yaml", Line: 12, Column: 9}
	cases := []struct {
		name    string
		problem tree.Problem
		want    string
	}{
		{"an error alone", tree.Problem{Err: errors.New("it is wrong")}, "it is wrong"},
		{"a value", tree.Problem{
			Path:   tree.Path{"server", "port"},
			Kind:   tree.Mistyped,
			Origin: tree.Origin{Kind: "consul", Key: "apps/checkout/server/port", Revision: "index 8812"},
			Field:  "App.Server.Port",
			Err:    errors.New(`cannot use string "80a" as uint16`),
			Hides:  []tree.Value{{Text: "8080", Origin: file}},
		}, line(
			`server.port: cannot use string "80a" as uint16`,
			`    from   consul "apps/checkout/server/port" (index 8812)`,
			`    into   App.Server.Port`,
			`    hides  8080 from file config.yaml:12:9`,
		)},
		{"another value has a part in it", tree.Problem{
			Path:    tree.Path{"db", "pool", "max"},
			Kind:    tree.Refused,
			Origin:  tree.Origin{Kind: "env", Key: "CHECKOUT_DB_POOL_MAX"},
			Err:     errors.New("5 is less than db.pool.min (10)"),
			Related: []tree.Value{{Path: tree.Path{"db", "pool", "min"}, Text: "10", Origin: file}},
		}, line(
			`db.pool.max: 5 is less than db.pool.min (10)`,
			`    from   env CHECKOUT_DB_POOL_MAX; db.pool.min from file config.yaml:12:9`,
		)},
		{"a missing value", tree.Problem{
			Path:     tree.Path{"name"},
			Kind:     tree.Missing,
			Field:    "App.Name",
			Err:      errors.New("a value is required"),
			Searched: []string{"file config.yaml", "env CHECKOUT_NAME"},
		}, line(
			`name: a value is required`,
			`    into   App.Name`,
			`    looked file config.yaml`,
			`           env CHECKOUT_NAME`,
		)},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if got := c.problem.Error(); got != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
			if !errors.Is(c.problem, c.problem.Err) {
				t.Error("it does not wrap its Err")
			}
		})
	}
}

func TestKindNames(t *testing.T) {
	for kind := tree.Absent; kind <= tree.Map; kind++ {
		if kind.String() == "" {
			t.Errorf("kind %d has no name", kind)
		}
	}
	for kind := tree.Unusable; kind <= tree.Deprecated; kind++ {
		if kind.String() == "" {
			t.Errorf("problem kind %d has no name", kind)
		}
	}
	if !tree.Time.IsScalar() || !tree.String.IsScalar() || tree.Null.IsScalar() || tree.List.IsScalar() || tree.Map.IsScalar() {
		t.Error("the scalars are String to Time")
	}
}

func TestProblemListCountsWhatIsTooMany(t *testing.T) {
	var l, other tree.ProblemList
	for range tree.MaxProblems - 1 {
		l.Add(tree.Problem{})
	}
	if l.IsFull() || l.More != 0 {
		t.Errorf("full %v, %d more", l.IsFull(), l.More)
	}
	other.Add(tree.Problem{Kind: tree.Missing}, tree.Problem{Kind: tree.Gap})
	other.More = 5
	l.Join(other)
	if !l.IsFull() || len(l.Problems) != tree.MaxProblems || l.More != 6 || l.Len() != tree.MaxProblems+6 {
		t.Errorf("%d problems and %d more", len(l.Problems), l.More)
	}
	if last := l.Problems[tree.MaxProblems-1]; last.Kind != tree.Missing {
		t.Errorf("the last one kept is %v", last.Kind)
	}
}

// TestProblemsOfLongKeysAreBounded gives a problem a path of a megabyte.
func TestProblemsOfLongKeysAreBounded(t *testing.T) {
	long := strings.Repeat("é", 1<<19)
	p := tree.Problem{Path: tree.Path{"a", long}, Err: &tree.DuplicateKeyError{Key: long}}
	if text := p.Error(); len(text) > 1000 || !utf8.ValidString(text) || !strings.HasPrefix(text, "a.éé") {
		t.Errorf("a text of %d bytes: %.100s", len(text), text)
	}
}

// TestProblemKindsAreRead asserts that each kind is read as it is written.
func TestProblemKindsAreRead(t *testing.T) {
	for kind := tree.Unusable; kind <= tree.Deprecated; kind++ {
		text, err := kind.MarshalText()
		if err != nil {
			t.Fatal(err)
		}
		var back tree.ProblemKind
		if err := back.UnmarshalText(text); err != nil || back != kind {
			t.Errorf("%s: got %v, %v", text, back, err)
		}
	}
	if err := new(tree.ProblemKind).UnmarshalText([]byte("nonesuch")); err == nil {
		t.Error("a kind that there isn't is read")
	}
}
