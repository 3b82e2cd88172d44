package binder_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/confsync/confsync/binder"
	"github.com/confsync/confsync/tree"
)

type benchFleet struct {
	Services map[string]benchService
}

type benchService struct {
	Host    string
	Port    uint16
	TLS     bool `config:"tls"`
	Timeout time.Duration
	Retries int
	Weight  float64
	Name    string
	Zone    string
}

// benchRoot returns a tree of n keys, with the ports of the first changed ones
// as given.
func benchRoot(b *testing.B, n, changed, port int) *tree.Node {
	services := map[string]any{}
	for i := range n / 8 {
		p := 8000 + i%1000
		if i < changed {
			p = port
		}
		services[fmt.Sprintf("svc-%05d", i)] = map[string]any{"host": fmt.Sprintf("host%d.example.com", i), "port": p, "tls": true,
			"timeout": "5s", "retries": 3, "weight": 0.5, "name": fmt.Sprintf("service %d", i), "zone": "eu-west-1"}
	}
	return rootOf(b, map[string]any{"services": services})
}

// BenchmarkBind binds and rewrites 10,000 keys: from nothing, and with some changed.
func BenchmarkBind(b *testing.B) {
	const n = 10_000
	base := benchRoot(b, n, 0, 0)
	bd := newBinder(b, typeOf[benchFleet]())
	first, _ := bd.Bind(binder.Bound{}, base)
	canon := bd.Canonical(binder.Canonical{}, base)
	b.Run("scratch", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			bd.Bind(binder.Bound{}, base)
		}
	})
	for _, changed := range []int{1, 1000} {
		next := tree.Reuse(tree.Of(base), tree.Of(benchRoot(b, n, changed, 9999))).Root()
		b.Run(fmt.Sprintf("changed=%d", changed), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				bd.Bind(first, next)
			}
		})
		b.Run(fmt.Sprintf("canonical/changed=%d", changed), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				bd.Canonical(canon, next)
			}
		})
	}
}
