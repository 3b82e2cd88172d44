package leaks

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/confsync/confsync"
)

// zoo is a type with every kind of field that can hold a secret.
type zoo struct {
	Plain    string // the control: it is to be seen
	Password confsync.Secret
	Pointer  *confsync.Secret
	Tagged   string `config:",secret"`
	Number   int    `config:",secret"`
	Bytes    []byte `config:",secret"`
	Anything any    `config:",secret"`
	Tokens   []confsync.Secret
	Named    map[string]confsync.Secret
	Section  section `config:",secret"`
	DB       database
	Tenants  map[string]database
	Replicas []database
	Others   map[string]database `config:",remain"`
}

type section struct {
	User string
	Key  string
}

type database struct {
	Host     string
	Password confsync.Secret
}

// seeds are the secrets that are planted. A number among them is told from
// others by its digits.
type seeds struct{ made []string }

func (s *seeds) text(where string) string {
	seed := fmt.Sprintf("Zq%dXv%s", len(s.made), strings.ToUpper(where))
	s.made = append(s.made, seed)
	return seed
}

func (s *seeds) number() int {
	n := 731905040 + len(s.made)
	s.made = append(s.made, fmt.Sprint(n))
	return n
}

const control = "plainly-to-be-seen"

// planted returns values with a secret in each place that can hold one.
func planted(s *seeds) map[string]any {
	return map[string]any{
		"plain":    control,
		"password": s.text("password"),
		"pointer":  s.text("pointer"),
		"tagged":   s.text("tagged"),
		"number":   s.number(),
		"bytes":    s.text("bytes"),
		"anything": map[string]any{"deep": s.text("anything")},
		"tokens":   []any{s.text("token"), s.text("token")},
		"named":    map[string]any{"a": s.text("named")},
		"section":  map[string]any{"user": s.text("user"), "key": s.text("key")},
		"db":       map[string]any{"host": "h", "password": s.text("db")},
		"tenants":  map[string]any{"t": map[string]any{"host": "h", "password": s.text("tenant")}},
		"other":    map[string]any{"host": "h", "password": s.text("other")},
		"replicas": []any{map[string]any{"host": "h", "password": s.text("replica")}},
	}
}

// wrong is a way to spoil values that were good.
type wrong struct {
	name  string
	spoil func(v map[string]any, s *seeds)
}

func at(path string, value func(s *seeds) any) func(map[string]any, *seeds) {
	return func(v map[string]any, s *seeds) {
		segments := strings.Split(path, ".")
		for _, seg := range segments[:len(segments)-1] {
			v = v[seg].(map[string]any)
		}
		v[segments[len(segments)-1]] = value(s)
	}
}

func textOf(format string) func(s *seeds) any {
	return func(s *seeds) any { return fmt.Sprintf(format, s.text("text")) }
}

func mapOf(s *seeds) any  { return map[string]any{"x": s.text("map")} }
func listOf(s *seeds) any { return []any{s.text("list"), map[string]any{"y": s.text("list")}} }

// wrongs returns all ways.
func wrongs() []wrong {
	all := []wrong{
		{"unknown beside a secret", at("db.passwrod", textOf("%s"))},
		{"unknown in a secret section", at("section.kee", textOf("%s"))},
		{"two spellings", func(v map[string]any, s *seeds) { v["PASSWORD"] = s.text("twice") }},
	}
	for _, path := range slices.Sorted(maps.Keys(planted(&seeds{}))) {
		if path == "plain" {
			continue
		}
		all = append(all,
			wrong{path + " is a map", at(path, mapOf)},
			wrong{path + " is a list", at(path, listOf)},
			wrong{path + " is a text", at(path, textOf("%s"))},
			wrong{path + " is a list in a text", at(path, textOf("a,%s,b"))},
			wrong{path + " is broken JSON", at(path, textOf(`{"password":"%s",}`))},
			wrong{path + " is JSON of another kind", at(path, textOf(`["%s",{"password":1}]`))},
			wrong{path + " is a URL", at(path, textOf("postgres://user:%s@host:port/db"))},
			wrong{path + " is pairs", at(path, textOf("a:%s,b"))},
		)
	}
	return all
}
