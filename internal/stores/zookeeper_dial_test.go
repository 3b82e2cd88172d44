package stores

import (
	"encoding/binary"
	"net"
	"sync"
	"time"
)

// zkDial makes the connections of one ZooKeeper client.
//
// Version 1.0.4 of that client reads its last zxid, to set its watches again on
// a new connection, while it may already be storing that of an answer: a data race
// of its own, which the detector reports. So answers on a new connection are held
// back until the watches are set, or for long enough to know that there are none.
type zkDial struct {
	dials *dials
	again bool // there was a connection before
}

const (
	zkSetWatches = 101 // an opcode
	zkHold       = 100 * time.Millisecond
)

func (d *zkDial) dial(network, addr string, timeout time.Duration) (net.Conn, error) {
	d.dials.note()
	conn, err := net.DialTimeout(network, addr, timeout)
	if err != nil || !d.again {
		d.again = d.again || err == nil
		return conn, err
	}
	return &zkConn{Conn: conn, set: make(chan struct{})}, nil
}

type zkConn struct {
	net.Conn
	greeting []byte // the length of the first packet, and then what is read of it
	once     sync.Once
	set      chan struct{} // closed when the watches are set
	free     bool          // nothing is held back any more; of the reader
}

func (c *zkConn) Write(b []byte) (int, error) {
	n, err := c.Conn.Write(b)
	if len(b) >= 12 && binary.BigEndian.Uint32(b[8:]) == zkSetWatches {
		c.once.Do(func() { close(c.set) })
	}
	return n, err
}

func (c *zkConn) Read(b []byte) (int, error) {
	if !c.free && c.greeted() {
		c.free = true
		select {
		case <-c.set:
		case <-time.After(zkHold):
		}
	}
	n, err := c.Conn.Read(b)
	if !c.free {
		c.greeting = append(c.greeting, b[:n]...)
	}
	return n, err
}

// greeted reports whether the first packet has been read.
func (c *zkConn) greeted() bool {
	return len(c.greeting) >= 4 && len(c.greeting) >= 4+int(binary.BigEndian.Uint32(c.greeting))
}
