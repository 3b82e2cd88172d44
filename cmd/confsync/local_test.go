package main

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/confsync/confsync/internal/await"
)

const shop = `
server: {host: a, port: 8080}
db: {max_conns: 4, password: hunter2}
ports: [1, 2]
note: "two\nlines"
`

func TestGet(t *testing.T) {
	file := write(t, "app.yaml", shop)
	t.Setenv("APP_DB_MAX_CONNS", "9")
	base := []string{"-s", file, "-s", "env:APP"}
	get := func(args ...string) result { return invoke(t, append(append([]string{}, base...), args...)...) }

	get("get", "server.port").want(t, exitOK, "8080\n")
	get("get", "db.max_conns").want(t, exitOK, "9\n") // the name is resolved by the file's keys
	get("get").want(t, exitOK, "db.max_conns = 9\n", "ports.1 = 2\n", `note = "two\nlines"`)
	get("get", "nowhere").want(t, exitNo, `no value at "nowhere"`)
	get("get", "-o", "toml").want(t, exitTrouble, "text, yaml and json")
	get("get", "-o", "yaml", "ports").want(t, exitOK, "- 1\n- 2\n")

	var doc struct {
		Server struct{ Port int }
		Ports  []int
	}
	out := get("get", "-o", "json").out
	if err := json.Unmarshal([]byte(out), &doc); err != nil || doc.Server.Port != 8080 || len(doc.Ports) != 2 {
		t.Errorf("%v: %s", err, out)
	}
	t.Setenv("CONFSYNC_SOURCES", file)
	invoke(t, "get", "server.host").want(t, exitOK, "a\n")
}

func TestNoSourceAndWrongAddresses(t *testing.T) {
	t.Setenv("CONFSYNC_SOURCES", "")
	invoke(t, "get").want(t, exitTrouble, "no source")
	for address, want := range map[string]string{
		"ftp://host/x":                 "unknown scheme",
		"consul://host/x?colour=red":   `unknown option "colour"`,
		"consul://user:hunter2@host/x": "credentials",
		"https://user:hunter2@host/x":  "without credentials",
		"etcd://h,u:hunter2@h/x?a=b":   "credentials",
		"https:///x?token=hunter2":     "with a host",
		"consul://host?token=hunter2":  "unknown option",
		"redis://h/x?db=one":           "option db: want a number",
		"file:":                        "want file:PATH",
		"redis://a,b/x":                "Cluster",
		"etcd://h/x?ca-file=/nowhere":  "option ca-file",
		"file:x.yaml?mount=a..b":       "option mount",
	} {
		got := invoke(t, "-s", address, "get")
		got.want(t, exitTrouble, want)
		if contains(got.out+got.err, "hunter2") {
			t.Errorf("%s shows a password:\n%s", address, got.err)
		}
	}
}

func TestExplain(t *testing.T) {
	low, high := write(t, "low.yaml", shop), write(t, "high.yaml", "server: {port: 9}")
	invoke(t, "-s", low, "-s", high, "explain", "server.port").want(t, exitOK, "server.port = 9", "high.yaml:1:16", "hides  8080")
	invoke(t, "-s", low, "explain", "server.prot").want(t, exitNo, "no value at")
}

// What has no text stands alone as it is written, and an empty configuration is
// nothing.
func TestGetOfWhatHasNoText(t *testing.T) {
	file := write(t, "app.yaml", "nothing: null\nmap: {}\nlist: []\ntext: ''\n")
	for path, want := range map[string]string{
		"nothing": "null\n", "map": "{}\n", "list": "[]\n", "text": "\n", "": "list = []\nmap = {}\nnothing = null\ntext = \n",
	} {
		if got := invoke(t, "-s", file, "get", path); got.out != want || got.code != exitOK {
			t.Errorf("get %q printed %q and exited with %d, want %q", path, got.out, got.code, want)
		}
	}
	if got := invoke(t, "-s", "file:nowhere.yaml?optional", "get"); got.out != "" || got.code != exitOK {
		t.Errorf("nothing at all: %+v", got)
	}
	invoke(t, "diff", file, write(t, "b.yaml", "")).want(t, exitNo, "- map = {}\n", "- nothing = null\n")
}

