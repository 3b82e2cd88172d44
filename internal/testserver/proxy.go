package testserver

import (
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// Proxy stands before a server and does to its connections what a bad network does. Its address stays
// the same. All methods may be called from any goroutine.
type Proxy struct {
	t              testing.TB
	addr, upstream string

	accepted atomic.Int64
	up, down lane
	running  sync.WaitGroup // every goroutine of ours

	mu       sync.Mutex
	listener net.Listener // nil while cut
	links    map[*link]struct{}
	weather  weather
}

// weather is what happens to bytes on their way.
type weather struct {
	hole    bool
	delay   time.Duration
	changed chan struct{} // closed when another weather replaces this one
}

// NewProxy starts a proxy to upstream, a host and port, that passes everything on. It ends with the test.
func NewProxy(t testing.TB, upstream string) *Proxy {
	t.Helper()
	p := &Proxy{t: t, upstream: upstream, links: map[*link]struct{}{}}
	p.weather.changed = make(chan struct{})
	for attempt := 1; p.listener == nil; attempt++ {
		p.addr = loopback(freePorts(t, 1)[0])
		if err := p.listenLocked(); err != nil && attempt == 3 {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() {
		p.Cut()
		p.running.Wait()
	})
	return p
}

// Addr returns the address to give to clients instead of the server's, as host and port.
func (p *Proxy) Addr() string { return p.addr }

// Cut closes every connection and refuses new ones, until another call changes that.
func (p *Proxy) Cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.listener != nil {
		p.listener.Close()
		p.listener = nil
	}
	for l := range p.links {
		l.close()
	}
}

// Blackhole keeps connections open, accepts new ones, and passes nothing either way, not even their end.
// What was sent meanwhile arrives when that is over, as it does when TCP sends it again.
func (p *Proxy) Blackhole() {
	p.t.Helper()
	p.become(weather{hole: true})
}

// Latency delays everything by d each way.
func (p *Proxy) Latency(d time.Duration) {
	p.t.Helper()
	p.become(weather{delay: d})
}

// Bandwidth bounds what passes each way in a second, for all connections together: they share one link,
// and each is given as much of it as the others. Little is kept on the way, so a sender feels it. It is no
// fault: it lasts until another Bandwidth. Zero is without bound.
func (p *Proxy) Bandwidth(bytesPerSecond int) {
	p.up.limit(bytesPerSecond)
	p.down.limit(bytesPerSecond)
}

// Heal ends every fault.
func (p *Proxy) Heal() {
	p.t.Helper()
	p.become(weather{})
}

// Connections returns how many connections are open.
func (p *Proxy) Connections() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.links)
}

// Accepted returns how many connections there have been.
func (p *Proxy) Accepted() int64 { return p.accepted.Load() }

// Bytes returns how much has arrived so far: up at the server, down at the clients.
func (p *Proxy) Bytes() (up, down int64) { return p.up.passed.Load(), p.down.passed.Load() }

// become changes the weather, and listens again after a cut.
func (p *Proxy) become(w weather) {
	p.t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	close(p.weather.changed)
	w.changed = make(chan struct{})
	p.weather = w
	if p.listener != nil {
		return
	}
	if err := p.listenLocked(); err != nil {
		p.t.Errorf("proxy: %v", err)
	}
}

func (p *Proxy) now() weather {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.weather
}

// listenLocked listens and accepts, until the listener is closed.
func (p *Proxy) listenLocked() error {
	listener, err := net.Listen("tcp", p.addr)
	if err != nil {
		return err
	}
	p.listener = listener
	p.running.Go(func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			p.accepted.Add(1)
			p.running.Go(func() { p.serve(listener, client) })
		}
	})
	return nil
}

// serve passes bytes between a client and the server until one of them is done, or a cut.
func (p *Proxy) serve(listener net.Listener, client net.Conn) {
	server, err := net.Dial("tcp", p.upstream)
	if err != nil {
		client.Close()
		return
	}
	l := &link{proxy: p, client: client, server: server, done: make(chan struct{})}
	p.mu.Lock()
	if p.listener != listener { // cut meanwhile
		l.close()
	}
	p.links[l] = struct{}{}
	p.mu.Unlock()

	var pipes sync.WaitGroup
	pipes.Go(func() { l.pipe(server, client, &p.up) })
	pipes.Go(func() { l.pipe(client, server, &p.down) })
	pipes.Wait()

	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.links, l)
}

// link is a client's connection and the one to the server that goes with it.
type link struct {
	proxy          *Proxy
	client, server net.Conn

	once sync.Once
	done chan struct{} // closed when both connections are
}

func (l *link) close() {
	l.once.Do(func() {
		close(l.done)
		l.client.Close()
		l.server.Close()
	})
}

// chunk is some bytes and when they came.
type chunk struct {
	data []byte
	at   time.Time
}

// pipe passes bytes one way. At their end, and after what came before it, it closes the link.
func (l *link) pipe(to, from net.Conn, way *lane) {
	defer l.close()
	queue := make(chan chunk, 64) // sent to and closed by the reader
	l.proxy.running.Go(func() {
		defer close(queue)
		for {
			buf := make([]byte, way.piece())
			n, err := from.Read(buf)
			if n > 0 {
				select {
				case queue <- chunk{buf[:n], time.Now()}:
				case <-l.done:
					return
				}
			}
			if err != nil {
				return
			}
		}
	})
	for c := range queue {
		if !way.take(len(c.data), l.done) || !l.hold(c.at) {
			return
		}
		n, err := to.Write(c.data)
		way.passed.Add(int64(n))
		if err != nil {
			return
		}
	}
	l.hold(time.Now()) // the end passes as bytes do
}

// hold waits until bytes that came at a time may pass. It returns false if the link is closed first.
func (l *link) hold(at time.Time) bool {
	for {
		w := l.proxy.now()
		var arrival <-chan time.Time // nil in a hole: never
		if !w.hole {
			wait := time.Until(at.Add(w.delay))
			if w.delay == 0 || wait <= 0 {
				return true
			}
			arrival = time.After(wait)
		}
		select {
		case <-arrival:
			return true
		case <-w.changed:
		case <-l.done:
			return false
		}
	}
}
