package schema

import (
	"encoding"
	"encoding/json"
	"fmt"
	"log/slog"
	"math"
	"math/big"
	"net"
	"net/netip"
	"net/url"
	"reflect"
	"strings"
	"time"

	"github.com/confsync/confsync"
	"github.com/confsync/confsync/tree"
)

// leaf is what a type that takes a single value makes of a document's. A null is
// taken by all.
type leaf struct {
	name      string   // as people call it
	types     []string // JSON's, without null
	low, high *big.Int // of integers; nil: no bound
	core      string   // the expression of its text; "": any
	trimmed   bool     // blanks around the text don't matter
	format    string   // JSON Schema's, for editors
}

var (
	textUnmarshaler = reflect.TypeFor[encoding.TextUnmarshaler]()
	jsonUnmarshaler = reflect.TypeFor[json.Unmarshaler]()
)

// known are types with a text of their own that a schema can check.
var known = map[reflect.Type]leaf{
	reflect.TypeFor[time.Time]():        {name: "time", types: []string{"string"}, core: timeText, trimmed: true},
	reflect.TypeFor[time.Duration]():    {name: "duration", types: []string{"string", "integer"}, low: new(big.Int), high: new(big.Int), core: durationText, trimmed: true},
	reflect.TypeFor[url.URL]():          {name: "URL", types: []string{"string", "number", "boolean"}, core: urlText, trimmed: true, format: "uri-reference"},
	reflect.TypeFor[net.HardwareAddr](): {name: "hardware address", types: []string{"string"}, core: macText, trimmed: true},
	reflect.TypeFor[*tree.Node]():       {name: "anything"},
	reflect.TypeFor[confsync.Size]():    {name: "size", types: []string{"string", "number"}, low: new(big.Int), high: new(big.Int).SetUint64(math.MaxUint64), core: upTo("18446744073709551615") + `|` + sizeText},
	reflect.TypeFor[slog.Level]():       {name: "log level", types: []string{"string"}, core: levelText},
	reflect.TypeFor[netip.Addr]():       {name: "IP address", types: []string{"string"}, core: addrText},
	reflect.TypeFor[netip.AddrPort]():   {name: "address and port", types: []string{"string"}, core: addrPortText},
	reflect.TypeFor[netip.Prefix]():     {name: "IP prefix", types: []string{"string"}, core: prefixText},
	reflect.TypeFor[net.IP]():           {name: "IP address", types: []string{"string"}, core: fmt.Sprintf(`(?:%s|%s)?`, ipv4Text, ipv6Text)},
}

// leafOf returns the leaf of a shape; it reports false for one that has keys or
// elements.
func (s *Schema) leafOf(shape *tree.Shape) (leaf, bool) {
	if shape.Fields != nil || shape.Elem != nil || shape.Rest != nil {
		return leaf{}, false
	}
	return s.leafOfType(shape.Type)
}

func (s *Schema) leafOfType(t reflect.Type) (leaf, bool) {
	if core, ok := s.opts.Texts[t]; ok {
		return leaf{name: t.String(), types: []string{"string", "number", "boolean"}, core: core}, true
	}
	if l, ok := known[t]; ok {
		return l, true
	}
	if reflect.PointerTo(t).Implements(textUnmarshaler) {
		return leaf{name: t.String(), types: []string{"string", "number", "boolean"}}, true
	}
	if reflect.PointerTo(t).Implements(jsonUnmarshaler) {
		return leaf{name: t.String()}, true
	}
	return basicLeaf(t)
}

func basicLeaf(t reflect.Type) (leaf, bool) {
	name := t.Kind().String()
	switch t.Kind() {
	case reflect.String:
		return leaf{name: name, types: []string{"string", "number", "boolean"}}, true
	case reflect.Bool:
		return leaf{name: name, types: []string{"boolean", "string"}, core: boolText, trimmed: true}, true
	case reflect.Float32:
		high, _ := big.NewFloat(3.4028234663852886e38).Int(nil)
		return leaf{name: name, types: []string{"number", "string"}, low: new(big.Int).Neg(high), high: high, core: floatText, trimmed: true}, true
	case reflect.Float64:
		return leaf{name: name, types: []string{"number", "string"}, core: floatText, trimmed: true}, true
	case reflect.Slice: // of bytes, or it would have elements
		return leaf{name: "bytes", types: []string{"string", "number", "boolean", "array", "object"}}, true
	case reflect.Interface:
		if t.NumMethod() > 0 {
			return leaf{name: "nothing", types: []string{}}, true
		}
		return leaf{name: "anything"}, true
	}
	signed := strings.HasPrefix(name, "int")
	if !signed && !strings.HasPrefix(name, "uint") {
		return leaf{}, false
	}
	low, bits := new(big.Int), uint(t.Bits())
	if signed {
		bits--
		low.Neg(new(big.Int).Lsh(big.NewInt(1), bits))
	}
	high := new(big.Int).Lsh(big.NewInt(1), bits)
	high.Sub(high, big.NewInt(1))
	return leaf{name: name, types: []string{"integer", "string"}, low: low, high: high, core: integers(low, high), trimmed: true}, true
}

// pattern returns the expression of the whole text, "" for any.
func (l leaf) pattern() string {
	switch {
	case l.core == "":
		return ""
	case l.trimmed:
		return exactly(l.core)
	}
	return `^(?:` + l.core + `)$`
}

// asText returns what the leaf takes where a value counts as its text, as one
// does that stands for a whole list.
func (l leaf) asText() leaf {
	if l.types != nil && l.types[0] == "boolean" { // its texts 0 and 1
		l.types = []string{"boolean", "integer", "string"}
		l.low, l.high = new(big.Int), big.NewInt(1)
	}
	return l
}

// typeName returns a type as tables and comments call it.
func (s *Schema) typeName(shape *tree.Shape) string {
	if l, ok := s.leafOf(shape); ok {
		return l.name
	}
	switch {
	case shape.Elem == nil:
		return "section"
	case shape.List:
		return "list of " + s.typeName(shape.Elem)
	}
	return "map of " + s.typeName(shape.Elem)
}
