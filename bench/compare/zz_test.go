package compare

import (
	"fmt"
	"testing"
)

func BenchmarkSmall(b *testing.B) {
	for _, f := range []Format{YAML, JSON, TOML} {
		for _, n := range []int{100, 1000} {
			data := spell(newFleet(n), f)
			for _, c := range Contenders() {
				b.Run(fmt.Sprintf("%s/%d/%s", f, n, c.Name()), func(b *testing.B) {
					b.ReportAllocs()
					for b.Loop() {
						l, err := c.Load(f, data)
						if err != nil {
							b.Fatal(err)
						}
						l.Fleet()
						l.Close()
					}
				})
			}
		}
	}
}
