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
	"sync"
	"time"
)

// conn is one connection to one server, which is asked and tells of changes on
// it. The server sends all in the order in which it happens: what it told of
// before it ran a command comes before the command's reply. A conn hands both
// over in that order, which is what makes a reading exact.
//
// One goroutine reads. Commands are sent by one goroutine at a time, many at
// once if it likes. A server is given up that sends nothing for the time-out
// while an answer is awaited: however slow the line, what arrives is progress.
type conn struct {
	addr    string
	db      int
	timeout time.Duration
	wanted  func(key string) bool // of which keys it is worth being told
	wake    chan<- struct{}       // has a slot, which is filled when something was told or the connection breaks
	made    io.Closer             // what made the connection
	net     net.Conn
	reading sync.WaitGroup // the goroutine that reads

	// How the server was asked to tell of changes.
	resp3      bool
	subscribed bool
	tracking   string // the command, "" when there was none

	mu       sync.Mutex
	calls    []*call // whose replies have not all come, in the order in which they were sent
	notices  notices // since it was last taken
	err      error   // why the connection has broken
	received int64   // bytes
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

// call is commands that were sent, and their replies so far.
type call struct {
	want    int
	take    bool
	replies []any
	notices notices       // before the last reply, if it was to take that
	done    chan struct{} // closed when all replies are there, or the connection has broken
}

// open starts to read. The conn is closed by close, with what has made it.
func (c *conn) open(bounds limits) {
	d := &decoder{r: bufio.NewReaderSize(progress{c}, 32<<10), push: c.hear, bytes: bounds.bytes, items: bounds.items}
	c.reading.Go(func() {
		for {
			reply, err := d.next()
			if !c.take(reply, err) {
				return
			}
		}
	})
}

type limits struct{ bytes, items int }

// close ends the connection and returns when nothing reads any more.
func (c *conn) close() {
	c.net.Close()
	c.reading.Wait()
	c.made.Close()
}

// progress reads, and gives the server its time-out again after each success.
type progress struct{ *conn }

func (p progress) Read(buf []byte) (int, error) {
	n, err := p.net.Read(buf)
	if n > 0 {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.received += int64(n)
		if len(p.calls) > 0 {
			p.expectLocked()
		}
	}
	return n, err
}

// expectLocked allows the server its time-out from now on if it has to answer.
func (c *conn) expectLocked() {
	var deadline time.Time
	if len(c.calls) > 0 {
		deadline = time.Now().Add(c.timeout)
	}
	c.net.SetReadDeadline(deadline)
}

// send sends commands. With take, the call gets what is told until its last
// reply, which then is no longer the conn's.
func (c *conn) send(take bool, commands ...command) *call {
	sent := &call{want: len(commands), take: take, done: make(chan struct{})}
	var buf []byte
	for _, command := range commands {
		buf = command.append(buf)
	}
	c.mu.Lock()
	if c.err != nil {
		c.mu.Unlock()
		close(sent.done)
		return sent
	}
	c.calls = append(c.calls, sent)
	c.expectLocked()
	c.mu.Unlock()
	if _, err := c.net.Write(buf); err != nil { // or there was no answer in time, and the reader has closed
		c.net.Close() // and the reader tells whoever waits
	}
	return sent
}

// wait returns the replies to what was sent.
func (c *conn) wait(ctx context.Context, sent *call) ([]any, error) {
	select {
	case <-sent.done:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if len(sent.replies) < sent.want {
		return nil, c.broken()
	}
	return sent.replies, nil
}

// do sends commands and returns their replies.
func (c *conn) do(ctx context.Context, commands ...command) ([]any, error) {
	return c.wait(ctx, c.send(false, commands...))
}

// ask sends one command. A refusal is an error.
func (c *conn) ask(ctx context.Context, args ...string) (any, error) {
	replies, err := c.do(ctx, args)
	if err != nil {
		return nil, err
	}
	if err, ok := replies[0].(error); ok {
		return nil, err
	}
	return replies[0], nil
}

// broken returns why the connection has broken, nil while it stands.
func (c *conn) broken() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}

// heard takes what was told.
func (c *conn) heard() notices {
	c.mu.Lock()
	defer c.mu.Unlock()
	heard := c.notices
	c.notices = notices{}
	return heard
}

// pending reports whether something was told that nobody has taken.
func (c *conn) pending() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return !c.notices.nothing()
}

// take takes in a reply, or why there are no more.
func (c *conn) take(reply any, err error) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err == nil && len(c.calls) == 0 {
		err = errors.New("protocol: a reply to nothing")
	}
	if err != nil {
		if errors.Is(err, os.ErrDeadlineExceeded) {
			err = fmt.Errorf("no answer within %v", c.timeout)
		}
		c.err = fmt.Errorf("%s: %w", c.addr, err)
		for _, sent := range c.calls {
			close(sent.done)
		}
		c.calls = nil
		c.net.Close() // which ends a Write too
		c.wakeUp()
		return false
	}
	sent := c.calls[0]
	sent.replies = append(sent.replies, reply)
	if len(sent.replies) == sent.want {
		if sent.take {
			sent.notices, c.notices = c.notices, notices{}
		}
		c.calls = c.calls[1:]
		c.expectLocked()
		close(sent.done)
	}
	return true
}

// hear takes in a push. What happened to a key doesn't matter.
func (c *conn) hear(push []any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case len(push) == 3 && push[0] == "message":
		c.hearLocked(channelKey(push[1]))
	case len(push) == 4 && push[0] == "pmessage":
		c.hearLocked(channelKey(push[2]))
	case len(push) == 2 && push[0] == "invalidate":
		keys, named := push[1].([]any)
		if !named {
			c.notices = notices{all: true}
		}
		for _, key := range keys {
			text, _ := key.(string)
			c.hearLocked(text)
		}
	default:
		return
	}
	if !c.notices.nothing() {
		c.wakeUp()
	}
}

func (c *conn) hearLocked(key string) {
	if c.wanted(key) {
		c.notices.add(key)
	}
}

func (c *conn) wakeUp() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// channelKey returns the key of a channel such as "__keyspace@0__:key".
func channelKey(channel any) string {
	text, _ := channel.(string)
	_, key, _ := strings.Cut(text, "__:")
	return key
}
