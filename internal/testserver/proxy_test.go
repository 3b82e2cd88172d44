package testserver

import (
	"bufio"
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/confsync/confsync/internal/await"
)

// echo starts a server that sends every byte back.
func echo(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				_, _ = io.Copy(conn, conn)
			}()
		}
	}()
	return l.Addr().String()
}

// talker is a client of an echo server, one line at a time.
type talker struct {
	net.Conn
	lines *bufio.Reader
}

func talk(t *testing.T, addr string) *talker {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return &talker{conn, bufio.NewReader(conn)}
}

func (c *talker) send(t *testing.T, line string) {
	t.Helper()
	if _, err := c.Write([]byte(line + "\n")); err != nil {
		t.Fatal(err)
	}
}

// receive returns the next line, or the error that comes within a time instead.
func (c *talker) receive(within time.Duration) (string, error) {
	if err := c.SetReadDeadline(time.Now().Add(within)); err != nil {
		return "", err
	}
	line, err := c.lines.ReadString('\n')
	if err != nil {
		return "", err
	}
	return line[:len(line)-1], nil
}

func (c *talker) wantLine(t *testing.T, want string) {
	t.Helper()
	if got, err := c.receive(await.Limit); got != want || err != nil {
		t.Fatalf("received %q, %v; want %q", got, err, want)
	}
}

func TestProxyPassesAndCounts(t *testing.T) {
	p := NewProxy(t, echo(t))
	c := talk(t, p.Addr())
	c.send(t, "hello")
	c.wantLine(t, "hello")
	await.Until(t, "six bytes are counted each way", func() bool {
		up, down := p.Bytes()
		return up == 6 && down == 6
	})
	if open, all := p.Connections(), p.Accepted(); open != 1 || all != 1 {
		t.Errorf("connections: %d open of %d; want 1 of 1", open, all)
	}
	c.Close()
	await.Until(t, "the connection is gone", func() bool { return p.Connections() == 0 })
}

func TestProxyCut(t *testing.T) {
	p := NewProxy(t, echo(t))
	c := talk(t, p.Addr())
	c.send(t, "before")
	c.wantLine(t, "before")
	p.Cut()
	if _, err := c.receive(await.Limit); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("cut: receive got %v, want a closed connection", err)
	}
	if connects(p.Addr()) {
		t.Error("cut: a new connection is accepted")
	}
	p.Heal()
	c = talk(t, p.Addr())
	c.send(t, "after")
	c.wantLine(t, "after")
}

func TestProxyBlackhole(t *testing.T) {
	p := NewProxy(t, echo(t))
	c := talk(t, p.Addr())
	c.send(t, "before")
	c.wantLine(t, "before")
	p.Blackhole()
	c.send(t, "late")
	if got, err := c.receive(200 * time.Millisecond); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("in the hole: received %q, %v; want a timeout", got, err)
	}
	fresh := talk(t, p.Addr())
	fresh.send(t, "fresh")
	if got, err := fresh.receive(200 * time.Millisecond); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("in the hole, new connection: received %q, %v; want a timeout", got, err)
	}
	if up, down := p.Bytes(); up != 7 || down != 7 {
		t.Errorf("Bytes() = %d, %d; want 7, 7: only what passed before", up, down)
	}
	p.Heal()
	c.wantLine(t, "late")
	fresh.wantLine(t, "fresh")
}

func TestProxyLatency(t *testing.T) {
	const delay = 100 * time.Millisecond
	p := NewProxy(t, echo(t))
	c := talk(t, p.Addr())
	p.Latency(delay)
	begin := time.Now()
	c.send(t, "slow")
	c.wantLine(t, "slow")
	if took := time.Since(begin); took < 2*delay {
		t.Errorf("there and back took %v, want at least %v", took, 2*delay)
	}
}

func TestProxyUpstreamDown(t *testing.T) {
	p := NewProxy(t, loopback(freePorts(t, 1)[0]))
	c := talk(t, p.Addr())
	if _, err := c.receive(await.Limit); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("received %v, want a closed connection", err)
	}
}

// Faults in the middle of a busy stream leave no goroutine behind.
func TestProxyLeavesNothing(t *testing.T) {
	addr := echo(t)
	before := goleak.IgnoreCurrent()
	t.Run("busy", func(t *testing.T) {
		p := NewProxy(t, addr)
		for range 20 {
			from := p.Accepted()
			for range 4 {
				c := talk(t, p.Addr())
				go func() { _, _ = io.Copy(c, neverending('x')) }()
				go func() { _, _ = io.Copy(io.Discard, c) }()
			}
			_, start := p.Bytes()
			await.Until(t, "bytes flow", func() bool {
				_, down := p.Bytes()
				return p.Accepted() == from+4 && down > start
			})
			p.Blackhole()
			p.Heal()
			p.Blackhole()
			p.Cut()
			p.Heal()
		}
	})
	goleak.VerifyNone(t, before)
}

// neverending is a reader that never ends.
type neverending byte

func (b neverending) Read(buf []byte) (int, error) {
	for i := range buf {
		buf[i] = byte(b)
	}
	return len(buf), nil
}

// A bound on bandwidth is shared by all connections, and is felt by who sends.
func TestProxyBandwidth(t *testing.T) {
	const rate, links, each = 1 << 20, 4, 128 << 10
	source := pour(t)
	p := NewProxy(t, source)
	p.Bandwidth(rate)
	began := time.Now()
	took := make(chan time.Duration, links)
	for range links {
		conn, err := net.Dial("tcp", p.Addr())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		go func() {
			_, err := io.CopyN(io.Discard, conn, each)
			if err != nil {
				t.Error(err)
			}
			took <- time.Since(began)
		}()
	}
	var last time.Duration
	for range links {
		last = await.Receive(t, "the bytes", took)
	}
	if least := links*each*time.Second/rate - burst; last < least {
		t.Errorf("%d bytes within %v, want no less than %v", links*each, last, least)
	}
	if _, down := p.Bytes(); down > 2*links*each {
		t.Errorf("%d bytes have passed, %d were read", down, links*each)
	}

	p.Bandwidth(0)
	conn, err := net.Dial("tcp", p.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.CopyN(io.Discard, conn, 64<<20); err != nil {
		t.Error(err)
	}
}

// pour starts a server that sends for as long as somebody reads.
func pour(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				for block := make([]byte, 64<<10); ; {
					if _, err := conn.Write(block); err != nil {
						return
					}
				}
			}()
		}
	}()
	return l.Addr().String()
}
