// Package place makes sources, and stores that can be written to, of the
// addresses that an operator types:
//
//	file:app.yaml              a document; a path alone is one too
//	dir:/etc/app               a directory, a file a key
//	glob:conf.d/*.yaml         documents, the later over the earlier
//	env:CHECKOUT               environment variables
//	consul://host:8500/apps/checkout
//	etcd://host:2379,host2:2379/apps/checkout
//	redis://host:6379/apps/checkout
//	zk://host:2181,host2:2181/apps/checkout
//	nats://host:4222/BUCKET/apps.checkout
//	https://host/app.yaml      a document behind a URL
//
// Options follow a "?", as in consul://host/app.yaml?document=yaml&optional, and
// behind a URL a "#", as its own query may follow a "?".
// Credentials are never part of an address, which others can see in the list of
// processes: they are in files that options name, or in the environment.
package place

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/tree"
)

// Place is what an address stands for.
type Place struct {
	Source source.Source
	Store  Store // nil where nothing can be pushed to
	Flat   bool  // its names are flat, as variables are: which keys they mean is for other sources to tell
	closer func()
}

// Close ends the connection, if there is one.
func (p *Place) Close() {
	if p.closer != nil {
		p.closer()
	}
}

// scheme makes the place of an address.
type scheme struct {
	name  string
	takes []string // the names of its own options
	open  func(a *address) (*Place, error)
}

// schemes are all there are.
var schemes = []scheme{
	{"file", []string{"format", "poll"}, openFile},
	{"dir", []string{"separator", "poll"}, openDir},
	{"glob", []string{"format", "poll"}, openGlob},
	{"http", webOptions, openURL},
	{"https", webOptions, openURL},
	{"env", []string{"ignore-empty"}, openEnv},
	{"consul", slices.Concat(tlsOptions, storeOptions, []string{"token-file", "dc", "namespace", "partition"}), openConsul},
	{"etcd", slices.Concat(tlsOptions, storeOptions, []string{"user", "password-file"}), openEtcd},
	{"redis", slices.Concat(tlsOptions, storeOptions, []string{"user", "password-file", "db", "hash", "sentinel", "cluster"}), openRedis},
	{"nats", slices.Concat(tlsOptions, storeOptions, []string{"creds-file"}), openNATS},
	{"zk", slices.Concat(tlsOptions, []string{"document", "auth-file"}), openZooKeeper},
}

// common are the options of every scheme.
var common = []string{"name", "optional", "mount", "cache", "gate", "keep"}

// storeOptions are those of stores of flat keys.
var storeOptions = []string{"document", "separator"}

// Parse makes the place of an address. It connects to nothing yet.
func Parse(text string) (*Place, error) {
	a, err := parse(text)
	if err != nil {
		return nil, fmt.Errorf("source %q: %w", shown(text), err)
	}
	i := slices.IndexFunc(schemes, func(s scheme) bool { return s.name == a.scheme })
	if i < 0 {
		return nil, fmt.Errorf("source %q: unknown scheme %q; there are %s", shown(text), a.scheme, names())
	}
	if err := a.check(append(slices.Clone(common), schemes[i].takes...)); err != nil {
		return nil, fmt.Errorf("source %q: %w", shown(text), err)
	}
	p, err := schemes[i].open(a)
	if err != nil {
		return nil, fmt.Errorf("source %q: %w", shown(text), err)
	}
	p.Source = a.wrap(p.Source)
	if err := a.err(); err != nil {
		p.Close()
		return nil, fmt.Errorf("source %q: %w", shown(text), err)
	}
	return p, nil
}

var (
	credentials = regexp.MustCompile(`//.*@`) // a password may have slashes
	given       = regexp.MustCompile(`([?&][^?&=]*=)[^&]*`)
)

// shown returns an address without the credentials that somebody has put into it,
// and without what is given to options or to a server: it may be a token.
func shown(text string) string {
	return given.ReplaceAllString(credentials.ReplaceAllString(text, "//<redacted>@"), "$1<redacted>")
}

// All makes the places of several addresses, lowest precedence first.
func All(texts []string) (places []*Place, err error) {
	var errs []error
	known := map[string]bool{}
	for _, text := range texts {
		p, err := Parse(text)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		places = append(places, p)
		if name := p.Source.Name(); known[name] {
			errs = append(errs, fmt.Errorf("source %q: another is named %q too; give one the option name=NAME", shown(text), name))
		} else {
			known[name] = true
		}
	}
	if err := errors.Join(errs...); err != nil {
		CloseAll(places)
		return nil, err
	}
	return places, nil
}

// CloseAll closes places.
func CloseAll(places []*Place) {
	for _, p := range places {
		p.Close()
	}
}

// wrap applies the options that every scheme has.
func (a *address) wrap(src source.Source) source.Source {
	if path := a.get("gate"); path != "" {
		src = source.Gate(path, src)
	}
	if share := a.get("keep"); share != "" {
		src = source.AtLeast(a.share("keep"), src)
	}
	if path := a.get("mount"); path != "" {
		src = source.Mount(path, src)
	}
	if file := a.get("cache"); file != "" {
		src = source.Cached(file, src)
	}
	if name := a.get("name"); name != "" {
		src = source.Named(name, src)
	}
	if a.has("optional") {
		src = source.Optional(src)
	}
	return src
}

func names() string {
	all := make([]string, len(schemes))
	for i, s := range schemes {
		all[i] = s.name
	}
	return strings.Join(all, ", ")
}

// mounts reports whether a path may be given to [source.Mount], which panics
// otherwise.
func mounts(path string) error {
	_, err := tree.ParsePath(path)
	return err
}
