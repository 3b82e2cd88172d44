package stores

import (
	"context"
	"net"
	"sync"
	"time"
)

// Dials is when connections were asked for. A nil one notes nothing.
type Dials struct {
	mu sync.Mutex
	at []time.Time
}

// Note notes that something is asked for now.
func (d *Dials) Note() {
	if d == nil {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.at = append(d.at, time.Now())
}

// All returns the moments, in order.
func (d *Dials) All() []time.Time {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.at[:len(d.at):len(d.at)]
}

func (d *Dials) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	d.Note()
	return (&net.Dialer{Timeout: time.Second}).DialContext(ctx, network, addr)
}
