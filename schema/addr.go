package schema

import (
	"fmt"
	"strings"
)

// The texts of package netip's types, each of which takes an empty one too.
var (
	addrText     = fmt.Sprintf(`(?:%s|%s(?:%%[\s\S]+)?)?`, ipv4Text, ipv6Text)
	addrPortText = fmt.Sprintf(`(?:(?:%s|\[%s(?:%%[^\]]+)?\]):(?:%s))?`, ipv4Text, ipv6Text, upTo("65535"))
	prefixText   = fmt.Sprintf(`(?:%s/(?:[12]?\d|3[0-2])|%s/(?:[1-9]?\d|1[01]\d|12[0-8]))?`, ipv4Text, ipv6Text)
)

const (
	octet    = `(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)`
	ipv4Text = octet + `(?:\.` + octet + `){3}`
	group    = `[\da-fA-F]{1,4}`
)

var ipv6Text = ipv6()

// ipv6 returns the expression of eight groups, of which the last two may be an
// IPv4 address, and any number from one on may be "::".
func ipv6() string {
	all := []string{
		`(?:` + group + `:){7}` + group,
		`(?:` + group + `:){6}` + ipv4Text,
	}
	for before := range 8 { // groups before the "::"
		head := `:`
		if before > 0 {
			head = fmt.Sprintf(`(?:%s:){%d}`, group, before)
		}
		after := 7 - before
		if after > 0 {
			all = append(all, fmt.Sprintf(`%s(?::%s){1,%d}`, head, group, after))
		}
		if after > 1 {
			all = append(all, fmt.Sprintf(`%s:(?:%s:){0,%d}%s`, head, group, after-2, ipv4Text))
		}
		all = append(all, head+`:`)
	}
	return `(?:` + strings.Join(all, "|") + `)`
}