func TestPathsThatAreNearlyRight(t *testing.T) {
	file := write(t, "app.yaml", shop)
	for _, command := range []string{"get", "explain"} {
		invoke(t, "-s", file, command, "server.prot").want(t, exitNo, `no value at "server.prot"; did you mean "server.port"?`)
		invoke(t, "-s", file, command, "sever.port").want(t, exitNo, `did you mean "server.port"?`)
		invoke(t, "-s", file, command, "ports.7").want(t, exitNo, `no value at "ports.7"`)
		invoke(t, "-s", file, command, "a..b").want(t, exitTrouble, "a..b")
	}
}

// Wrong usage is not a "no".
func TestWrongUsageOfCheckAndStatus(t *testing.T) {
	t.Setenv("CONFSYNC_SOURCES", "")
	file, broken := write(t, "app.yaml", shop), write(t, "schema.json", "{")
	for _, command := range []string{"check", "status"} {
		invoke(t, command).want(t, exitTrouble, "no source")
		invoke(t, "-s", "ftp://x", command).want(t, exitTrouble, "unknown scheme")
		invoke(t, "-s", file, "--schema", broken, command).want(t, exitTrouble, "schema.json")
		invoke(t, "-s", file, "--schema", "nowhere.json", command).want(t, exitTrouble, "nowhere.json")
		invoke(t, "-s", "nowhere.yaml", command).want(t, exitNo, "nowhere.yaml")
		invoke(t, "-s", write(t, "bad.yaml", "["), command).want(t, exitNo, "bad.yaml")
	}
	invoke(t, "completion", "tcsh").want(t, exitTrouble, "tcsh")
	invoke(t, "completion", "bash").want(t, exitOK, "__complete")
}

func TestOptionsOfEverySource(t *testing.T) {
	file := write(t, "app.yaml", shop)
	get := func(options, path string) result { return invoke(t, "-s", file+"?"+options, "get", path) }
	get("mount=a.b", "a.b.server.port").want(t, exitOK, "8080\n")
	get("keep=50%", "server.port").want(t, exitOK, "8080\n")
	get("keep=50%25&name=x&optional", "server.port").want(t, exitOK, "8080\n")
	get("keep=150%", "server.port").want(t, exitTrouble, "want a share such as 50%")
	get("cache="+filepath.Join(t.TempDir(), "cache"), "server.port").want(t, exitOK, "8080\n")
	invoke(t, "-s", file, "-s", file, "get").want(t, exitTrouble, "give one the option name=NAME")
	invoke(t, "-s", file, "-s", file+"?name=again", "get", "server.port").want(t, exitOK, "8080\n")
}

func TestDiff(t *testing.T) {
	a, b := write(t, "a.yaml", shop), write(t, "b.yaml", "server: {host: b, port: 8080}\nnew: {x: 1}")
	invoke(t, "diff", a, a).want(t, exitOK)
	invoke(t, "diff", a, b).want(t, exitNo, "- server.host = a\n+ server.host = b\n", "+ new.x = 1\n", "- ports.0 = 1\n")
	invoke(t, "diff", a, a+" "+b).want(t, exitNo, "+ server.host = b\n", "+ new.x = 1\n")
}

const schemaOfApp = `{
	"$schema": "https://json-schema.org/draft/2020-12/schema",
	"type": "object", "additionalProperties": false, "required": ["server"],
	"properties": {
		"server": {"type": "object", "properties": {"host": {"type": "string"}, "port": {"type": "integer"}}},
		"db": {"type": "object", "properties": {"max_conns": {"type": "integer"}, "password": {"type": "string", "writeOnly": true}}},
		"ports": {"type": "array", "items": {"type": "integer"}},
		"note": {"type": "string", "maxLength": 20}
	}}`

