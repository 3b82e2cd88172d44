package file

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/confsync/confsync/source"
)

// TestBrief: a brief Watch asks the system for nothing, and sees a change all the
// same.
func TestBrief(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a.json")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(path+".new", []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(path+".new", path); err != nil {
			t.Fatal(err)
		}
	}
	opts := &Options{Settle: time.Millisecond}
	for name, src := range map[string]source.Source{
		"New": New(path, opts), "Search": Search([]string{path}, opts), "Glob": Glob(filepath.Join(dir, "*.json"), opts),
	} {
		t.Run(name, func(t *testing.T) {
			write(`{"a": 1}`)
			src.(*watched).hub = &hub{open: func(func(event)) (notifier, error) {
				t.Error("a notifier was opened")
				return nil, errors.New("none")
			}}
			w := watch(t, brief{src})
			if s := w.tree("{a:1}"); s.Note != "" {
				t.Errorf("note %q", s.Note)
			}
			write(`{"a": 2}`)
			w.until("{a:2}")
		})
	}
}

// brief is a source whose Watch is brief.
type brief struct{ source.Source }

func (b brief) Watch(ctx context.Context, emit func(source.Snapshot)) error {
	return b.Source.Watch(source.Briefly(ctx), emit)
}
