package redis

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// way is how the servers tell of changes.
type way uint8

const (
	polled   way = iota // not at all
	tracked             // by CLIENT TRACKING, as if the source kept a cache
	notified            // by keyspace notifications
)

// channels are the keys that a layout wants to be told of: one, or all that
// begin with a prefix, or both.
type channels struct {
	key    string // "": none
	prefix string
	below  bool // whether the prefix counts
}

func (c channels) wanted(key string) bool {
	return c.below && strings.HasPrefix(key, c.prefix) || c.key != "" && key == c.key
}

// listen has every server tell of changes, by the best way that all of them
// offer. It may be called again: what is so already stays so. why says what is
// in the way of the best, if something is. A server that doesn't answer, isn't a
// primary, or can't serve, is an error.
//
// For many keys notifications are best: they come before the reply of a command
// that was run after them. For one key that doesn't matter. Tracking then needs
// no setting, and no bound on what the server keeps for those who subscribe.
func (s *servers) listen(ctx context.Context, to channels, flags string) (how way, why string, err error) {
	if err := s.check(ctx); err != nil {
		return polled, "", err
	}
	s.flags = flags
	notify := func() (string, error) { return s.notify(ctx, to) }
	track := func() (string, error) { return s.track(ctx, to.tracking()) }
	ways, first, second := []way{notified, tracked}, notify, track
	if !to.below {
		ways, first, second = []way{tracked, notified}, track, notify
	}
	if why, err = first(); err != nil || why == "" {
		return ways[0], "", err
	}
	refused, err := second()
	if err != nil || refused == "" {
		return ways[1], why, err
	}
	return polled, why + ", and " + refused, nil
}

// notify makes sure of notifications, and says why there are none.
func (s *servers) notify(ctx context.Context, to channels) (why string, err error) {
	for _, c := range s.conns {
		if !c.resp3 {
			return "the server or the user has no RESP3", nil
		}
		if s.opts.TrustNotify {
			continue
		}
		if why, err := s.notifies(ctx, c); err != nil || why != "" {
			return why, err
		}
	}
	if why, err := s.subscribe(ctx, to); err != nil || why != "" {
		return why, err
	}
	// Nothing is tracked by this, but whoever tracks is told of FLUSHALL, which
	// notifies nobody. It does no harm if that isn't permitted.
	_, err = s.track(ctx, command{"CLIENT", "TRACKING", "ON", "OPTIN"})
	return "", err
}

// subscribe subscribes every connection that isn't, and says why one can't be.
func (s *servers) subscribe(ctx context.Context, to channels) (why string, err error) {
	for _, c := range s.conns {
		channel := fmt.Sprintf("__keyspace@%d__:", c.db)
		var commands []command
		if to.key != "" {
			commands = append(commands, command{"SUBSCRIBE", channel + to.key})
		}
		if to.below {
			commands = append(commands, command{"PSUBSCRIBE", escape(channel+to.prefix) + "*"})
		}
		if c.subscribed {
			continue
		}
		replies, err := c.do(commands...)
		if err != nil {
			return "", fmt.Errorf("subscribe: %w", err)
		}
		for i, reply := range replies {
			if refused, ok := reply.(refusal); ok {
				return fmt.Sprintf("not permitted to subscribe to %q (%s)", commands[i][1], refused.code()), nil
			}
		}
		c.subscribed = true
	}
	return "", nil
}

// tracking returns the command that asks to be told of all keys that begin with
// the prefix, or with the key.
func (c channels) tracking() command {
	on := command{"CLIENT", "TRACKING", "ON", "BCAST"}
	if c.below && c.prefix != "" {
		on = append(on, "PREFIX", c.prefix)
	}
	if c.key != "" && !(c.below && strings.HasPrefix(c.key, c.prefix)) {
		on = append(on, "PREFIX", c.key)
	}
	return on
}

