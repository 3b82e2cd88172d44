package document

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"

	"github.com/confsync/confsync/tree"
)

// coreTags are the tags a scalar may have.
var coreTags = map[string]bool{
	"!!str": true, "!!null": true, "!!bool": true, "!!int": true, "!!float": true,
	"!!timestamp": true, "!!binary": true, "!!merge": true, "!": true,
}

// scalar reads the common spellings itself, and has the YAML library read the
// others, so that both always mean the same.
func (d *yamlDecoder) scalar(n *yaml.Node, at tree.Place) tree.Tree {
	if n.Style&yaml.TaggedStyle == 0 || n.Tag == "!!str" {
		switch n.Tag {
		case "!!str", "!", "!!merge":
			return d.build.Scalar(tree.String, n.Value, at)
		case "!!null":
			return d.build.Null(at)
		case "!!bool":
			return d.build.Scalar(tree.Bool, strings.ToLower(n.Value), at)
		case "!!int":
			if isPlainInt(n.Value) {
				return d.build.Scalar(tree.Int, n.Value, at)
			}
		case "!!float":
			if isPlainFloat(n.Value) {
				return d.build.Scalar(tree.Float, n.Value, at)
			}
		}
	}
	if !coreTags[n.Tag] {
		d.problem(tree.Unusable, at, errTag)
		return tree.Tree{}
	}
	var v any
	if err := n.Decode(&v); err != nil {
		d.problem(tree.Unusable, at, fmt.Errorf("not a %s, which its tag says it is", n.Tag))
		return tree.Tree{}
	}
	return d.scalarOf(v, n.Value, at)
}

func (d *yamlDecoder) scalarOf(v any, written string, at tree.Place) tree.Tree {
	switch v := v.(type) {
	case nil:
		return d.build.Null(at)
	case bool:
		return d.build.Scalar(tree.Bool, strconv.FormatBool(v), at)
	case float64:
		return d.build.Scalar(tree.Float, floatText(v), at)
	case time.Time:
		return d.build.Scalar(tree.Time, timeText(v, written), at)
	case string:
		return d.build.Scalar(tree.String, v, at)
	}
	return d.build.Scalar(tree.Int, intText(fmt.Sprint(v), written), at) // an int, an int64 or a uint64
}

// intText returns an integer as it was written, for whoever wants the text of
// "017", provided that it will be read as the same number; else in decimal.
func intText(decimal, written string) string {
	if i, err := tree.ParseInt(written); err == nil && strconv.FormatInt(i, 10) == decimal {
		return written
	}
	return decimal
}

// timeText returns a time as it was written, provided that it will be read as
// the same; else in RFC 3339.
func timeText(t time.Time, written string) string {
	if at, err := tree.ParseTime(written); err == nil && at.Equal(t) {
		return written
	}
	return t.Format(time.RFC3339Nano)
}

func floatText(f float64) string {
	if math.IsInf(f, 1) {
		return "+Inf"
	}
	return strconv.FormatFloat(f, 'g', -1, 64)
}

// isPlainInt reports whether s is a decimal number that everybody reads alike.
func isPlainInt(s string) bool {
	digits := strings.TrimPrefix(s, "-")
	if digits == "0" {
		return s == "0"
	}
	return digits != "" && digits[0] != '0' && isDigits(digits)
}

// isPlainFloat reports whether s, which is known to be a float, is written as
// strconv reads it.
func isPlainFloat(s string) bool { return strings.Trim(s, "0123456789.eE+-") == "" }

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func isDigits(s string) bool {
	for i := range len(s) {
		if !isDigit(s[i]) {
			return false
		}
	}
	return true
}
