package document

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/confsync/confsync/internal/await"
	"github.com/confsync/confsync/tree"
)

// bombs are documents of about n bytes in shapes that have made a parser take
// more than its share of time or memory.
var bombs = []struct {
	name   string
	format Format
	make   func(n int) string
}{
	{"one line with a character that is not ASCII", YAML, func(n int) string { return "é: [" + strings.Repeat("a, ", n/3) + "a]" }},
	{"one line of anchored keys and their aliases", YAML, anchoredKeys},
	{"a merge of many maps", YAML, func(n int) string {
		return "b: &b {" + numbered("k%d: 1, ", n/2) + "}\ns: &s {x: 1}\nm: {<<: [*b, " + strings.Repeat("*s, ", n/8) + "*s]}\n"
	}},
	{"a merge of one map many times", YAML, func(n int) string {
		return "b: &b {x: 1}\n" + numbered("m%d: {<<: *b, y: 1}\n", n)
	}},
	{"a flow list", YAML, func(n int) string { return "a: [" + strings.Repeat("a,", n/2) + "a]" }},
	{"a flow map", YAML, func(n int) string { return "{" + numbered("k%d: 1,", n) + "}" }},
	{"a block list", YAML, func(n int) string { return "a:\n" + strings.Repeat("- a\n", n/4) }},
	{"a block map", YAML, func(n int) string { return numbered("k%d: 1\n", n) }},
	{"open brackets", YAML, func(n int) string { return strings.Repeat("[", n) }},
	{"dashes in a line", YAML, func(n int) string { return strings.Repeat("- ", n/2) }},
	{"questions in a line", YAML, func(n int) string { return strings.Repeat("? ", n/2) }},
	{"deeper and deeper", YAML, func(n int) string {
		var b strings.Builder
		for i := 0; b.Len() < n; i++ {
			b.WriteString(strings.Repeat(" ", i) + "a:\n")
		}
		return b.String()
	}},
	{"comments", YAML, func(n int) string { return "a: 1\n" + strings.Repeat("# x\n", n/4) + "b: 2\n" }},
	{"comments in a list", YAML, func(n int) string { return "a:\n" + strings.Repeat("- x # y\n# z\n", n/12) }},
	{"a comment without end", YAML, func(n int) string { return "a: 1 #" + strings.Repeat("x", n) }},
	{"a plain text over lines", YAML, func(n int) string { return "a: x\n" + strings.Repeat("  y\n", n/4) }},
	{"a quoted text over lines", YAML, func(n int) string { return "a: \"x\n" + strings.Repeat("  y\n", n/4) + "\"" }},
	{"a block text", YAML, func(n int) string { return "a: |\n" + strings.Repeat("  y, [\n", n/7) }},
	{"an unclosed quote", YAML, func(n int) string { return "a: '" + strings.Repeat("x", n) }},
	{"colons", YAML, func(n int) string { return "a: " + strings.Repeat("b:", n/2) }},
	{"a long key", YAML, func(n int) string { return "{" + strings.Repeat("a", n) + ": 1}" }},
	{"empty documents", YAML, func(n int) string { return "a: 1\n" + strings.Repeat("---\n", n/4) }},
	{"anchors", YAML, func(n int) string { return "a: [" + numbered("&k%d 1, ", n) + "]" }},
	{"tags", YAML, func(n int) string { return "a: [" + strings.Repeat("!!str a, ", n/9) + "]" }},
	{"lines that end in CR", YAML, func(n int) string { return "é: [" + strings.Repeat("a,\r", n/3) + "]" }},

	{"a list", JSON, func(n int) string { return `{"a":[` + strings.Repeat("1,", n/2) + "1]}" }},
	{"open brackets", JSON, func(n int) string { return strings.Repeat("[", n) }},
	{"one key many times", JSON, func(n int) string { return "{" + strings.Repeat(`"a":1,`, n/6) + `"a":1}` }},
	{"escapes", JSON, func(n int) string { return `{"a":"` + strings.Repeat(`\n`, n/2) + `"}` }},
	{"comments", JSONC, func(n int) string { return strings.Repeat("/**/", n/4) + "{}" }},
	{"openings of a comment", JSONC, func(n int) string { return strings.Repeat("/*", n/2) + "{}" }},

	{"a table far down", TOML, func(n int) string { return "[" + strings.Repeat("a.", n/2) + "a]" }},
	{"a key far down", TOML, func(n int) string { return strings.Repeat("a.", n/2) + "a = 1" }},
	{"a quoted key far down", TOML, func(n int) string { return strings.Repeat("'a' . ", n/6) + "a = 1" }},
	{"a list", TOML, func(n int) string { return "a = [" + strings.Repeat("1,", n/2) + "1]" }},
	{"inline tables", TOML, func(n int) string { return "a = [" + strings.Repeat("{},", n/3) + "{}]" }},
	{"open brackets", TOML, func(n int) string { return "a = " + strings.Repeat("[", n) }},
	{"arrays of tables", TOML, func(n int) string { return strings.Repeat("[[a]]\n", n/6) }},
	{"tables below tables", TOML, func(n int) string {
		return numbered("[a.b.c.d.e.f.g.h.i.j.k%d]\n", n)
	}},
	{"dotted keys", TOML, func(n int) string { return numbered("a.b.c.d.e.f.g.h.i.j.k%d = 1\n", n) }},
	{"comments", TOML, func(n int) string { return strings.Repeat("# x\n", n/4) }},
	{"one line with a character that is not ASCII", TOML, func(n int) string { return "\"é\" = [" + strings.Repeat("1,", n/2) + "]" }},

	{"lines", Dotenv, func(n int) string { return numbered("K%d=1\n", n) }},
	{"a text over lines", Dotenv, func(n int) string { return "A=\"" + strings.Repeat("x\n", n/2) + "\"" }},
	{"hashes", Dotenv, func(n int) string { return "A=x" + strings.Repeat(" #", n/2) }},
	{"one key many times", Dotenv, func(n int) string { return strings.Repeat("A=1\n", n/4) }},
}