// track sends a command to every connection that isn't tracked by it already,
// and says why one can't be.
func (s *servers) track(ctx context.Context, on command) (why string, err error) {
	for _, c := range s.conns {
		if c.tracking == strings.Join(on, " ") {
			continue
		}
		if !c.resp3 {
			return "the server or the user has no RESP3", nil
		}
		if c.tracking != "" {
			if _, err := c.ask("CLIENT", "TRACKING", "OFF"); err != nil {
				return "", err
			}
			c.tracking = ""
		}
		switch _, err := c.ask(on...); {
		case refused(err) != "":
			return fmt.Sprintf("not permitted to use CLIENT TRACKING (%s)", err.(refusal).code()), nil
		case err != nil:
			return "", fmt.Errorf("track: %w", err)
		}
		c.tracking = strings.Join(on, " ")
	}
	return "", nil
}

// escape makes a glob pattern that only s matches.
func escape(s string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`, `]`, `\]`).Replace(s)
}

const notifySetting = "notify-keyspace-events"

// check asks every server for its role.
func (s *servers) check(ctx context.Context) error {
	cluster := command{"CLUSTER", "INFO"}
	if s.cluster == nil {
		cluster = command{"PING"} // instead of what need not be asked
	}
	asked := make([]*exchange, len(s.conns))
	for i, c := range s.conns {
		asked[i] = &exchange{conn: c, commands: []command{{"HELLO"}, cluster}}
	}
	if err := s.exchange(asked...); err != nil {
		return err
	}
	for i, c := range s.conns {
		if err := s.fit(c, asked[i].replies[0]); err != nil {
			return fmt.Errorf("%s: %w", c.addr, err)
		}
		if info, ok := asked[i].replies[1].(string); ok && s.cluster != nil && !strings.Contains(info, "cluster_state:ok") {
			return fmt.Errorf("%s: the cluster is down", c.addr)
		}
	}
	return nil
}

// fit returns an error unless a server's answer to HELLO says that it is a
// primary, of the kind that the client is made for. A server that doesn't know
// or permit HELLO passes, and speaks RESP2.
func (s *servers) fit(c *conn, hello any) error {
	if refused, ok := hello.(refusal); ok && refused.code() != "NOPERM" && refused.code() != "ERR" {
		return refused
	}
	c.resp3 = property(hello, "proto") == int64(3)
	if role := property(hello, "role"); role == "slave" || role == "replica" {
		return errors.New("the server is a replica")
	}
	if s.cluster == nil && property(hello, "mode") == "cluster" {
		return errors.New("the server is part of a Cluster, which needs a ClusterClient")
	}
	return nil
}

// property returns what a list of keys and values has at a key, nil if it hasn't.
func property(list any, key string) any {
	items, _ := list.([]any)
	for i := 0; i+1 < len(items); i += 2 {
		if items[i] == key {
			return items[i+1]
		}
	}
	return nil
}

// flagsIn returns the notifications that are on, by an answer to CONFIG GET.
func flagsIn(config any) string {
	flags, _ := property(config, notifySetting).(string)
	return flags
}

// notifies says why a server doesn't notify of all that the flags stand for, or
// isn't known to; "" when it does. With SetNotify it is first told to.
func (s *servers) notifies(ctx context.Context, c *conn) (why string, err error) {
	config, err := c.ask("CONFIG", "GET", notifySetting)
	if refused(err) != "" {
		return "not permitted to read " + notifySetting, nil
	}
	if err != nil {
		return "", err
	}
	have := flagsIn(config)
	lack := lacking(have, s.flags)
	switch {
	case lack == "":
		return "", nil
	case s.opts.SetNotify:
		_, err := c.ask("CONFIG", "SET", notifySetting, have+lack)
		if refused(err) != "" {
			return "keyspace notifications are off, and not permitted to set " + notifySetting, nil
		}
		return "", err
	case lack != s.flags:
		return fmt.Sprintf("keyspace notifications lack the flags %q", lack), nil
	}
	return "keyspace notifications are off", nil
}

// lacking returns the flags that a setting doesn't have. "A" stands for most of them.
func lacking(have, flags string) string {
	if strings.Contains(have, "A") {
		have += "g$lshztxed"
	}
	return strings.Map(func(flag rune) rune {
		if strings.ContainsRune(have, flag) {
			return -1
		}
		return flag
	}, flags)
}
