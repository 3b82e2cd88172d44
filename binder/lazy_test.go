package binder_test

import (
	"reflect"
	"strings"
	"sync"
	"testing"
)

// lazy fills a field of its own at the first question, as a user's type may.
type lazy struct {
	Words string
	once  sync.Once
	split []string
}

func (l *lazy) list() []string {
	l.once.Do(func() { l.split = strings.Fields(l.Words) })
	return l.split
}

// lazyText does so too, and reads its own text.
type lazyText struct {
	words string
	once  sync.Once
	split []string
}

func (l *lazyText) UnmarshalText(text []byte) error {
	l.words = string(text)
	return nil
}

func (l *lazyText) list() []string {
	l.once.Do(func() { l.split = strings.Fields(l.words) })
	return l.split
}

// lazyJSON reads JSON.
type lazyJSON struct{ lazyText }

func (l *lazyJSON) UnmarshalJSON(data []byte) error { return l.UnmarshalText(data) }
func (l *lazyJSON) UnmarshalText(text []byte, _ ...int) error {
	l.words = string(text)
	return nil
}

type lazies struct {
	One   lazy
	Text  lazyText
	JSON  lazyJSON
	Array [2]lazy
	List  []lazy
	Ptr   *lazy
	Deep  struct{ In struct{ One lazy } }
	Port  int
}

// TestUsersFieldsAreNotCopied has readers who fill fields of their own in the
// values they were given while others are bound: to be run under -race.
func TestUsersFieldsAreNotCopied(t *testing.T) {
	b := &binding{Binder: newBinder(t, typeOf[lazies]())}
	in := kv{"one.words", "a b", "text", "a b", "json", "a b", "array", `[{"words":"a b"},{"words":"c"}]`, "list.0.words", "a b", "list.1.words", "c",
		"ptr.words", "a b", "deep.in.one.words", "a b", "port", "1"}
	var readers sync.WaitGroup
	for i := range 20 {
		in[len(in)-1] = string(rune('0' + i%10))
		in[11] = "c" + in[len(in)-1] // of the list's second element
		if problems := b.bind(t, in); len(problems) > 0 {
			t.Fatal(problems)
		}
		v := b.bound.Value.Interface().(*lazies)
		for range 2 {
			readers.Go(func() {
				for _, l := range []*lazy{&v.One, &v.Array[0], &v.List[0], v.Ptr, &v.Deep.In.One} {
					if got := l.list(); !reflect.DeepEqual(got, []string{"a", "b"}) {
						t.Errorf("words %q", got)
					}
				}
				if len(v.Text.list()) != 2 || len(v.JSON.list()) == 0 {
					t.Errorf("words %q and %q", v.Text.list(), v.JSON.list())
				}
			})
		}
	}
	readers.Wait()
}
