package stores

import (
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/confsync/confsync/internal/await"
	"github.com/confsync/confsync/internal/testserver"
	"github.com/confsync/confsync/source"
)

// TestU9FullLink is row U9 at its full size, for a soak: 200 programs that each
// load a megabyte over one link. The stores' packages have it in small.
func TestU9FullLink(t *testing.T) {
	if os.Getenv("CONFSYNC_SOAK") == "" {
		t.Skip("takes minutes for each store: make soak")
	}
	const sources, keys, size, rate = 200, 200, 5 << 10, 2_500_000
	for _, s := range All() {
		t.Run(s.Name, func(t *testing.T) {
			server := s.Serve(t)
			direct := connect(t, s, server.Addr(), nil)
			put := map[string]string{}
			for i := range keys {
				put[fmt.Sprintf("key%03d", i)] = noise(size, i)
			}
			for _, part := range parts(put, min(s.Batch, 50)) {
				must(t, direct.Commit(t.Context(), Transaction{Root: "app", Put: part, New: true}))
			}
			proxy := testserver.NewProxy(t, server.Addr())
			far := make([]Client, sources)
			for i := range far {
				far[i] = connect(t, s, proxy.Addr(), nil)
			}
			proxy.Bandwidth(rate)
			_, before := proxy.Bytes()
			began := time.Now()
			all := make([]*source.Supervisor, sources)
			for i := range all {
				all[i] = await.SuperviseBy(t, far[i].Source(Keys, "app", Options{}), source.Policy{})
			}
			const ideal = time.Duration(sources) * keys * size * time.Second / rate
			loaded := func() (n int) {
				for _, sup := range all {
					if snap, _, ok := sup.Latest(); ok && snap.Tree.Root().Len() == keys {
						n++
					}
				}
				return n
			}
			if !await.Holds(4*ideal, func() bool { return loaded() == sources }) {
				t.Errorf("%d of %d loaded in %v", loaded(), sources, 4*ideal)
			}
			took := time.Since(began)
			failed := 0
			for _, sup := range all {
				failed += int(sup.Status().Failures)
			}
			_, after := proxy.Bytes()
			t.Logf("%v, ideal %v; %d bytes for %d; %d attempts failed", took, ideal, after-before, sources*keys*size, failed)
			if after-before > sources*keys*size*3/2 {
				t.Errorf("%d bytes were sent for %d", after-before, sources*keys*size)
			}
		})
	}
}

// parts divides keys into parts of a size.
func parts(all map[string]string, size int) []map[string]string {
	var out []map[string]string
	for k, v := range all {
		if len(out) == 0 || len(out[len(out)-1]) == size {
			out = append(out, map[string]string{})
		}
		out[len(out)-1][k] = v
	}
	return out
}

// noise returns text that can't be compressed much.
func noise(size, seed int) string {
	text := make([]byte, size)
	x := uint64(seed)*2654435761 + 88172645463325252
	for i := range text {
		x ^= x << 13
		x ^= x >> 7
		x ^= x << 17
		text[i] = byte('!' + x%90)
	}
	return string(text)
}
