package schematest

import (
	"encoding/json"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/netip"
	"net/url"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/confsync/confsync"
	"github.com/confsync/confsync/tree"
)

// generator makes documents that are about to fill a type.
type generator struct {
	*rand.Rand
	spoil float64 // how likely a value is any other
}

func (g *generator) one(of ...any) any { return of[g.IntN(len(of))] }

// junk returns values that most types refuse, and some don't.
func (g *generator) junk() any {
	return g.one(nil, true, false, "true", "T", "yes", 0, 1, -1, 80, 127, 128, -128, -129, 255, 256, 65535, 65536, 1.5, -0.5, 3e2,
		json.Number("9223372036854775807"), json.Number("9223372036854775808"), json.Number("-9223372036854775808"),
		json.Number("18446744073709551615"), json.Number("18446744073709551616"), json.Number("3e39"),
		"9223372036854775807", "9223372036854775808", "18446744073709551615", "18446744073709551616", "65535", "65536", "-128", "-129",
		"", " ", "80a", "80", " 80 ", "+5", "-0", "007", "0x1F", "0xFFFF", "0x10000", "0X_ff", "0b101", "0o17", "1_000", "1.5", "1e3", ".5", "5.", "Inf", "-nan", "0x1p-2", "+-5",
		"5s", "1m30s", "-1.5h", "5", "5 s", "1h-2m", "0",
		"2024-01-31", "2024-02-30", "2024-04-31", "2024-13-01", "2024-01-31T25:00:00Z", "2024-01-31T5:06:07.5Z", "2024-01-31 05:06:07+01:00", "2024-01-31T05:06", "2024-01-31T05:06:07z",
		"debug", "INFO+2", "loud", "10MiB", "10 mb", "1.5k", "10XB", "MB", "00-00-5e-00-53-01", "00:00", "a:b", "a: 1, b : 2", "a:1,a", ":1", "1:true", "5s:1", "a:1,b:2", "10.0.0.1", "::1", "10.0.0", "https://example.com/a?b", "a,b", "1,2", "1, 2 ,3", "true,0", "1s,2s", ",",
		"{", "[", "[1", "{}x", []any{}, []any{1, 2}, []any{"a", nil}, []any{1, 2, 3}, []any{[]any{1}}, map[string]any{}, map[string]any{"0": 1, "1": 2}, map[string]any{"00": 1}, map[string]any{"x": 1})
}

// value returns a document's value for a type, most likely one that fits.
func (g *generator) value(t reflect.Type, depth int) any {
	if g.Float64() < g.spoil {
		return g.junk()
	}
	switch t {
	case reflect.TypeFor[time.Duration]():
		return g.one("5s", "1m30s", "250ms", 0, "0")
	case reflect.TypeFor[time.Time]():
		return g.one("2024-01-31", "2024-01-31T05:06:07Z", "2024-01-31 05:06:07")
	case reflect.TypeFor[url.URL]():
		return g.one("https://example.com", "/x", "")
	case reflect.TypeFor[slog.Level]():
		return g.one("debug", "INFO", "Warn+3")
	case reflect.TypeFor[confsync.Size]():
		return g.one(512, "10MiB", "2k", "1.5 GB")
	case reflect.TypeFor[netip.Addr]():
		return g.one("10.0.0.1", "fe80::1", "")
	case reflect.TypeFor[[]byte]():
		return g.one("abc", 5, true, []any{1, 2})
	case reflect.TypeFor[json.RawMessage](), reflect.TypeFor[readsJSON]():
		return g.junk()
	case reflect.TypeFor[net.HardwareAddr]():
		return g.one("00:00:5e:00:53:01", "0000.5e00.5301")
	}
	switch t.Kind() {
	case reflect.String:
		return g.one("abc", "", 5, true, 1.5)
	case reflect.Bool:
		return g.one(true, false, "true", "0")
	case reflect.Float32, reflect.Float64:
		return g.one(1.5, 2, "2.5", -1)
	case reflect.Interface:
		return g.junk()
	case reflect.Pointer:
		if t.Elem().Kind() == reflect.Struct && g.IntN(3) == 0 {
			return g.one(true, false, "true", " false ", "")
		}
		return g.value(t.Elem(), depth)
	case reflect.Slice, reflect.Array:
		return g.list(t, depth)
	case reflect.Map:
		return g.object(t, depth)
	case reflect.Struct:
		return g.structure(t, depth)
	}
	return g.one(0, 1, 7, "8", " 9", 100.0, "0x1f")
}

func (g *generator) list(t reflect.Type, depth int) any {
	n := g.IntN(4)
	if t.Kind() == reflect.Array {
		n = t.Len()
	}
	if depth > 3 {
		n = 0
	}
	list, indexed := make([]any, n), map[string]any{}
	for i := range list {
		list[i] = g.value(t.Elem(), depth+1)
		indexed[strconv.Itoa(i)] = list[i]
	}
	if g.IntN(4) == 0 && n > 0 {
		return indexed
	}
	return list
}

func (g *generator) object(t reflect.Type, depth int) any {
	m := map[string]any{}
	for range g.IntN(4) {
		key := g.one("a", "b.c", "d/e", "Port").(string)
		if t.Key() == reflect.TypeFor[time.Duration]() {
			key = g.one("5s", "1h", "1.5s", "5", "x").(string)
		}
		if t.Key().Kind() == reflect.Int {
			key = g.one("1", "2", "30", "x", "+4").(string)
		}
		if depth < 4 {
			m[key] = g.value(t.Elem(), depth+1)
		}
	}
	return m
}

func (g *generator) structure(t reflect.Type, depth int) any {
	m := map[string]any{}
	g.fields(t, depth, m)
	if g.Float64() < g.spoil {
		m[g.one("unknown", "nmae", "x").(string)] = g.junk()
	}
	return m
}

func (g *generator) fields(t reflect.Type, depth int, into map[string]any) {
	for i := range t.NumField() {
		f := t.Field(i)
		tag, ok := f.Tag.Lookup("config")
		if !ok {
			tag = f.Tag.Get("json")
		}
		name, options, _ := strings.Cut(tag, ",")
		if name == "" {
			name = strings.ToLower(f.Name)
		}
		switch {
		case f.Anonymous:
			g.fields(f.Type, depth, into)
		case options == "remain":
			for key, v := range g.object(f.Type, depth+1).(map[string]any) {
				if _, taken := into[tree.Fold(key)]; !taken {
					into[key] = v
				}
			}
		case strings.Contains(options, "alias"):
			into[g.one(name, "Former", "old-name").(string)] = g.value(f.Type, depth+1)
		case strings.Contains(options, "required") && g.Float64() > g.spoil, g.IntN(3) == 0 && depth < 4:
			into[g.spell(name)] = g.value(f.Type, depth+1)
		}
	}
}

// spell returns a key, now and then in another spelling that is its.
func (g *generator) spell(key string) string {
	switch g.IntN(12) {
	case 0:
		return strings.ToUpper(key)
	case 1:
		return "_" + key[:1] + "-" + key[1:]
	}
	return key
}

// whole returns a document, which is seldom anything but a map.
func (g *generator) whole(t reflect.Type) any {
	if g.Float64() < g.spoil/4 {
		return g.junk()
	}
	if t.Kind() == reflect.Map {
		return g.object(t, 0)
	}
	return g.structure(t, 0)
}