func TestCheck(t *testing.T) {
	schema := write(t, "schema.json", schemaOfApp)
	invoke(t, "-s", write(t, "app.yaml", shop), "--schema", schema, "check").want(t, exitOK, "valid")
	bad := invoke(t, "-s", write(t, "bad.yaml", "server: {port: x}\nsrever: 1\nnote: this is longer than twenty"), "--schema", schema, "check")
	bad.want(t, exitNo, "3 problems", "server.port: a string, and the schema wants integer", "bad.yaml:1:16", "unknown: srever", "maxLength")
	texts := write(t, "texts.yaml", "server: {port: '8080'}\nports: ['1', 'x']\n")
	invoke(t, "-s", texts, "--schema", schema, "check").want(t, exitNo, "1 problem\n\nports.1: a string")
	invoke(t, "-s", write(t, "broken.yaml", "a: ["), "check").want(t, exitNo, "broken.yaml")
}

// TestSecretsOfTheSchema asserts that what the schema calls writeOnly is shown by
// no command.
func TestSecretsOfTheSchema(t *testing.T) {
	file, schema := write(t, "app.yaml", shop), write(t, "schema.json", schemaOfApp)
	other := write(t, "other.yaml", "db: {password: hunter3}")
	for _, args := range [][]string{
		{"get"}, {"get", "db.password"}, {"get", "db"}, {"get", "-o", "json"}, {"get", "-o", "yaml", "db"},
		{"explain", "db.password"}, {"explain", "db"}, {"diff", file, file + " " + other},
	} {
		r := invoke(t, append([]string{"-s", file, "-s", other, "--schema", schema}, args...)...)
		if got := r.out + r.err; contains(got, "hunter") || r.code > exitNo {
			t.Errorf("%v: exit code %d\n%s", args, r.code, got)
		}
	}
}

func TestStatus(t *testing.T) {
	file := write(t, "app.yaml", shop)
	invoke(t, "-s", file, "status").want(t, exitOK, "live", "app.yaml")
	invoke(t, "-s", file, "-s", "consul://127.0.0.1:1/x", "--timeout", "100ms", "status").want(t, exitNo, "consul x has not delivered")
}

// TestServe asserts that the page and the health are there until the end.
func TestServe(t *testing.T) {
	file := write(t, "app.yaml", shop)
	out, stop := watching(t, "-s", file, "serve", "--listen", "127.0.0.1:0")
	await.Until(t, "it listens", func() bool { return contains(out.String(), "http://") })
	url := strings.TrimSpace(out.String())
	for path, want := range map[string]string{"": "<html", "?json": "server", "healthz": ""} {
		answer, err := http.Get(url + path)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(answer.Body)
		answer.Body.Close()
		if err != nil || answer.StatusCode != http.StatusOK || !contains(string(body), want) {
			t.Errorf("%s: %s, %v, %.200s", path, answer.Status, err, body)
		}
	}
	if code := stop(); code != exitOK {
		t.Errorf("exit code %d", code)
	}
	invoke(t, "-s", file, "--schema", write(t, "schema.json", schemaOfApp), "serve").want(t, exitTrouble, "secrets of a schema")
}

// TestURLAndGlob asserts that a document behind a URL and several in a folder are
// sources.
func TestURLAndGlob(t *testing.T) {
	t.Setenv("CONFSYNC_HTTP_TOKEN", "hunter2")
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer hunter2" || r.URL.RawQuery != "v=1" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		io.WriteString(w, shop)
	}))
	defer server.Close()
	invoke(t, "-s", server.URL+"/app.yaml?v=1#name=web", "get", "server.port").want(t, exitOK, "8080\n")
	refused := invoke(t, "-s", server.URL+"/app.yaml", "--timeout", "200ms", "get")
	refused.want(t, exitTrouble, "401")
	if contains(refused.err, "hunter2") {
		t.Error(refused.err)
	}
	folder := filepath.Dir(write(t, "10.yaml", "a: 1\nb: 1\n"))
	if err := os.WriteFile(filepath.Join(folder, "20.yaml"), []byte("b: 2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	invoke(t, "-s", "glob:"+folder+"/*.yaml", "get").want(t, exitOK, "a = 1\nb = 2\n")
	invoke(t, "-s", "glob:"+folder+"/*.yaml?keep=x", "get").want(t, exitTrouble, "option keep: want a share")
}
