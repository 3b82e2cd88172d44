package schematest

import (
	"bytes"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v4"

	"github.com/confsync/confsync/schema"
	"github.com/confsync/confsync/source/document"
)

// TestSampleIsWhatNoDocumentGives asserts that a sample is accepted as it
// stands, and that Open serves of it what it serves of an empty document.
func TestSampleIsWhatNoDocumentGives(t *testing.T) {
	t.Run("settled", sampled[settled])
	t.Run("open", sampled[open])
}

// settled has defaults and nothing that is required.
type settled struct {
	Port    uint16        `default:"8080"`
	Name    string        `default:"yes"`
	Wait    time.Duration `default:"1m30s"`
	Since   time.Time
	Ratio   float64 `default:"1e-3"`
	On      bool    `default:"true"`
	Weekday *string
	Count   *int     `default:"3"`
	Tags    []string `default:"a,\"b\",c: d"`
	Pair    [2]int   `default:"1,2"`
	Text    string   `default:"two\nlines # and: more"`
	Secret  string   `config:",secret" default:"hunter2"`
	Server  struct {
		Hosts []string
		Store *store
	}
	Services map[string]store
	Servers  []store
}

func sampled[T any](t *testing.T) {
	s, compiled := compile[T](t, nil)
	text := s.Sample()
	doc := asJSON(t, text)
	if err := compiled.Validate(doc); err != nil {
		t.Errorf("%v\n%s", err, text)
	}
	got, err := serve[T](t, document.YAML, text)
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	want, err := serve[T](t, document.YAML, nil)
	if err != nil {
		t.Fatal(err)
	}
	if a, b := emptyToNil(reflect.ValueOf(*got)), emptyToNil(reflect.ValueOf(*want)); !reflect.DeepEqual(a, b) {
		t.Errorf("got %+v, want %+v, of\n%s", a, b, text)
	}
}

// emptyToNil returns a copy of a struct in which lists and maps that are empty
// are nil.
func emptyToNil(v reflect.Value) any {
	out := reflect.New(v.Type()).Elem()
	out.Set(v)
	for i := range out.NumField() {
		switch f := out.Field(i); {
		case !f.CanSet():
		case f.Kind() == reflect.Struct && f.Type() != reflect.TypeFor[time.Time]():
			f.Set(reflect.ValueOf(emptyToNil(f)))
		case (f.Kind() == reflect.Slice || f.Kind() == reflect.Map) && f.Len() == 0:
			f.SetZero()
		}
	}
	return out.Interface()
}

// asJSON returns a YAML document as the validator takes it.
func asJSON(t *testing.T, text []byte) any {
	t.Helper()
	var doc any
	if err := yaml.Unmarshal(text, &doc); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return doc
}

// TestSampleMistyped asserts that every key of a sample, mistyped, is refused by
// the schema and by Open.
func TestSampleMistyped(t *testing.T) {
	s, compiled := compile[settled](t, &schema.Options{EnvPrefix: "APP"})
	lines := strings.Split(string(s.Sample()), "\n")
	key := regexp.MustCompile(`^( *)([a-z]+):`)
	mistyped := 0
	for i, line := range lines {
		if !key.MatchString(line) {
			continue
		}
		edited := append([]string(nil), lines...)
		edited[i] = key.ReplaceAllString(line, "${1}x${2}:")
		text := []byte(strings.Join(edited, "\n"))
		if err := compiled.Validate(asJSON(t, text)); err == nil {
			t.Errorf("the schema takes %q", edited[i])
		}
		if _, err := serve[settled](t, document.YAML, text); err == nil {
			t.Errorf("Open takes %q", edited[i])
		}
		mistyped++
	}
	if mistyped < 14 {
		t.Errorf("%d keys mistyped, of\n%s", mistyped, s.Sample())
	}
}

// TestExamplesInTheSample asserts that what a sample has in comments is good too.
func TestExamplesInTheSample(t *testing.T) {
	s, compiled := compile[settled](t, nil)
	text := string(s.Sample())
	for _, name := range []string{"services", "servers"} {
		text = strings.Replace(text, "\n"+name+": ", "\nany_"+name+": ", 1) // the empty one makes room
	}
	text = regexp.MustCompile(`(?m)^any_.*$`).ReplaceAllString(text, "")
	text = regexp.MustCompile(`(?m)^( *)# (( *)([a-z]+:|-).*)$`).ReplaceAllString(text, "$1$2")
	doc := asJSON(t, []byte(text))
	if err := compiled.Validate(doc); err != nil {
		t.Errorf("%v\n%s", err, text)
	}
	got, err := serve[settled](t, document.YAML, []byte(text))
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	if len(got.Services) != 1 || len(got.Servers) != 1 || got.Server.Store == nil {
		t.Errorf("%+v\n%s", got, text)
	}
}

// TestPartial asserts that the schema of one layer among several asks for no
// key, and still refuses what is wrong.
func TestPartial(t *testing.T) {
	_, compiled := compile[needy](t, &schema.Options{Partial: true})
	for text, good := range map[string]bool{
		`{}`: true, `{"a": {"d": 1}}`: true, `{"a": {"b": {}}}`: true, `{"a": {"d": "x"}}`: false, `{"b": {}}`: false, `{"a": null}`: false,
	} {
		doc, err := jsonschema.UnmarshalJSON(bytes.NewReader([]byte(text)))
		if err != nil {
			t.Fatal(err)
		}
		if err := compiled.Validate(doc); (err == nil) != good {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// TestInterpolate asserts that a text with a placeholder stands for a value of any
// type where the program fills placeholders, and for itself elsewhere.
func TestInterpolate(t *testing.T) {
	_, plain := compile[settled](t, nil)
	_, filled := compile[settled](t, &schema.Options{Interpolate: true})
	for text, good := range map[string][2]bool{
		`{"port": "${env:PORT}"}`: {false, true}, `{"wait": "${n}s"}`: {false, true}, `{"server": "${other}"}`: {false, true}, `{"pair": "${x},2"}`: {false, true},
		`{"services": "${all}"}`: {false, true}, `{"name": "${x}"}`: {true, true}, `{"port": "$5"}`: {false, false}, `{"port": "80"}`: {true, true}, `{"prot": "${x}"}`: {false, false},
	} {
		doc, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		if got := [2]bool{plain.Validate(doc) == nil, filled.Validate(doc) == nil}; got != good {
			t.Errorf("%s: %v, want %v", text, got, good)
		}
	}
}

// TestTexts asserts that a type that reads text itself is checked by the
// expression that the caller has for it.
func TestTexts(t *testing.T) {
	type app struct{ Colour colour }
	_, compiled := compile[app](t, &schema.Options{Texts: map[reflect.Type]string{reflect.TypeFor[colour](): `#[\da-f]{6}`}})
	for text, good := range map[string]bool{`{"colour": "#00ff00"}`: true, `{"colour": "green"}`: false, `{"colour": "x#00ff00"}`: false} {
		doc, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		if err := compiled.Validate(doc); (err == nil) != good {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// colour reads its text.
type colour string

func (c *colour) UnmarshalText(text []byte) error {
	*c = colour(text)
	return nil
}
