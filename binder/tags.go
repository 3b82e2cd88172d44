package binder

import (
	"reflect"
	"strings"
	"unicode"
)

// tag is what a struct field's tags say.
type tag struct {
	name       string
	inline     bool
	remain     bool
	required   bool
	secret     bool
	fallback   string
	hasDefault bool
}

// parseTag reads a field's tags. It reports false for a field that is not
// bound: unexported, or named "-". The name is that of the first of config,
// mapstructure, yaml and json that is there, else the Go name in snake case.
func parseTag(f reflect.StructField) (tag, bool) {
	t := tag{name: snake(f.Name)}
	var options string
	named := false
	for _, key := range []string{"config", "mapstructure", "yaml", "json"} {
		value, ok := f.Tag.Lookup(key)
		if !ok {
			continue
		}
		name, rest, _ := strings.Cut(value, ",")
		if name == "-" && rest == "" {
			return t, false
		}
		if name != "" {
			t.name, named = name, true
		}
		options = rest
		break
	}
	for option := range strings.SplitSeq(options, ",") {
		switch option {
		case "required":
			t.required = true
		case "secret":
			t.secret = true
		case "squash", "inline":
			t.inline = true
		case "remain":
			t.remain = true
		}
	}
	t.fallback, t.hasDefault = f.Tag.Lookup("default")

	typ := f.Type
	if typ.Kind() == reflect.Pointer {
		typ = typ.Elem()
	}
	if f.Anonymous && !named && typ.Kind() == reflect.Struct && !reflect.PointerTo(typ).Implements(textUnmarshaler) {
		t.inline = true
	}
	if t.inline && typ.Kind() == reflect.Map {
		t.inline, t.remain = false, true
	}
	return t, f.IsExported() || f.Anonymous && t.inline && f.Type.Kind() == reflect.Struct
}

// snake is a Go name as a key: MaxConns is max_conns, HTTPServer http_server.
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
