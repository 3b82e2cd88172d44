package document

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"

	"github.com/confsync/confsync/tree"
)

// scalar sets t to the value of a node. Most values are the text that is written.
func (d *tomlDecoder) scalar(n *unstable.Node, at tree.Place, t *tree.Tree) {
	switch {
	case n.Kind == unstable.String:
		d.build.SetScalar(t, tree.String, n.Data, at)
	case n.Kind == unstable.Bool:
		d.build.SetScalar(t, tree.Bool, n.Data, at)
	case n.Kind == unstable.Integer && len(n.Data) < 18 && isPlainInt(string(n.Data)):
		d.build.SetScalar(t, tree.Int, n.Data, at)
	case n.Kind == unstable.Float && isDecimal(n.Data):
		d.build.SetScalar(t, tree.Float, n.Data, at)
	default:
		*t = d.uncommon(n, at)
	}
}

// uncommon returns a value of which another text is kept, or none.
func (d *tomlDecoder) uncommon(n *unstable.Node, at tree.Place) tree.Tree {
	kind, text, err := tomlText(n.Kind, string(n.Data))
	if err != nil {
		d.problem(tree.Unusable, at, fmt.Errorf("not a valid %s", scalarNames[n.Kind]))
		return tree.Tree{}
	}
	return d.build.Scalar(kind, text, at)
}

// tomlText returns what a value that the parser has found is in a tree. It links
// no more of the TOML library than what reads its times.
func tomlText(kind unstable.Kind, written string) (tree.Kind, string, error) {
	switch kind {
	case unstable.Integer:
		i, err := tree.ParseInt(written)
		return tree.Int, intText(strconv.FormatInt(i, 10), written), err
	case unstable.Float:
		digits := strings.ReplaceAll(written, "_", "")
		f, err := strconv.ParseFloat(digits, 64)
		if strings.HasSuffix(digits, "nan") { // which has no sign in Go
			f, err = math.NaN(), nil
		}
		return tree.Float, floatText(f), err
	case unstable.LocalTime:
		var t toml.LocalTime
		err := t.UnmarshalText([]byte(written))
		return tree.String, t.String(), err
	case unstable.LocalDate:
		var t toml.LocalDate
		err := t.UnmarshalText([]byte(written))
		return tree.Time, timeText(t.AsTime(time.UTC), written), err
	}
	clock, zone, err := cutZone(written)
	if err != nil {
		return 0, "", err
	}
	var t toml.LocalDateTime
	err = t.UnmarshalText([]byte(clock))
	return tree.Time, timeText(t.AsTime(zone), written), err
}

// cutZone splits a date and time before its offset, UTC when there is none.
func cutZone(written string) (clock string, zone *time.Location, err error) {
	if clock, found := strings.CutSuffix(strings.ToUpper(written), "Z"); found {
		return clock, time.UTC, nil
	}
	const date = len("2006-01-02")
	i := strings.LastIndexAny(written, "+-")
	if i < date {
		return written, time.UTC, nil
	}
	var off toml.LocalTime
	if err = off.UnmarshalText([]byte(written[i+1:])); err == nil && len(written)-i != len("+00:00") {
		err = errors.New("seconds in an offset")
	}
	seconds := 60 * (60*off.Hour + off.Minute)
	if written[i] == '-' {
		seconds = -seconds
	}
	return written[:i], time.FixedZone("", seconds), err
}

// isDecimal reports whether a float is written as strconv reads it, with no
// exponent.
func isDecimal(text []byte) bool {
	for _, c := range text {
		if !isDigit(c) && c != '.' && c != '+' && c != '-' {
			return false
		}
	}
	return true
}

var scalarNames = map[unstable.Kind]string{
	unstable.Integer: "64-bit integer", unstable.Float: "64-bit float", unstable.DateTime: "date-time",
	unstable.LocalDateTime: "date-time", unstable.LocalDate: "date", unstable.LocalTime: "time",
}
