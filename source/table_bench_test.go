package source_test

import (
	"fmt"
	"runtime"
	"strconv"
	"testing"

	"github.com/confsync/confsync/source"
)

var sizes = []int{1_000, 10_000, 100_000}

func listed(n int) []source.Row {
	all := make([]source.Row, n)
	for i := range all {
		all[i] = source.Row{Key: fmt.Sprintf("app/s%04d/k%02d", i/8, i%8), Value: strconv.Itoa(i), Revision: 1}
	}
	return all
}

// A whole list in which one key has changed.
func BenchmarkTableReplace(b *testing.B) {
	for _, n := range sizes {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			table := newTable("app", source.Bounds{})
			list := listed(n)
			values := make([][]byte, n)
			for i := range values {
				values[i] = []byte(list[i].Value)
			}
			table.Replace(append([]source.Row(nil), list...))
			table.Tree()
			b.ReportAllocs()
			b.ResetTimer()
			for i := range b.N {
				next := make([]source.Row, n)
				for j := range next {
					next[j] = source.Row{Key: list[j].Key, Value: string(values[j]), Revision: 1}
				}
				next[n/2] = source.Row{Key: list[n/2].Key, Value: strconv.Itoa(i), Revision: int64(i + 2)}
				table.Replace(next)
				if _, err := table.Tree(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// One key written.
func BenchmarkTablePut(b *testing.B) {
	for _, n := range sizes {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			var before, after runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&before)
			table := newTable("app", source.Bounds{})
			table.Replace(listed(n))
			table.Tree()
			runtime.GC()
			runtime.ReadMemStats(&after)
			b.ReportAllocs()
			b.ResetTimer()
			for i := range b.N {
				key := fmt.Sprintf("app/s%04d/k%02d", i%n/8, i%8)
				table.Put(source.Row{Key: key, Value: strconv.Itoa(i + 7), Revision: int64(i + 2)})
				if _, err := table.Tree(); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/float64(n), "B/key")
			runtime.KeepAlive(table)
		})
	}
}
