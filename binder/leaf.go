package binder

import (
	"encoding"
	"encoding/json"
	"errors"
	"math"
	"net"
	"net/url"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/confsync/confsync/tree"
)

// decodeFunc puts a scalar node into out. Its error says why not, without the
// value.
type decodeFunc func(n *tree.Node, out reflect.Value) error

var errMistyped = errors.New("") // there is no more to say than that it is of the wrong type

// scalarDecoder returns the decoder of a basic kind, nil for any other.
func scalarDecoder(t reflect.Type) decodeFunc {
	switch t.Kind() {
	case reflect.String:
		return decodeString
	case reflect.Bool:
		return decodeBool
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return decodeInt
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return decodeUint
	case reflect.Float32, reflect.Float64:
		return decodeFloat
	}
	return nil
}

func decodeString(n *tree.Node, out reflect.Value) error {
	out.SetString(n.Text())
	return nil
}

func decodeBool(n *tree.Node, out reflect.Value) error {
	if n.Kind() != tree.Bool && n.Kind() != tree.String {
		return errMistyped
	}
	v, err := strconv.ParseBool(strings.TrimSpace(n.Text()))
	if err != nil {
		return errMistyped
	}
	out.SetBool(v)
	return nil
}

func decodeInt(n *tree.Node, out reflect.Value) error {
	text, base, err := number(n)
	if err != nil {
		return err
	}
	v, err := strconv.ParseInt(text, base, out.Type().Bits())
	if err != nil {
		return numberError(err)
	}
	out.SetInt(v)
	return nil
}

func decodeUint(n *tree.Node, out reflect.Value) error {
	text, base, err := number(n)
	if err != nil {
		return err
	}
	v, err := strconv.ParseUint(strings.TrimPrefix(text, "+"), base, out.Type().Bits())
	if err != nil {
		if strings.HasPrefix(text, "-") {
			if _, e := strconv.ParseInt(text, base, 64); e == nil {
				err = strconv.ErrRange
			}
		}
		return numberError(err)
	}
	out.SetUint(v)
	return nil
}

func decodeFloat(n *tree.Node, out reflect.Value) error {
	if k := n.Kind(); k != tree.Float && k != tree.Int && k != tree.String {
		return errMistyped
	}
	v, err := strconv.ParseFloat(decimal(n), out.Type().Bits())
	if err != nil {
		return numberError(err)
	}
	out.SetFloat(v)
	return nil
}

// decimal returns the text of a number as strconv.ParseFloat reads it: what is an
// integer in a document is in the base that it is written in, as it is for number.
func decimal(n *tree.Node) string {
	text := strings.TrimSpace(n.Text())
	digits := strings.TrimLeft(text, "+-")
	if n.Kind() != tree.Int || len(digits) < 2 || digits[0] != '0' {
		return text
	}
	if i, err := tree.ParseInt(text); err == nil {
		return strconv.FormatInt(i, 10)
	}
	if u, err := strconv.ParseUint(text, 0, 64); err == nil {
		return strconv.FormatUint(u, 10)
	}
	if digits[1] == 'x' || digits[1] == 'X' {
		return text + "p0"
	}
	return "" // one of other bases that is too long
}

// number returns the text of an integer and the base to read it with. An
// integer of a document's is what the document says. In a mere text, "010" is
// ten, and only 0x, 0o and 0b are other bases. A float that is whole is an
// integer too.
func number(n *tree.Node) (text string, base int, err error) {
	text = n.Text()
	switch n.Kind() {
	case tree.Int:
		return text, 0, nil
	case tree.Float:
		f, err := strconv.ParseFloat(text, 64)
		if err != nil || f != math.Trunc(f) || math.Abs(f) > 1<<53 {
			return "", 0, errMistyped
		}
		return strconv.FormatInt(int64(f), 10), 10, nil
	case tree.String:
		text = strings.TrimSpace(text)
		digits := strings.TrimLeft(text, "+-")
		if len(digits) > 2 && digits[0] == '0' && strings.ContainsRune("xXoObB", rune(digits[1])) {
			return text, 0, nil
		}
		return text, 10, nil
	}
	return "", 0, errMistyped
}

