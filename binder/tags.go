package binder

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"unicode"

	"github.com/agnivade/levenshtein"
)

// tag is what a struct field's tags, and else its name and type, say.
type tag struct {
	name       string // Go's
	key        string // the configuration's
	inline     bool   // its keys stand among its parent's
	remain     bool
	required   bool
	secret     bool
	aliases    []string // other keys it answers to
	deprecated []string // keys it answers to, with a warning
	env        []string // variables, by their whole names
	envNames   []string // variables, by their names behind the prefixes of those above
	envPrefix  string   // before the envNames of those below it
	text       string   // of the default tag
	hasDefault bool
	ignored    []string // of its tags, what has no meaning here
}

// nameTags may name a field; the first that does counts.
var nameTags = []string{"config", "koanf", "konf", "mapstructure", "yaml", "toml", "json"}

// foreignTags are tags of other libraries, with the tag that says the same here.
// They are reported, not honoured.
var foreignTags = map[string]string{
	"envDefault": "default", "env-default": "default", "env-required": `config:",required"`,
	"envSeparator": "", "env-separator": "", "envExpand": "", "env-layout": "", "envKeyValSeparator": "",
}

// parseTag reads a field's tags. It reports false for a field that is not
// bound: unexported, or named "-" by the first tag it has of those that name
// fields. Without a name in a tag, the key is the Go name in snake case.
func parseTag(f reflect.StructField) (tag, bool, error) {
	t := tag{name: f.Name}
	var err error
	for i, key := range nameTags {
		value, ok := f.Tag.Lookup(key)
		if !ok {
			continue
		}
		if value == "-" {
			if t.key == "" && !slices.ContainsFunc(nameTags[:i], func(k string) bool { _, ok := f.Tag.Lookup(k); return ok }) {
				return t, false, nil
			}
			continue
		}
		name, options, _ := strings.Cut(value, ",")
		named := t.key != ""
		if !named {
			t.key = name
		}
		if key == "config" {
			err = t.readOptions(options)
		} else if !named {
			t.readForeign(options)
		}
	}
	t.readEnv(f.Tag)
	t.text, t.hasDefault = f.Tag.Lookup("default")
	bound := t.complete(f)
	return t, bound, err
}

// readOptions reads the options of a config tag, all of which have to be known.
func (t *tag) readOptions(options string) error {
	if options == "" {
		return nil
	}
	for option := range strings.SplitSeq(options, ",") {
		name, value, valued := strings.Cut(option, "=")
		list := map[string]*[]string{"alias": &t.aliases, "deprecated": &t.deprecated, "env": &t.env}[name]
		flag := map[string]*bool{"required": &t.required, "secret": &t.secret, "inline": &t.inline, "squash": &t.inline, "remain": &t.remain}[name]
		switch {
		case list != nil && value != "":
			*list = append(*list, value)
		case list != nil:
			return fmt.Errorf("tag option %q wants a name, as in %s=name", option, name)
		case flag != nil && !valued:
			*flag = true
		case flag != nil:
			return fmt.Errorf("tag option %q takes no value", option)
		default:
			return unknownOption(option, name)
		}
	}
	return nil
}

func unknownOption(option, name string) error {
	best, distance := "", 4
	for _, known := range []string{"required", "secret", "inline", "squash", "remain", "alias", "deprecated", "env"} {
		if d := levenshtein.ComputeDistance(strings.TrimSpace(name), known); d < distance && d < len(known)-1 {
			best, distance = known, d
		}
	}
	if best == "" {
		return fmt.Errorf("unknown tag option %q", option)
	}
	return fmt.Errorf("unknown tag option %q; did you mean %q?", option, best)
}

// readForeign reads the options of another library's tag that mean something
// here. The others are about writing documents.
func (t *tag) readForeign(options string) {
	for option := range strings.SplitSeq(options, ",") {
		t.inline = t.inline || option == "squash" || option == "inline"
		t.remain = t.remain || option == "remain"
		t.required = t.required || option == "required"
		t.secret = t.secret || option == "secret"
	}
}

// isVariable reports whether a text looks like a variable's name, and not like an
// option.
func isVariable(text string) bool {
	strange := func(r rune) bool { return !(r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '_') }
	return text != "" && !strings.ContainsFunc(text, strange)
}

// readEnv reads the tags of libraries that fill structs from the environment:
// env:"NAME", with several names between commas, and the prefix of those below.
func (t *tag) readEnv(tags reflect.StructTag) {
	value, _ := tags.Lookup("env")
	for option := range strings.SplitSeq(value, ",") {
		option = strings.TrimSpace(option)
		prefix, prefixed := strings.CutPrefix(option, "prefix=")
		switch {
		case isVariable(option):
			t.envNames = append(t.envNames, option)
		case option == "required":
			t.required = true
		case prefixed:
			t.envPrefix = prefix
		case option != "" && option != "-":
			t.ignored = append(t.ignored, fmt.Sprintf("option %q of the tag env", option))
		}
	}
	for _, key := range []string{"envPrefix", "env-prefix"} {
		if prefix, ok := tags.Lookup(key); ok {
			t.envPrefix = prefix
		}
	}
	for key, instead := range foreignTags {
		if _, ok := tags.Lookup(key); !ok {
			continue
		}
		note := "the tag " + key
		if instead != "" {
			note += " (the tag " + instead + " is)"
		}
		t.ignored = append(t.ignored, note)
	}
	slices.Sort(t.ignored)
}

// complete adds what the field's own name and type say, and reports whether it is bound.
func (t *tag) complete(f reflect.StructField) bool {
	typ := f.Type
	if typ.Kind() == reflect.Pointer {
		typ = typ.Elem()
	}
	reads := reflect.PointerTo(typ).Implements(textUnmarshaler)
	if f.Anonymous && t.key == "" && typ.Kind() == reflect.Struct && !reads {
		t.inline = true
	}
	if t.inline && typ.Kind() == reflect.Map {
		t.inline, t.remain = false, true
	}
	if t.key == "" {
		t.key = snake(f.Name)
	}
	return f.IsExported() || f.Anonymous && t.inline && f.Type.Kind() == reflect.Struct
}

// snake returns a Go name as a key: MaxConns is max_conns, HTTPServer
// http_server.
func snake(name string) string {
	var b strings.Builder
	letters := []rune(name)
	for i, r := range letters {
		startsWord := unicode.IsUpper(r) && i > 0 && letters[i-1] != '_' &&
			(!unicode.IsUpper(letters[i-1]) || i+1 < len(letters) && unicode.IsLower(letters[i+1]))
		if startsWord {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}
