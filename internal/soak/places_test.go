package soak

import (
	"context"
	"math/rand/v2"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/confsync/confsync/internal/testserver"
	"github.com/confsync/confsync/source"
)

// places are the names of what is written to; each is a key of the configuration.
var places = []string{"consul", "etcd", "redis", "zookeeper", "nats", "file", "http"}

// place is somewhere that a writer writes.
type place struct {
	name   string
	source source.Source
	write  func(context.Context, part, string) error // the text is a bad level, or ""
	read   func(context.Context) (string, error)     // what it holds; nil where that is what was written last
	server *testserver.Server                        // nil where there is none to be stopped
	proxy  *testserver.Proxy                         // nil where there is no way to be cut

	mu      sync.Mutex
	written part // what it holds, as far as is known
	writes  int
}

// random returns a part that differs from the one before.
func random(n int) part {
	p := part{A: n, B: n, Level: uint8(n % 200), Map: map[string]int{}}
	for i := range 8 {
		if rand.N(3) > 0 {
			p.Map["key"+strconv.Itoa(i)] = rand.N(100)
		}
	}
	return p
}

// step writes once: mostly something good, sometimes a bad value.
func (p *place) step(ctx context.Context) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.writes++
	next, bad := random(p.writes), ""
	if rand.N(20) == 0 {
		bad = "high"
	}
	limited, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	if p.write(limited, next, bad) == nil {
		p.written = next
	}
}

// settle writes something good, however often it takes.
func (p *place) settle(t *testing.T) {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.writes++
	next := random(p.writes)
	var err error
	for range 100 {
		limited, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		err = p.write(limited, next, "")
		cancel()
		if err == nil {
			p.written = next
			return
		}
		rest(t.Context(), 200*time.Millisecond)
	}
	t.Fatalf("%s: %v", p.name, err)
}

// overtaken reports whether the place holds something else than was written last:
// a write that was given up before can be made after it.
func (p *place) overtaken(t *testing.T) bool {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.read == nil {
		return false
	}
	limited, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	text, err := p.read(limited)
	return err == nil && text != string(encode(p.written, ""))
}