func numberError(err error) error {
	if errors.Is(err, strconv.ErrRange) {
		return errors.New("out of range")
	}
	return errMistyped
}

// decodeDuration reads time.ParseDuration's form ("1m30s"). A bare number has
// no unit and is refused, but for 0.
func decodeDuration(n *tree.Node, out reflect.Value) error {
	if k := n.Kind(); k != tree.String && k != tree.Int && k != tree.Float {
		return errMistyped
	}
	text := strings.TrimSpace(n.Text())
	v, err := time.ParseDuration(text)
	if err != nil {
		if _, e := strconv.ParseFloat(text, 64); e == nil {
			return errors.New("it has no unit, such as s or ms")
		}
		return errMistyped
	}
	out.SetInt(int64(v))
	return nil
}

func decodeURL(n *tree.Node, out reflect.Value) error {
	u, err := url.Parse(strings.TrimSpace(n.Text()))
	var why *url.Error
	if errors.As(err, &why) {
		return why.Err // without the whole value
	}
	out.Set(reflect.ValueOf(u).Elem())
	return nil
}

func decodeHardwareAddr(n *tree.Node, out reflect.Value) error {
	addr, err := net.ParseMAC(strings.TrimSpace(n.Text()))
	if err != nil {
		return errors.New("want a hardware address such as 00:00:5e:00:53:01")
	}
	out.SetBytes(addr)
	return nil
}

// decodeBytes fills a slice of bytes with the text as it is.
func decodeBytes(n *tree.Node, out reflect.Value) error {
	out.Set(reflect.ValueOf([]byte(n.Text())).Convert(out.Type()))
	return nil
}

// decodeRawJSON fills a json.RawMessage with the text, or with a JSON string of
// it where it is no JSON.
func decodeRawJSON(n *tree.Node, out reflect.Value) error {
	spelled := []byte(n.Text())
	if !json.Valid(spelled) {
		var err error
		if spelled, err = json.Marshal(n.Text()); err != nil {
			return err
		}
	}
	out.SetBytes(spelled)
	return nil
}

// decodeTime reads what a document may have for a time: RFC 3339, a date, or a
// date and a time, UTC unless there is an offset.
func decodeTime(n *tree.Node, out reflect.Value) error {
	t, err := tree.ParseTime(strings.TrimSpace(n.Text()))
	if err != nil {
		return errors.New("want a time such as 2006-01-02T15:04:05Z")
	}
	out.Set(reflect.ValueOf(t))
	return nil
}

// decodeText hands the text to the type's own UnmarshalText.
func decodeText(n *tree.Node, out reflect.Value) (err error) {
	defer contain(&err, "decoder")
	fresh := reflect.New(out.Type())
	if err := fresh.Interface().(encoding.TextUnmarshaler).UnmarshalText([]byte(n.Text())); err != nil {
		return err
	}
	out.Set(fresh.Elem())
	return nil
}

// isVerbatim reports whether keys of a type are the text they are decoded from.
func isVerbatim(t reflect.Type) bool {
	return (t.Kind() == reflect.String || t.Kind() == reflect.Interface) && !reflect.PointerTo(t).Implements(textUnmarshaler)
}

// keyDecoder returns how a map's keys of a type are made, nil when they can't
// be.
func keyDecoder(t reflect.Type) func(string, reflect.Value) error {
	if reflect.PointerTo(t).Implements(textUnmarshaler) {
		return func(key string, out reflect.Value) (err error) {
			defer contain(&err, "decoder")
			return out.Addr().Interface().(encoding.TextUnmarshaler).UnmarshalText([]byte(key))
		}
	}
	if t.Kind() == reflect.String {
		return func(key string, out reflect.Value) error {
			out.SetString(key)
			return nil
		}
	}
	if t.Kind() == reflect.Interface && t.NumMethod() == 0 {
		return func(key string, out reflect.Value) error {
			out.Set(reflect.ValueOf(key))
			return nil
		}
	}
	decode := scalarDecoder(t)
	if t == durationType {
		decode = decodeDuration
	}
	if decode == nil {
		return nil
	}
	return func(key string, out reflect.Value) error {
		return decode(tree.NewScalar(tree.String, key), out)
	}
}
