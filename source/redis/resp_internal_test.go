package redis

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"testing"
)

func decode(text string, bytes, items int) (replies []any, pushes [][]any, err error) {
	d := &decoder{
		r: bufio.NewReaderSize(strings.NewReader(text), 32), bytes: bytes, items: items,
		push: func(push []any) { pushes = append(pushes, push) },
	}
	for {
		reply, err := d.next()
		if err != nil {
			return replies, pushes, err
		}
		replies = append(replies, reply)
	}
}

func TestDecoder(t *testing.T) {
	long := strings.Repeat("v", 100) // longer than the buffer
	tests := []struct {
		name, text string
		want       []any
		pushes     [][]any
	}{
		{"simple", "+OK\r\n:7\r\n_\r\n,1.5\r\n#t\r\n", []any{"OK", int64(7), nil, "1.5", "t"}, nil},
		{"strings", "$1\r\na\r\n$0\r\n\r\n$-1\r\n=5\r\ntxt:a\r\n", []any{"a", "", nil, "txt:a"}, nil},
		{"a long string", fmt.Sprintf("$100\r\n%s\r\n+OK\r\n", long), []any{long, "OK"}, nil},
		{"errors", "-ERR no\r\n!6\r\nERR no\r\n", []any{refusal("ERR no"), refusal("ERR no")}, nil},
		{"lists", "*2\r\n$1\r\na\r\n*1\r\n:1\r\n*-1\r\n*0\r\n~1\r\n+a\r\n", []any{[]any{"a", []any{int64(1)}}, nil, []any{}, []any{"a"}}, nil},
		{"a map", "%1\r\n+a\r\n:1\r\n", []any{[]any{"a", int64(1)}}, nil},
		{"attributes", "|1\r\n+a\r\n:1\r\n+OK\r\n", []any{"OK"}, nil},
		{"a push before a reply", ">2\r\n+invalidate\r\n_\r\n+OK\r\n", []any{"OK"}, [][]any{{"invalidate", nil}}},
		{"a push within a reply", "*2\r\n+a\r\n>2\r\n+x\r\n+y\r\n+b\r\n", []any{[]any{"a", "b"}}, [][]any{{"x", "y"}}},
		{"the answer to SUBSCRIBE", ">3\r\n+subscribe\r\n+c\r\n:1\r\n", []any{[]any{"subscribe", "c", int64(1)}}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, pushes, err := decode(tt.text, -1, -1)
			if err != io.EOF || !reflect.DeepEqual(got, tt.want) || !reflect.DeepEqual(pushes, tt.pushes) {
				t.Errorf("replies %v, pushes %v, error %v; want %v, %v, EOF", got, pushes, err, tt.want, tt.pushes)
			}
		})
	}
}

// Row U10: what is beyond the bounds is read over, and the next reply is one.
func TestU10RedisDecoder(t *testing.T) {
	long := strings.Repeat("v", 100)
	tests := []struct{ name, text string }{
		{"a long string", fmt.Sprintf("$100\r\n%s\r\n", long)},
		{"long strings together", fmt.Sprintf("*2\r\n$30\r\n%.30s\r\n$30\r\n%.30s\r\n", long, long)},
		{"many", "*4\r\n:1\r\n:2\r\n:3\r\n:4\r\n"},
		{"a large map", "%2\r\n:1\r\n:2\r\n:3\r\n:4\r\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, _, err := decode(tt.text+"$50\r\n"+long[:50]+"\r\n", 50, 3)
			if err != io.EOF || !reflect.DeepEqual(got, []any{errTooLong, long[:50]}) {
				t.Errorf("replies %v, error %v; want one that is too long, and the next", got, err)
			}
		})
	}
}

// Row R5: what is told takes nothing from the bounds of a reply, and what is beyond
// them itself is not forgotten.
func TestR5PushBeyondTheBounds(t *testing.T) {
	long := strings.Repeat("v", 40)
	push := fmt.Sprintf(">2\r\n+invalidate\r\n*1\r\n$40\r\n%s\r\n", long)
	told := []any{"invalidate", []any{long}}
	tests := []struct {
		name, text string
		want       [][]any
	}{
		{"many before a reply", push + push + push, [][]any{told, told, told}},
		{"one too long", fmt.Sprintf(">2\r\n+invalidate\r\n*2\r\n$40\r\n%s\r\n$40\r\n%s\r\n", long, long), [][]any{{"invalidate", nil}}},
		{"one of too many keys", ">2\r\n+invalidate\r\n*4\r\n+a\r\n+b\r\n+c\r\n+d\r\n", [][]any{{"invalidate", nil}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			replies, pushes, err := decode(tt.text+"$50\r\n"+strings.Repeat("r", 50)+"\r\n", 60, 3)
			if err != io.EOF || len(replies) != 1 || replies[0] != strings.Repeat("r", 50) || !reflect.DeepEqual(pushes, tt.want) {
				t.Errorf("replies %v, pushes %v, error %v; want the one reply and %v", replies, pushes, err, tt.want)
			}
		})
	}
}

func TestDecoderRefuses(t *testing.T) {
	for _, text := range []string{"\r\n", "?1\r\n", ":x\r\n", "$99999999999\r\n", "*x\r\n", "$x\r\n"} {
		if _, _, err := decode(text, -1, -1); err == nil || errors.Is(err, io.EOF) || !strings.HasPrefix(err.Error(), "protocol: ") {
			t.Errorf("%q: error %v, want one of the protocol", text, err)
		}
	}
}

// Whatever comes, the decoder ends, and holds no more than it may.
func FuzzDecoder(f *testing.F) {
	for _, seed := range []string{"+OK\r\n", "*2\r\n$1\r\na\r\n>1\r\n+x\r\n:1\r\n", "%1\r\n+a\r\n_\r\n", "$-1\r\n", "*9999999\r\n", "|1\r\n+a\r\n+b\r\n-ERR\r\n"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		replies, _, _ := decode(text, 64, 16)
		for _, reply := range replies {
			if s, ok := reply.(string); ok && len(s) > 64 && len(s) > len(text) {
				t.Errorf("%q: a string of %d bytes", text, len(s))
			}
		}
	})
}

// Row R5: however much is told, little is remembered, and nothing is forgotten.
func TestR5NoticesAreBounded(t *testing.T) {
	c := &conn{wanted: func(key string) bool { return strings.HasPrefix(key, "k") }}
	for i := range 3 * maxNotices {
		c.hear([]any{"pmessage", "", fmt.Sprintf("__keyspace@0__:k%d", i), "set"})
		if len(c.notices.keys) > maxNotices {
			t.Fatalf("%d keys are remembered, want at most %d", len(c.notices.keys), maxNotices)
		}
	}
	if heard := c.heard(); !heard.all {
		t.Errorf("%d keys were heard of, want that any may have changed", len(heard.keys))
	}
	for _, push := range [][]any{
		{"message", "__keyspace@0__:k__:1", "del"}, {"invalidate", []any{"k2", "other"}}, {"pmessage", "", "__keyspace@0__:other", "set"}, {"unknown"},
	} {
		c.hear(push)
	}
	if heard := c.heard(); heard.all || len(heard.keys) != 2 || !heard.has("k__:1") || !heard.has("k2") {
		t.Errorf("heard of %v, want k__:1 and k2", heard)
	}
	c.hear([]any{"invalidate", nil})
	if !c.heard().all {
		t.Error("an invalidation of everything was not heard")
	}
}
