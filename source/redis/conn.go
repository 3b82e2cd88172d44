package redis

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"sync/atomic"
	"time"
)

// conn is one connection to one server, which is asked and tells of changes on
// it. The server sends all in the order in which it happens: what it told of
// before it ran a command comes before the command's reply. Whoever waits for a
// reply reads no further than that, and so knows what was told of before it,
// which is what makes a reading exact.
//
// One goroutine at a time uses a conn, and no other reads from it. A server is
// given up that sends nothing for the time-out while an answer is awaited:
// however slow the line, what arrives is progress.
type conn struct {
	addr    string
	db      int
	timeout time.Duration
	wanted  func(key string) bool // of which keys it is worth being told
	made    io.Closer             // what made the connection
	net     net.Conn
	in      *decoder
	stay    func() bool   // when the context ends
	ended   chan struct{} // closed when the connection is, because the context has ended
	until   time.Time     // how long await waits; zero: a reply is awaited
	hushed  atomic.Bool   // await is to return; any goroutine sets it

	// How the server was asked to tell of changes.
	resp3      bool
	subscribed bool
	tracking   string // the command, "" when there was none

	notices  notices // since it was last taken
	err      error   // why the connection has broken
	received int64   // bytes since that was last taken
}

// notices are what a server has said that it changed.
type notices struct {
	keys keySet
	all  bool // any key may have changed
}

func (t *notices) add(key string) {
	if t.keys = with(t.keys, key); len(t.keys) > maxNotices {
		*t = notices{all: true}
	}
}

// merge adds what was told elsewhere, which must not be written to afterwards.
func (t *notices) merge(other notices) {
	if t.nothing() {
		*t = other
		return
	}
	t.all = t.all || other.all
	for key := range other.keys {
		t.add(key)
	}
}

func (t notices) nothing() bool { return !t.all && len(t.keys) == 0 }

func (t notices) has(key string) bool {
	_, ok := t.keys[key]
	return ok || t.all
}

// maxNotices is how many keys are remembered. Beyond them, any may have changed.
const maxNotices = 10_000

type limits struct{ bytes, items int }

// open makes the conn ready to read replies of at most that size, until the
// context ends.
func (c *conn) open(ctx context.Context, bounds limits) {
	c.ended = make(chan struct{})
	c.stay = context.AfterFunc(ctx, func() {
		defer close(c.ended)
		c.net.Close()
	})
	c.in = &decoder{r: bufio.NewReaderSize(c, 32<<10), push: c.hear, bytes: bounds.bytes, items: bounds.items}
}

func (c *conn) close() {
	c.net.Close()
	if !c.stay() {
		<-c.ended
	}
	c.made.Close()
}

// Read is what the decoder reads from. While a reply is awaited, or the rest of
// something that is told, the server has its time-out again for each success.
func (c *conn) Read(buf []byte) (int, error) {
	for {
		deadline, waiting := c.until, !c.until.IsZero()
		if !waiting {
			deadline = time.Now().Add(c.timeout)
		}
		c.net.SetReadDeadline(deadline)
		if waiting && c.hushed.Load() {
			return 0, os.ErrDeadlineExceeded
		}
		n, err := c.net.Read(buf)
		c.received += int64(n)
		if n == 0 && !waiting && isTimeout(err) && time.Now().Before(deadline) {
			continue // that was hush, which is for await
		}
		return n, err
	}
}

// await hears what the server tells until it has told something that nobody has
// taken, or where all is to be heard for as long as there is time. It returns
// earlier once the connection is broken, or hushed.
func (c *conn) await(until time.Time, all bool) {
	for c.err == nil && (all || c.notices.nothing()) {
		c.until = until
		_, err := c.in.r.Peek(1)
		c.until = time.Time{}
		if isTimeout(err) {
			return
		}
		pushed := false
		if err == nil {
			_, pushed, err = c.in.item()
		}
		if err == nil && !pushed {
			err = errors.New("protocol: a reply to nothing")
		}
		c.fail(err)
	}
}

// hush has await return at once, until the conn is no longer hushed.
func (c *conn) hush() {
	c.hushed.Store(true)
	c.net.SetReadDeadline(past)
}

var past = time.Unix(1, 0)

func isTimeout(err error) bool {
	var timeout net.Error
	return errors.As(err, &timeout) && timeout.Timeout()
}

// fail records why the connection has broken, if it has.
func (c *conn) fail(err error) {
	if err == nil || c.err != nil {
		return
	}
	if isTimeout(err) {
		err = fmt.Errorf("no answer within %v", c.timeout)
	}
	c.err = fmt.Errorf("%s: %w", c.addr, err)
	c.net.Close()
}

// send sends commands, each of whose replies is to be received.
func (c *conn) send(commands ...command) {
	if c.err != nil {
		return
	}
	var buf []byte
	for _, command := range commands {
		buf = command.append(buf)
	}
	c.net.SetWriteDeadline(time.Now().Add(c.timeout))
	_, err := c.net.Write(buf)
	c.fail(err)
}

// receive returns the next n replies.
func (c *conn) receive(n int) ([]any, error) {
	replies := make([]any, 0, n)
	for len(replies) < n && c.err == nil {
		reply, err := c.in.next()
		c.fail(err)
		replies = append(replies, reply)
	}
	return replies, c.err
}

// do sends commands and returns their replies.
func (c *conn) do(commands ...command) ([]any, error) {
	c.send(commands...)
	return c.receive(len(commands))
}

// ask sends one command. A refusal is an error.
func (c *conn) ask(args ...string) (any, error) {
	replies, err := c.do(args)
	if err != nil {
		return nil, err
	}
	if err, ok := replies[0].(error); ok {
		return nil, err
	}
	return replies[0], nil
}

// heard takes what was told.
func (c *conn) heard() notices {
	heard := c.notices
	c.notices = notices{}
	return heard
}

// hear takes in a push. What happened to a key doesn't matter.
func (c *conn) hear(push []any) {
	switch {
	case len(push) == 3 && push[0] == "message":
		c.hearOf(channelKey(push[1]))
	case len(push) == 4 && push[0] == "pmessage":
		c.hearOf(channelKey(push[2]))
	case len(push) == 2 && push[0] == "invalidate":
		keys, named := push[1].([]any)
		if !named {
			c.notices = notices{all: true}
		}
		for _, key := range keys {
			text, _ := key.(string)
			c.hearOf(text)
		}
	}
}

func (c *conn) hearOf(key string) {
	if c.wanted(key) {
		c.notices.add(key)
	}
}

// channelKey returns the key of a channel such as "__keyspace@0__:key".
func channelKey(channel any) string {
	text, _ := channel.(string)
	_, key, _ := strings.Cut(text, "__:")
	return key
}
