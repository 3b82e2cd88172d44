package source_test

import (
	"errors"
	"fmt"
	"io/fs"
	"testing"
	"testing/synctest"

	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/source/sourcetest"
)

func TestOptionalCountsAsNoKeysWhileItIsAbsent(t *testing.T) {
	errBad := errors.New("not a document")
	gone := fmt.Errorf("open: %w", fs.ErrNotExist)
	tests := []struct {
		name   string
		wrap   func(source.Source) source.Source
		err    error
		absent bool
	}{
		{"absent", source.Optional, gone, true},
		{"every part is absent", source.Optional, fmt.Errorf("dir: %w", errors.Join(gone, gone)), true},
		{"a part is absent, another is bad", source.Optional, errors.Join(gone, errBad), false},
		{"bad content", source.Optional, errBad, false},
		{"absent and named", func(s source.Source) source.Source { return source.Named("x", source.Optional(s)) }, gone, true},
		{"absent and mounted", func(s source.Source) source.Source { return source.Mount("", source.Optional(s)) }, gone, true},
		{"absent and required", func(s source.Source) source.Source { return s }, gone, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := sourcetest.NewMemory("m", map[string]any{"a": 1})
				r := run(t, tt.wrap(m), source.Policy{})
				for range 2 {
					m.Reject(tt.err)
					synctest.Wait()
					st := r.Status()
					if got := r.root(t); tt.absent != (got == "nothing") {
						t.Errorf("holds %s, absent is %v", got, tt.absent)
					}
					if tt.absent != (st.Err == nil) || tt.absent != (st.Note == "absent: it counts as no keys") || st.State != source.Live {
						t.Errorf("status is %+v, absent is %v", st, tt.absent)
					}
					m.Heal()
					synctest.Wait()
					if got, st := r.root(t), r.Status(); got != "{a:1}" || st.Note != "" || st.Err != nil {
						t.Errorf("once it is back it holds %s, with note %q and error %v", got, st.Note, st.Err)
					}
				}
			})
		})
	}
}

// Out of reach is not absent.
func TestOptionalKeepsTheLastGoodWhileItIsCutOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := sourcetest.NewMemory("m", map[string]any{"a": 1})
		r := run(t, source.Optional(m), source.Policy{})
		m.Fail(fmt.Errorf("dial: %w", fs.ErrNotExist)) // a socket that isn't there, say
		synctest.Wait()
		r.expect(t, source.Retrying, fs.ErrNotExist)
		if got := r.root(t); got != "{a:1}" {
			t.Errorf("holds %s", got)
		}
	})
}
