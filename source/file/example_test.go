package file_test

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strings"
	"testing/fstest"

	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/source/document"
	"github.com/confsync/confsync/source/file"
	"github.com/confsync/confsync/tree"
)

// first is the first snapshot of a source. A program has confsync.Open watch.
func first(src source.Source) source.Snapshot {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var snap source.Snapshot
	_ = src.Watch(ctx, func(s source.Snapshot) { snap = s; cancel() }) // the context's own error
	return snap
}

func temporary() string {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		log.Fatal(err)
	}
	return dir
}

func save(path, content string) {
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		log.Fatal(err)
	}
}

func ExampleNew() {
	dir := temporary()
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "config.yaml")
	save(path, "server:\n  host: localhost\n  port: 8080\n")

	snap := first(file.New(path, nil))
	port := tree.Path{"server", "port"}
	origin, _ := snap.Tree.Origin(port)
	fmt.Println(snap.Tree.Lookup(port), "at line", origin.Line, "column", origin.Column)
	// Output: 8080 at line 3 column 9
}

func ExampleNew_problems() {
	dir := temporary()
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "config.yaml")
	save(path, "port: 8080\nhost: localhost\nport: 9090\n")

	problems := first(file.New(path, nil)).Err.Error()
	fmt.Println(strings.ReplaceAll(problems, dir+"/", ""))
	// Output:
	// port: duplicate key "port", first at line 1
	//     from   file config.yaml:3:1
}

func ExampleDir() {
	dir := temporary()
	defer os.RemoveAll(dir)
	save(filepath.Join(dir, "db.user"), "checkout\n")
	save(filepath.Join(dir, "db.password"), "correct horse\n")

	snap := first(file.Dir(dir, &file.Options{Separator: "."}))
	fmt.Println(snap.Tree.Root().Child("db").Keys())
	// Output: [password user]
}

// The documents of a directory are one layer. They are read in the order of their
// names, and a later one wins.
func ExampleGlob() {
	dir := temporary()
	defer os.RemoveAll(dir)
	save(filepath.Join(dir, "10-base.yaml"), "server: {host: localhost, port: 8080}\n")
	save(filepath.Join(dir, "50-site.yaml"), "server: {host: example.com}\n")

	snap := first(file.Glob(filepath.Join(dir, "*.yaml"), nil))
	host := tree.Path{"server", "host"}
	origin, _ := snap.Tree.Origin(host)
	fmt.Println(snap.Tree.Root(), filepath.Base(origin.Key))
	// Output: {server:{host:"example.com" port:8080}} 50-site.yaml
}

// A program looks beside itself first, and then where the system has its files.
func ExampleSearch() {
	dir := temporary()
	defer os.RemoveAll(dir)
	save(filepath.Join(dir, "app.yaml"), "name: of the system\n")

	snap := first(file.Search([]string{"./no-such-app.yaml", filepath.Join(dir, "app.yaml")}, nil))
	fmt.Println(snap.Tree.Root())
	// Output: {name:"of the system"}
}

// With //go:embed, fsys is an embed.FS.
func ExampleFS() {
	fsys := fstest.MapFS{"defaults.toml": {Data: []byte("[server]\nport = 8080\n")}}

	snap := first(file.FS(fsys, "defaults.toml", nil))
	origin, _ := snap.Tree.Origin(tree.Path{"server", "port"})
	fmt.Println(snap.Tree.Root(), "from", origin)
	// Output: {server:{port:8080}} from file defaults.toml:2:8
}

// With //go:embed, the data is a variable of the program.
func ExampleBytes() {
	defaults := []byte(`{
	"server": {"port": 8080}, // where it listens
}`)
	fmt.Println(first(file.Bytes("defaults.jsonc", defaults, nil)).Tree.Root())
	// Output: {server:{port:8080}}
}

// A file that is encrypted at rest is decrypted and then read as what it is.
func ExampleOptions_decode() {
	key := []byte("a key of thirty-two bytes, found") // from where a program has its keys
	block, _ := aes.NewCipher(key)
	sealer, _ := cipher.NewGCM(block)
	decrypt := func(data []byte, limits document.Limits) (tree.Tree, error) {
		if len(data) < sealer.NonceSize() {
			return tree.Tree{}, errors.New("too short to be encrypted")
		}
		plain, err := sealer.Open(nil, data[:sealer.NonceSize()], data[sealer.NonceSize():], nil)
		if err != nil {
			return tree.Tree{}, err
		}
		return document.Decode(document.YAML, plain, limits)
	}

	dir := temporary()
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "secrets.yaml.enc")
	nonce := make([]byte, sealer.NonceSize()) // a program takes a random one
	save(path, string(sealer.Seal(nonce, nonce, []byte("db: {user: checkout}\n"), nil)))
	fmt.Println(first(file.New(path, &file.Options{Decode: decrypt})).Tree.Root())
	// Output: {db:{user:"checkout"}}
}

// Variables in a dotenv file are replaced where the options say what they are.
func ExampleOptions_expand() {
	dir := temporary()
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, ".env")
	save(path, "SITE=${NO_SUCH_NAME:-localhost}\nURL=\"http://$SITE:8080\"\n")

	snap := first(file.New(path, &file.Options{Expand: os.LookupEnv}))
	fmt.Println(snap.Tree.Root().Child("URL").Text())
	// Output: http://localhost:8080
}
