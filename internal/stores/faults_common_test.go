package stores

import (
	"context"
	"fmt"
	"net"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/confsync/confsync/internal/await"
)

// allFaults returns those that happen to every store, and those of this one.
func (b *faultRun) allFaults() []fault {
	var pid int
	kill := func() {
		pid = b.server.Pid()
		b.server.Kill()
		if p, err := os.FindProcess(pid); err == nil && p.Signal(syscall.Signal(0)) == nil {
			b.Fatalf("process %d is still there", pid)
		}
	}
	start := func() {
		b.server.Start()
		if b.server.Pid() == pid {
			b.Fatalf("the server is still process %d", pid)
		}
	}
	return append([]fault{
		{"pause", true, b.pause, b.resume},
		{"kill", true, kill, start},
		{"wipe", true, func() {
			if b.store.Name == "zookeeper" {
				b.counted = b.zxid()
			}
			kill()
		}, func() {
			b.replace(State{}, func() { b.server.Wipe(); start() })
		}},
		{"cut", true, b.cut, b.mend},
		b.blackHole(),
		b.latency(),
		b.slowLink(),
		{"process killed", false, func() { b.process.kill(); b.awaitCommits(5) }, b.process.start},
	}, b.faults()...)
}

// faults returns those that this store has beside.
func (b *faultRun) faults() []fault {
	switch b.store.Name {
	case "consul":
		return b.consulFaults()
	case "etcd":
		return b.etcdFaults()
	case "redis":
		return b.redisFaults()
	}
	return b.zookeeperFaults()
}

func (b *faultRun) pause() {
	b.server.Pause()
	if s := processState(b.server.Pid()); s != "T" {
		b.Fatalf("the paused server is in state %q", s)
	}
}

func (b *faultRun) resume() {
	b.server.Resume()
	b.until(func() string { return "a server that goes on" }, func() bool { return processState(b.server.Pid()) != "T" })
}

// processState returns the letter that the kernel has for it.
func processState(pid int) string {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return err.Error()
	}
	_, rest, _ := strings.Cut(string(stat), ") ") // pid (name) state ...
	return rest[:1]
}

// replace has the store hold other values, in a new epoch, and checks that it does.
func (b *faultRun) replace(values State, by func()) {
	b.writer.turn(values, func(c Client) Client {
		by()
		if z, ok := c.(*zkClient); ok {
			c = b.overtake(z)
		}
		b.until(func() string { return fmt.Sprintf("a store that holds %v", values) }, func() bool {
			ctx, cancel := context.WithTimeout(context.Background(), time.Second)
			defer cancel()
			held, err := c.Read(ctx, root)
			_, _, ok := (&ledger{past: []entry{{values: values}}}).find(held, 0)
			return err == nil && ok
		})
		return c
	})
}

func (b *faultRun) cut() {
	b.proxy.Cut()
	if conn, err := net.Dial("tcp", b.proxy.Addr()); err == nil {
		conn.Close()
		b.Fatal("the proxy was cut and accepts")
	}
	b.until(func() string { return "a proxy without connections" }, func() bool { return b.proxy.Connections() == 0 })
}

func (b *faultRun) mend() {
	b.proxy.Heal()
	conn, err := net.Dial("tcp", b.proxy.Addr())
	must(b, err)
	conn.Close()
}

// blackHole passes nothing, but accepts.
func (b *faultRun) blackHole() fault {
	return fault{"black hole", true, func() {
		b.proxy.Blackhole()
		conn, err := net.Dial("tcp", b.proxy.Addr())
		must(b, err)
		conn.Close()
		b.until(func() string { return "a proxy that passes nothing" }, func() bool {
			up, down := b.proxy.Bytes()
			time.Sleep(50 * time.Millisecond) // in which something would pass
			u, d := b.proxy.Bytes()
			return up == u && down == d
		})
	}, b.mend}
}

// latency delays everything. What it costs is measured.
func (b *faultRun) latency() fault {
	delay := time.Duration(20+b.rand.IntN(100)) * time.Millisecond
	return fault{"latency", false, func() {
		b.proxy.Latency(delay)
		if took := b.read(root + "/seq"); took < 2*delay {
			b.Fatalf("an answer took %v, with a delay of %v each way", took, delay)
		}
		b.awaitCommits(10)
		b.converge()
	}, b.mend}
}

// read returns how long it takes the programs' client to read a key. On a busy
// machine the client may give up at first.
func (b *faultRun) read(key string) (took time.Duration) {
	b.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), await.Limit)
	defer cancel()
	b.until(func() string { return "a reading of " + key }, func() bool {
		began := time.Now()
		_, err := b.through.Get(ctx, key)
		took = time.Since(began)
		return err == nil
	})
	return took
}

// slowLink delays everything and lets little of it pass. Both are measured.
func (b *faultRun) slowLink() fault {
	delay, rate := time.Duration(20+b.rand.IntN(100))*time.Millisecond, 16<<10+b.rand.IntN(48<<10)
	return fault{"slow link", false, func() {
		b.proxy.Latency(delay)
		b.proxy.Bandwidth(rate)
		began := time.Now()
		_, before := b.proxy.Bytes()
		if took := b.read(root + "/seq"); took < 2*delay {
			b.Fatalf("an answer took %v, with a delay of %v each way", took, delay)
		}
		b.awaitCommits(10)
		b.converge()
		_, passed := b.proxy.Bytes()
		most := int64(float64(rate) * (1 + time.Since(began).Seconds())) // some was on its way before
		if passed -= before; passed > most {
			b.Fatalf("%d bytes passed, %d can", passed, most)
		}
	}, func() { b.proxy.Bandwidth(0); b.mend() }}
}
