package schema

import (
	"math/rand/v2"
	"net/netip"
	"regexp"
	"strings"
	"testing"
)

// TestAddresses holds the expressions against the parsers, on addresses with a
// few characters changed.
func TestAddresses(t *testing.T) {
	parsers := map[string]func(string) error{
		addrText:     func(s string) error { _, err := netip.ParseAddr(s); return err },
		addrPortText: func(s string) error { _, err := netip.ParseAddrPort(s); return err },
		prefixText:   func(s string) error { _, err := netip.ParsePrefix(s); return err },
	}
	seeds := []string{
		"10.0.0.1", "255.255.255.255", "1.2.3.4:80", "10.0.0.0/8", "::", "::1", "1::", "fe80::1%eth0", "1:2:3:4:5:6:7:8", "1:2:3::7:8", "::ffff:1.2.3.4",
		"1:2:3:4:5:6:1.2.3.4", "1::1.2.3.4", "[::1]:65535", "[fe80::1%a]:1", "2001:db8::/32", "::/128", "1:2:3:4:5:6:7::",
	}
	rng := rand.New(rand.NewPCG(1, 2))
	for text, parse := range parsers {
		expr, good := regexp.MustCompile(`^(?:`+text+`)$`), 0
		for range 40_000 {
			s := seeds[rng.IntN(len(seeds))]
			for range rng.IntN(3) {
				at := rng.IntN(len(s) + 1)
				s = s[:at] + []string{"", ":", "::", "0", "1", "25", "f", ".", "/", "%", "g"}[rng.IntN(11)] + s[min(at+rng.IntN(3), len(s)):]
			}
			if s == "" {
				continue // which fills a zero value
			}
			err := parse(s)
			if err == nil {
				good++
			}
			if (err == nil) != expr.MatchString(s) {
				t.Fatalf("%q: the parser says %v, the expression %v", s, err, expr.MatchString(s))
			}
		}
		if good < 1000 {
			t.Errorf("%d good ones: the test says little of %s", good, strings.ToValidUTF8(text[:20], ""))
		}
	}
}