// numbered returns the format with 0, 1, 2 … put in, until there are n bytes.
func numbered(format string, n int) string {
	var b strings.Builder
	for i := 0; b.Len() < n; i++ {
		fmt.Fprintf(&b, format, i)
	}
	return b.String()
}

func anchoredKeys(n int) string {
	var b strings.Builder
	b.WriteString("{é: 1, ")
	count := 0
	for ; b.Len() < n/2; count++ {
		fmt.Fprintf(&b, "&k%d a%d: 1, ", count, count)
	}
	b.WriteString("x: [")
	for i := range count {
		fmt.Fprintf(&b, "*k%d, ", i)
	}
	b.WriteString("]}")
	return b.String()
}

// BenchmarkBombs doubles each bomb: the time and the memory of a line are to be
// about twice those of the line before it.
func BenchmarkBombs(b *testing.B) {
	for _, bomb := range bombs {
		for _, n := range []int{128 << 10, 256 << 10, 512 << 10} {
			doc := []byte(bomb.make(n))
			b.Run(fmt.Sprintf("%v %s/%dk", bomb.format, bomb.name, n>>10), func(b *testing.B) {
				b.SetBytes(int64(len(doc)))
				b.ReportAllocs()
				for b.Loop() {
					_, _ = Decode(bomb.format, doc, Limits{})
				}
			})
		}
	}
}

// allocated returns how many bytes f allocates, those included that it lets go.
func allocated(f func()) int64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return int64(after.TotalAlloc - before.TotalAlloc)
}

// What a document allocates grows with its bytes, and no faster. (So does the
// time, but that can't be asserted on a busy machine: see BenchmarkBombs.)
func TestBombsAreLinear(t *testing.T) {
	for _, bomb := range bombs {
		t.Run(fmt.Sprintf("%v %s", bomb.format, bomb.name), func(t *testing.T) {
			cost := func(n int) int64 {
				doc := []byte(bomb.make(n))
				return allocated(func() { _, _ = Decode(bomb.format, doc, Limits{}) })
			}
			small, large := cost(16<<10), cost(128<<10)
			if large > 3*8*max(small, 32<<10) {
				t.Errorf("8 times the bytes allocate %.1f times the memory: %d and %d bytes", float64(large)/float64(small), small, large)
			}
		})
	}
}

