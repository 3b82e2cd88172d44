package place

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/confsync/confsync/source/document"
)

// address is one as it was typed, in parts. Options that can't be read are
// gathered, and err returns them.
type address struct {
	scheme  string
	hosts   []string // of a store
	path    string   // behind the first slash of a store's address; all, of any other
	options url.Values
	errs    []error
}

// parse splits an address. A text without a scheme is a file's path.
func parse(text string) (*address, error) {
	a := &address{scheme: "file", path: text}
	if name, rest, ok := strings.Cut(text, ":"); ok && len(name) > 1 && !strings.ContainsAny(name, `/\.`) {
		a.scheme, a.path = name, rest
	}
	mark := "?"
	if a.scheme == "http" || a.scheme == "https" {
		mark = "#" // the "?" is the URL's own
	}
	rest, query, _ := strings.Cut(a.path, mark)
	a.path, a.options = rest, parseOptions(query)
	if at, ok := strings.CutPrefix(a.path, "//"); ok && mark == "?" {
		return a, a.parseHosts(at)
	}
	return a, nil
}

// parseOptions splits "name=value&name". A value that isn't escaped as in a URL, as
// 50%, stands for itself.
func parseOptions(query string) url.Values {
	all := url.Values{}
	for option := range strings.SplitSeq(query, "&") {
		name, value, _ := strings.Cut(option, "=")
		if name == "" && value == "" {
			continue
		}
		if unescaped, err := url.QueryUnescape(value); err == nil {
			value = unescaped
		}
		all.Add(name, value)
	}
	return all
}

// parseHosts splits "host:1,host:2/path".
func (a *address) parseHosts(rest string) error {
	hosts, path, _ := strings.Cut(rest, "/")
	if strings.Contains(hosts, "@") {
		return errors.New("credentials don't belong into an address; see the options that name a file, and the environment")
	}
	for host := range strings.SplitSeq(hosts, ",") {
		if host != "" {
			a.hosts = append(a.hosts, host)
		}
	}
	unescaped, err := url.PathUnescape(path)
	if err != nil {
		return errors.New("the part behind the host has a % that is not an escape; write %25 for a percent sign")
	}
	a.path = unescaped
	return nil
}

// check refuses options that the scheme doesn't take.
func (a *address) check(takes []string) error {
	for name := range a.options {
		if !slices.Contains(takes, name) {
			slices.Sort(takes)
			return fmt.Errorf("unknown option %q; %s takes %s", name, a.scheme, strings.Join(takes, ", "))
		}
	}
	for _, name := range []string{"mount", "gate"} {
		if path := a.get(name); path != "" {
			if err := mounts(path); err != nil {
				return fmt.Errorf("option %s: %w", name, err)
			}
		}
	}
	return nil
}

func (a *address) err() error { return errors.Join(a.errs...) }

func (a *address) get(name string) string { return a.options.Get(name) }

// has reports whether an option is set: alone, or to anything but "false".
func (a *address) has(name string) bool {
	return a.options.Has(name) && a.options.Get(name) != "false"
}

func (a *address) wrong(name, want string) {
	a.errs = append(a.errs, fmt.Errorf("option %s: want %s", name, want))
}

// duration returns an option such as 30s, 0 when it isn't set.
func (a *address) duration(name string) time.Duration {
	if !a.options.Has(name) {
		return 0
	}
	d, err := time.ParseDuration(a.get(name))
	if err != nil || d <= 0 {
		a.wrong(name, "a duration such as 30s")
	}
	return d
}

func (a *address) integer(name string) int {
	if !a.options.Has(name) {
		return 0
	}
	n, err := strconv.Atoi(a.get(name))
	if err != nil || n < 0 {
		a.wrong(name, "a number")
	}
	return n
}

// share returns an option such as 50% or 0.5.
func (a *address) share(name string) float64 {
	text, percent := strings.CutSuffix(a.get(name), "%")
	share, err := strconv.ParseFloat(text, 64)
	if percent {
		share /= 100
	}
	if err != nil || share < 0 || share > 1 {
		a.wrong(name, "a share such as 50%")
		return 0
	}
	return share
}

// format returns the language of a document, 0 when the option isn't set.
func (a *address) format(name string) document.Format {
	if !a.options.Has(name) {
		return 0
	}
	f, ok := document.FormatOf("x." + strings.ToLower(a.get(name)))
	if !ok {
		a.wrong(name, "yaml, json, toml or env")
	}
	return f
}

// secret returns what the file holds that an option names, without the line's
// end, or else a variable of the environment.
func (a *address) secret(option, variable string) string {
	file := a.get(option)
	if file == "" {
		return os.Getenv(variable)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		a.errs = append(a.errs, fmt.Errorf("option %s: %w", option, err))
	}
	return strings.TrimRight(string(text), "\r\n")
}

// host returns the only host, or a default.
func (a *address) host(otherwise string) (string, error) {
	switch len(a.hosts) {
	case 0:
		return otherwise, nil
	case 1:
		return a.hosts[0], nil
	}
	return "", fmt.Errorf("%s takes one host", a.scheme)
}

// hostsOr returns the hosts, or a default.
func (a *address) hostsOr(otherwise string) []string {
	if len(a.hosts) == 0 {
		return []string{otherwise}
	}
	return a.hosts
}
