package binder

import (
	"encoding"
	"encoding/hex"
	"errors"
	"reflect"
	"strings"

	"github.com/confsync/confsync/tree"
)

// Types of the packages net and net/url are known by name. Importing net would
// link it into every program and, with cgo, the C library, whose loading takes
// longer than a small program needs to start.

func isURL(t reflect.Type) bool { return t.Name() == "URL" && t.PkgPath() == "net/url" }

func isHardwareAddr(t reflect.Type) bool { return t.Name() == "HardwareAddr" && t.PkgPath() == "net" }

// decodeURL has url.URL parse it: that is what its UnmarshalBinary does.
func decodeURL(n *tree.Node, out reflect.Value) error {
	u := reflect.New(out.Type())
	err := u.Interface().(encoding.BinaryUnmarshaler).UnmarshalBinary([]byte(strings.TrimSpace(n.Text())))
	if why := errors.Unwrap(err); why != nil {
		return why // without the whole value
	}
	if err != nil {
		return errMistyped
	}
	out.Set(u.Elem())
	return nil
}

func decodeHardwareAddr(n *tree.Node, out reflect.Value) error {
	addr := parseMAC(strings.TrimSpace(n.Text()))
	if addr == nil {
		return errors.New("want a hardware address such as 00:00:5e:00:53:01")
	}
	out.SetBytes(addr)
	return nil
}

// parseMAC returns what net.ParseMAC returns: 6, 8 or 20 bytes, written as two
// digits each between colons or hyphens, or as four for two between dots. It
// returns nil for any other text.
func parseMAC(text string) []byte {
	if len(text) < 5 {
		return nil
	}
	separator, digits := text[2:3], 2
	if text[4] == '.' {
		separator, digits = ".", 4
	}
	if !strings.Contains(":-.", separator) || digits == 2 && separator == "." {
		return nil
	}
	groups := strings.Split(text, separator)
	for _, g := range groups {
		if len(g) != digits {
			return nil
		}
	}
	addr, err := hex.DecodeString(strings.Join(groups, ""))
	if err != nil || len(addr) != 6 && len(addr) != 8 && len(addr) != 20 {
		return nil
	}
	return addr
}