// Limits bound the parse itself: a document that is too large for them is
// refused before it has cost more than a document that fits.
func TestLimitsBoundTheParse(t *testing.T) {
	const size, most = 16 << 20, 256 << 20
	for _, bomb := range bombs {
		switch bomb.name {
		case "a flow list", "a flow map", "a block list", "a list", "a table far down", "a key far down", "arrays of tables":
		default:
			continue
		}
		t.Run(fmt.Sprintf("%v %s", bomb.format, bomb.name), func(t *testing.T) {
			doc := []byte(bomb.make(size - size/8))
			var err error
			cost := allocated(func() { _, err = Decode(bomb.format, doc, Limits{Keys: 10_000}) })
			found := tree.Problems(err)
			if len(found) != 1 || found[0].Kind != tree.TooLarge {
				t.Errorf("got %v, want one problem: too large", err)
			}
			if cost > most {
				t.Errorf("it allocated %d MiB to say so", cost>>20)
			}
		})
	}
}

// What counts a large document's values before it is parsed never finds one that
// isn't there.
func TestManyValuesAreNotOvercounted(t *testing.T) {
	text := strings.Repeat("  x, - [y: {,\n", 40_000)
	for name, c := range map[string]struct {
		format Format
		doc    string
	}{
		"a block text":                     {YAML, "a: |\n" + text + "b: 1\n"},
		"a block text in a list":           {YAML, "- a: >-\n" + strings.ReplaceAll(text, "  x", "    x") + "  b: 1\n"},
		"a block text with a property":     {YAML, "- &x |\n" + text},
		"a plain text over lines":          {YAML, "a: x\n" + strings.Repeat("   y, [z,\n", 60_000) + "b: 1\n"},
		"quoted texts":                     {YAML, "a: '" + strings.Repeat("x, ''[y: \n\n", 60_000) + "'\nb: \"" + strings.Repeat("x, \\\" [- y: ", 60_000) + "\"\n"},
		"comments":                         {YAML, strings.Repeat("# - a, [b: {\n", 60_000) + "a: 1 # x, y\n"},
		"times and addresses":              {YAML, strings.Repeat("- 10:20:30,40,50::1,a-b-c,[d\n", 30_000)},
		"a text at the top":                {YAML, "--- |\n" + text},
		"strings of TOML":                  {TOML, "a = '''" + strings.Repeat("x,' .,\n", 80_000) + "'''\nb = \"\"\"" + strings.Repeat("\\\"x,\n", 80_000) + "\"\"\"\n"},
		"lines of TOML":                    {TOML, numbered("k%d = 'a,b,c.d.e.f' # x,,,,,.......\n", 600_000)},
		"floats and dates of TOML":         {TOML, "a = [" + strings.Repeat("1.5, 1979-05-27T07:32:00.5Z,\n", 20_000) + "]"},
		"multi-line quotes within a quote": {TOML, "a = \"'''\"\nb = '\"\"\"'\n" + numbered("k%d = ''\n", 600_000)},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Decode(c.format, []byte(c.doc), Limits{Keys: 1 << 17})
			for _, p := range tree.Problems(err) {
				if p.Kind == tree.TooLarge {
					t.Errorf("of %d bytes: %v", len(c.doc), p)
				}
			}
		})
	}
}

func TestDecodeContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, format := range []Format{YAML, JSON, TOML, Dotenv, JSONC} {
		got, err := DecodeContext(ctx, format, []byte("{}"), Limits{})
		if got.Root() != nil || !errors.Is(err, context.Canceled) || tree.Problems(err) != nil {
			t.Errorf("%v: got %v, %v, want context.Canceled alone", format, got.Root(), err)
		}
	}
}

// A decoding that is under way ends when its context does.
func TestDecodeIsInterrupted(t *testing.T) {
	for format, doc := range map[Format]string{
		YAML: numbered("k%d: [1, 2, 3]\n", 4<<20), JSON: `{"a":[` + strings.Repeat("[1],", 1<<20) + "1]}",
		TOML: numbered("k%d = [1, 2, 3]\n", 4<<20), Dotenv: numbered("K%d=1\n", 4<<20),
	} {
		await.Until(t, format.String()+" to be interrupted", func() bool {
			ctx, cancel := context.WithCancel(t.Context())
			go cancel()
			got, err := DecodeContext(ctx, format, []byte(doc), Limits{Keys: -1})
			if err != nil && (got.Root() != nil || !errors.Is(err, context.Canceled)) {
				t.Fatalf("%v: %v, want context.Canceled alone", format, err)
			}
			return err != nil // else it was quicker than the other goroutine
		})
	}
}
