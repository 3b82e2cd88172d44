package etcd

import (
	"testing"
	"time"
)

// Whatever keys weigh and however fast they come, a page is as many bytes as
// come in a part of a silence, and no more than memory has room for.
func TestPager(t *testing.T) {
	const silence = 5 * time.Second
	for _, tt := range []struct {
		name        string
		keySize     int
		rate        int // bytes a second
		least, most int // bytes of a page, in the long run
	}{
		{"small keys, fast", 50, 1 << 30, mostBytes / 4, mostBytes},
		{"large keys, fast", 100 << 10, 1 << 30, mostBytes / 4, mostBytes},
		{"keys larger than a page", 3 << 20, 1 << 30, 3 << 20, 3 << 20},
		{"small keys, slow", 50, 12 << 10, leastBytes / 4, 30 << 10},
		{"small keys, very slow", 50, 1 << 10, 50, leastBytes},
		{"large keys, slow", 100 << 10, 12 << 10, 100 << 10, 100 << 10},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var p pager
			size := 0
			for range 30 {
				size = int(p.limit()) * tt.keySize
				for size > maxPage && p.shrink() {
					size = int(p.limit()) * tt.keySize
				}
				p.adapt(int(p.limit()), size, time.Duration(float64(size)/float64(tt.rate)*float64(time.Second)), silence)
			}
			if size < tt.least || size > tt.most {
				t.Errorf("pages of %d bytes, want %d to %d", size, tt.least, tt.most)
			}
		})
	}
}

// Keys that are suddenly large don't make a page that memory has no room for.
func TestPagerShrinks(t *testing.T) {
	var p pager
	for range 10 {
		p.adapt(int(p.limit()), int(p.limit())*10, 0, time.Second)
	}
	for asked := 0; int(p.limit())*(1<<20) > maxPage; asked++ {
		if asked > 6 || !p.shrink() {
			t.Fatalf("%d keys after %d pages that were too long", p.limit(), asked)
		}
	}
}
