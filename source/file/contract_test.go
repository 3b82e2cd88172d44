package file

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/confsync/confsync/source/sourcetest"
	"github.com/confsync/confsync/tree"
)

const noBreak = "there is nothing between a file and its reader that could be cut"

func TestFileKeepsTheContract(t *testing.T) {
	for name, c := range map[string]struct {
		file   string
		render func(t *testing.T, values map[string]string) string
	}{
		"YAML": {"config.yaml", braces},
		"env":  {".env", names},
	} {
		t.Run(name, func(t *testing.T) {
			sourcetest.Run(t, sourcetest.Harness{
				Strict:     true,
				Impossible: map[string]string{"Break": noBreak},
				New: func(t *testing.T, values map[string]string) sourcetest.Store {
					path := filepath.Join(t.TempDir(), c.file)
					now := maps.Clone(values)
					save := func(t *testing.T) { moveOver(t, path, c.render(t, now)) }
					save(t)
					return sourcetest.Store{
						Source: New(path, quick),
						Set:    func(t *testing.T, key tree.Path, value string) { now[key.String()] = value; save(t) },
						Delete: func(t *testing.T, key tree.Path) { delete(now, key.String()); save(t) },
						Commit: func(t *testing.T, values map[string]string) { maps.Copy(now, values); save(t) },
						Spoil:  func(t *testing.T) { moveOver(t, path, `"a": [`) },
					}
				},
			})
		})
	}
}

// braces returns a document in JSON, which is YAML too.
func braces(t *testing.T, values map[string]string) string {
	doc, beta := map[string]any{}, map[string]string{}
	for path, value := range values {
		if key, ok := strings.CutPrefix(path, "beta."); ok {
			doc["beta"], beta[key] = beta, value
		} else {
			doc[path] = value
		}
	}
	data, err := json.Marshal(doc)
	do(t, err)
	return string(data)
}

// names returns a dotenv file.
func names(_ *testing.T, values map[string]string) string {
	doc := "# values\n"
	for path, value := range values {
		doc += strings.ReplaceAll(path, ".", "_") + "=" + strconv.Quote(value) + "\n"
	}
	return doc
}

func TestDirKeepsTheContract(t *testing.T) {
	sourcetest.Run(t, sourcetest.Harness{
		Strict:     true,
		Impossible: map[string]string{"Break": noBreak, "Commit": "files of a plain directory change one by one"},
		New: func(t *testing.T, values map[string]string) sourcetest.Store {
			dir := t.TempDir()
			spoilt := filepath.Join(dir, "spoilt")
			set := func(t *testing.T, path, value string) {
				p, err := tree.ParsePath(path)
				do(t, err)
				file := filepath.Join(append([]string{dir}, p...)...)
				do(t, os.MkdirAll(filepath.Dir(file), 0o700))
				write(t, dir+".new", value)
				do(t, os.Rename(dir+".new", file))
				_ = os.Remove(spoilt)
			}
			for path, value := range values {
				set(t, path, value)
			}
			return sourcetest.Store{
				Source: Dir(dir, quick),
				Set:    func(t *testing.T, key tree.Path, value string) { set(t, key.String(), value) },
				Delete: func(t *testing.T, key tree.Path) {
					file := filepath.Join(append([]string{dir}, key...)...)
					do(t, os.Remove(file))
					if len(key) > 1 {
						_ = os.Remove(filepath.Dir(file)) // which fails while there is something in it
					}
				},
				Spoil: func(t *testing.T) { do(t, os.Symlink("nowhere", spoilt)) },
			}
		},
	})
}

func TestVolumeKeepsTheContract(t *testing.T) {
	sourcetest.Run(t, sourcetest.Harness{
		Strict:     true,
		Impossible: map[string]string{"Break": noBreak},
		New: func(t *testing.T, values map[string]string) sourcetest.Store {
			dir := t.TempDir()
			now, version := maps.Clone(values), 0
			save := func(t *testing.T) {
				old := fmt.Sprintf("..%d", version)
				version++
				name := fmt.Sprintf("..%d", version)
				do(t, os.Mkdir(filepath.Join(dir, name), 0o700))
				for path, value := range now {
					p, err := tree.ParsePath(path)
					do(t, err)
					files(t, dir, map[string]string{filepath.Join(append([]string{name}, p...)...): value})
				}
				do(t, os.Symlink(name, filepath.Join(dir, "..data_tmp")))
				do(t, os.Rename(filepath.Join(dir, "..data_tmp"), filepath.Join(dir, "..data")))
				do(t, os.RemoveAll(filepath.Join(dir, old)))
			}
			save(t)
			return sourcetest.Store{
				Source: Dir(dir, quick),
				Set:    func(t *testing.T, key tree.Path, value string) { now[key.String()] = value; save(t) },
				Delete: func(t *testing.T, key tree.Path) { delete(now, key.String()); save(t) },
				Commit: func(t *testing.T, values map[string]string) { maps.Copy(now, values); save(t) },
				Spoil: func(t *testing.T) {
					do(t, os.Symlink("nowhere", filepath.Join(dir, fmt.Sprintf("..%d/spoilt", version))))
				},
			}
		},
	})
}
