package stores

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"syscall"
	"time"
)

// commonFaults happen to every store.
func (b *bout) commonFaults() []fault {
	var pid int
	kill := func() {
		pid = b.server.Pid()
		b.server.Kill()
		if err := syscall.Kill(pid, 0); !errors.Is(err, syscall.ESRCH) {
			b.Fatalf("process %d is still there: %v", pid, err)
		}
	}
	start := func() {
		b.server.Start()
		if b.server.Pid() == pid {
			b.Fatalf("the server is still process %d", pid)
		}
	}
	return []fault{
		{"pause", true, b.pause, b.resume},
		{"kill", true, kill, start},
		{"wipe", true, func() {
			if b.name == "zookeeper" {
				b.counted = b.zxid()
			}
			kill()
		}, func() {
			b.replace(state{}, func() { b.server.Wipe(); start() })
		}},
		{"cut", true, b.cut, b.mend},
		b.blackHole(),
		b.latency(),
	}
}

func (b *bout) pause() {
	b.server.Pause()
	if s := processState(b.server.Pid()); s != "T" {
		b.Fatalf("the paused server is in state %q", s)
	}
}

func (b *bout) resume() {
	b.server.Resume()
	eventually(b, patience, func() string { return "a server that goes on" }, func() bool { return processState(b.server.Pid()) != "T" })
}

// processState is the letter that the kernel has for it.
func processState(pid int) string {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return err.Error()
	}
	_, rest, _ := strings.Cut(string(stat), ") ") // pid (name) state ...
	return rest[:1]
}

// replace has the store hold other values, in a new epoch, and checks that it does.
func (b *bout) replace(values state, by func()) {
	b.writer.turn(values, func(c client) client {
		by()
		if z, ok := c.(*zkClient); ok {
			c = b.overtake(z)
		}
		eventually(b, bound, func() string { return fmt.Sprintf("a store that holds %v", values) }, func() bool {
			ctx, cancel := context.WithTimeout(context.Background(), time.Second)
			defer cancel()
			held, err := c.read(ctx, root)
			_, _, ok := (&ledger{past: []entry{{values: values}}}).find(held, 0)
			return err == nil && ok
		})
		return c
	})
}

func (b *bout) cut() {
	b.proxy.Cut()
	if conn, err := net.Dial("tcp", b.proxy.Addr()); err == nil {
		conn.Close()
		b.Fatal("the proxy was cut and accepts")
	}
	eventually(b, patience, func() string { return "a proxy without connections" }, func() bool { return b.proxy.Connections() == 0 })
}

func (b *bout) mend() {
	b.proxy.Heal()
	conn, err := net.Dial("tcp", b.proxy.Addr())
	must(b, err)
	conn.Close()
}

// blackHole passes nothing, but accepts.
func (b *bout) blackHole() fault {
	var up, down int64
	return fault{"black hole", true, func() {
		b.proxy.Blackhole()
		conn, err := net.Dial("tcp", b.proxy.Addr())
		must(b, err)
		conn.Close()
		eventually(b, patience, func() string { return "a proxy that passes nothing" }, func() bool {
			up, down = b.proxy.Bytes()
			time.Sleep(50 * time.Millisecond) // in which something would pass
			u, d := b.proxy.Bytes()
			return up == u && down == d
		})
	}, func() {
		if u, d := b.proxy.Bytes(); u != up || d != down {
			b.Fatalf("%d bytes up and %d down passed the black hole", u-up, d-down)
		}
		b.mend()
	}}
}

// latency delays everything. What it costs is measured.
func (b *bout) latency() fault {
	delay := time.Duration(20+b.rand.IntN(100)) * time.Millisecond
	return fault{"latency", false, func() {
		b.proxy.Latency(delay)
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		began := time.Now()
		_, err := b.through.get(ctx, root+"/seq")
		must(b, err)
		if took := time.Since(began); took < 2*delay {
			b.Fatalf("an answer took %v, with a delay of %v each way", took, delay)
		}
		b.awaitCommits(10)
		b.converge()
	}, b.mend}
}
