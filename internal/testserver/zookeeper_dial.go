package testserver

import (
	"encoding/binary"
	"net"
	"sync"
	"time"
)

// ZooKeeperDialer makes the connections of one ZooKeeper client, for
// zk.WithDialer. Each client needs its own.
//
// Version 1.0.4 of the Go client reads its last zxid, to set its watches again on
// a new connection, while it may already be storing that of an answer: a data race
// of its own, which the detector reports. So answers on a new connection are held
// back until the watches are set, or for long enough to know that there are none.
func ZooKeeperDialer() func(network, addr string, timeout time.Duration) (net.Conn, error) {
	again := false // there was a connection before
	return func(network, addr string, timeout time.Duration) (net.Conn, error) {
		conn, err := net.DialTimeout(network, addr, timeout)
		if err != nil || !again {
			again = again || err == nil
			return conn, err
		}
		return &zkHeld{Conn: conn, set: make(chan struct{})}, nil
	}
}

const (
	zkSetWatches = 101 // an opcode
	zkHold       = 100 * time.Millisecond
)

type zkHeld struct {
	net.Conn
	greeting []byte // the length of the first packet, and then what is read of it
	once     sync.Once
	set      chan struct{} // closed when the watches are set
	free     bool          // nothing is held back any more; of the reader
}

func (c *zkHeld) Write(b []byte) (int, error) {
	n, err := c.Conn.Write(b)
	if len(b) >= 12 && binary.BigEndian.Uint32(b[8:]) == zkSetWatches {
		c.once.Do(func() { close(c.set) })
	}
	return n, err
}

func (c *zkHeld) Read(b []byte) (int, error) {
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
func (c *zkHeld) greeted() bool {
	return len(c.greeting) >= 4 && len(c.greeting) >= 4+int(binary.BigEndian.Uint32(c.greeting))
}
