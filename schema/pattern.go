package schema

import (
	"fmt"
	"math/big"
	"strconv"
	"strings"
	"unicode"

	"github.com/confsync/confsync/tree"
)

// Regular expressions here are in the syntax that ECMAScript and package regexp
// share.

// spellings returns the expression of all keys that name a field: those that
// differ from its own in case, "_" and "-".
func spellings(key string) string {
	var b strings.Builder
	b.WriteString(`^[-_]*`)
	for _, r := range tree.Fold(key) {
		class := quote(r)
		for other := unicode.SimpleFold(r); other != r; other = unicode.SimpleFold(other) {
			if unicode.ToLower(other) == r {
				class += quote(other)
			}
		}
		b.WriteString("[" + class + "][-_]*")
	}
	b.WriteString("$")
	return b.String()
}

// quote returns a letter as it stands between brackets.
func quote(r rune) string {
	if strings.ContainsRune(`\]^-[`, r) {
		return `\` + string(r)
	}
	return string(r)
}

// integers returns the expression of the texts that are an integer between two.
func integers(low, high *big.Int) string {
	positive := `\+?` + naturals(high)
	if low.Sign() == 0 {
		return positive
	}
	return positive + `|-` + naturals(new(big.Int).Neg(low))
}

// naturals returns the expression of the integers up to one, without a sign, in
// decimal or after 0x, 0o or 0b, where underscores may stand between digits.
func naturals(high *big.Int) string {
	bits := high.BitLen()
	return fmt.Sprintf(`(?:%s|0[xX]%s|0[oO]%s|0[bB]%s)`,
		upTo(high.Text(10)), ofBits(bits, 4, `[\da-fA-F]`), ofBits(bits, 3, `[0-7]`), ofBits(bits, 1, `[01]`))
}

// ofBits returns the expression of the numbers of so many bits, in digits of
// some.
func ofBits(bits, each int, digit string) string {
	short := fmt.Sprintf(`(?:_?%s){1,%d}`, digit, bits/each)
	if bits%each == 0 {
		return `(?:_?0)*` + short
	}
	first := span('0', rune('0'+1<<(bits%each)-1))
	return fmt.Sprintf(`(?:_?0)*(?:%s|_?%s(?:_?%s){%d})`, short, first, digit, bits/each)
}

// upTo returns the expression of the numbers up to one in decimal, with any
// number of zeros before them.
func upTo(high string) string {
	var all []string
	if n := len(high) - 1; n > 0 {
		all = append(all, fmt.Sprintf(`\d{1,%d}`, n))
	}
	for i, c := range high {
		if c > '0' { // a digit less than the highest's, after those it begins with
			all = append(all, high[:i]+span('0', c-1)+times(`\d`, len(high)-i-1))
		}
	}
	return fmt.Sprintf(`0*(?:%s)`, strings.Join(append(all, high), "|"))
}

func span(low, high rune) string {
	if low == high {
		return string(low)
	}
	return fmt.Sprintf("[%c-%c]", low, high)
}

func times(expr string, n int) string {
	switch n {
	case 0:
		return ""
	case 1:
		return expr
	}
	return fmt.Sprintf(`%s{%d}`, expr, n)
}

// The texts of the other types that the binder reads, without the blanks that
// may be around them.
const (
	boolText  = `1|t|T|TRUE|true|True|0|f|F|FALSE|false|False`
	decimals  = `\d+(?:_\d+)*`
	floatText = `[nN][aA][nN]|[+-]?(?:[iI][nN][fF](?:[iI][nN][iI][tT][yY])?|(?:` + decimals + `\.?(?:` + decimals + `)?|\.` + decimals + `)(?:[eE][+-]?` + decimals + `)?` +
		`|0[xX](?:(?:_?[\da-fA-F])+\.?[\da-fA-F]*|\.[\da-fA-F]+)[pP][+-]?` + decimals + `)`
	durationText = `[+-]?(?:0|(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+)`
	timeText     = `\d{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12]\d|3[01])|(?:0[469]|11)-(?:0[1-9]|[12]\d|30)|02-(?:0[1-9]|[12]\d))` +
		`(?:[T ](?:[01]?\d|2[0-3]):[0-5]\d:[0-5]\d(?:[.,]\d+)?(?:Z|[+-](?:[01]\d|2[0-4]):[0-5]\d)?)?`
	sizeText = `,*(?:\d(?:,*\d){0,18},*(?:\.[\d,]*)?|\.,*\d[\d,]*)\s*(?:[kKmMgGtTpPeE][iI]?)?[bB]?\s*`
	urlText  = `(?:[a-zA-Z][a-zA-Z\d+.-]*:|[^:/?#\x00-\x1f\x7f]*(?:[/?#]|$))[^\x00-\x1f\x7f]*`
	macText  = `(?:[\da-fA-F]{2}(?::[\da-fA-F]{2}){5}|[\da-fA-F]{2}(?::[\da-fA-F]{2}){7}|[\da-fA-F]{2}(?::[\da-fA-F]{2}){19}|` +
		`[\da-fA-F]{2}(?:-[\da-fA-F]{2}){5}|[\da-fA-F]{2}(?:-[\da-fA-F]{2}){7}|[\da-fA-F]{2}(?:-[\da-fA-F]{2}){19}|` +
		`[\da-fA-F]{4}(?:\.[\da-fA-F]{4}){2}|[\da-fA-F]{4}(?:\.[\da-fA-F]{4}){3}|[\da-fA-F]{4}(?:\.[\da-fA-F]{4}){9}|` +
		`(?:[\da-fA-F]{12}|[\da-fA-F]{16}|[\da-fA-F]{40}))` // without anything between, since Go 1.26
	levelText = `(?:[dD][eE][bB][uU][gG]|[iI][nN][fF][oO]|[wW][aA][rR][nN]|[eE][rR][rR][oO][rR])(?:[+-]\d+)?`
)

// exactly returns the expression of what core matches with nothing around it
// but blanks.
func exactly(core string) string { return `^\s*(?:` + core + `)\s*$` }

// Documents that are written as a text. What is inside isn't looked at.
const (
	arrayText  = `\[[\s\S]*\]`
	objectText = `\{[\s\S]*\}`
)

// mapText returns the expression of keys and values between commas, of a JSON
// object, or of nothing. key and value are the expressions of each; "" is any.
func mapText(key, value string) string {
	first, next := pairs(key, value)
	return exactly(fmt.Sprintf(`(?:%s(?:\s*,\s*%s)*)?|%s`, first, next, objectText))
}

// entryText is like mapText of one entry at most, as an element of a list that
// commas separate.
func entryText(key, value string) string {
	first, _ := pairs(key, value)
	return fmt.Sprintf(`(?:%s|\{[^,]*\})?`, first)
}

// pairs returns the expressions of the first key and value of a map's text, and of
// the later ones.
func pairs(key, value string) (first, next string) {
	first, next = key, key
	if key == "" {
		first, next = `[^,:{\s][^,:]*`, `[^,:]*[^,:\s][^,:]*`
	}
	if value == "" {
		value = `[^,]*`
	}
	value = `)\s*:\s*(?:` + value + `)`
	return `(?:` + first + value, `(?:` + next + value
}

// indexes returns the expression of the keys of a list of n elements, of any
// number if n is negative.
func indexes(n int) string {
	if n < 0 {
		return `^(?:0|[1-9]\d{0,8})$`
	}
	all := make([]string, n)
	for i := range all {
		all[i] = strconv.Itoa(i)
	}
	return `^(?:` + strings.Join(all, "|") + `)$`
}

// listText returns the expression of n texts between commas, of any number of
// them if n is negative, or of a JSON array. core is the expression of each; ""
// is any.
func listText(core string, n int) string {
	first, next := `(?:`+core+`)`, `\s*,\s*(?:`+core+`)`
	if core == "" {
		first, next = `(?:[^,\[\s][^,]*)?`, `,[^,]*`
	}
	switch {
	case n < 0:
		return exactly(fmt.Sprintf(`(?:%s(?:%s)*)?|%s`, first, next, arrayText))
	case n == 0:
		return exactly(`(?:` + arrayText + `)?`)
	}
	return exactly(fmt.Sprintf(`%s(?:%s){%d}|%s`, first, next, n-1, arrayText))
}
