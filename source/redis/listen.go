package redis

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// telling is how the servers tell of changes.
type telling uint8

const (
	polled   telling = iota // not at all
	tracked                 // by CLIENT TRACKING, as if the source kept a cache
	notified                // by keyspace notifications
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
// in the way of notifications, if something is. A server that doesn't answer,
// isn't a primary, or can't serve, is an error.
func (s *servers) listen(ctx context.Context, to channels, flags string) (how telling, why string, err error) {
	if why, err = s.check(ctx, flags); err == nil && why == "" {
		why, err = s.subscribe(ctx, to)
	}
	switch {
	case err != nil:
		return polled, "", err
	case why == "":
		return notified, "", s.untrack(ctx)
	}
	refused, err := s.track(ctx, to)
	if refused != "" {
		return polled, why + ", and " + refused, err
	}
	return tracked, why, err
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
		replies, err := c.do(ctx, commands...)
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

// track has every connection tracked that isn't, and says why one can't be.
func (s *servers) track(ctx context.Context, to channels) (why string, err error) {
	on := command{"CLIENT", "TRACKING", "ON", "BCAST"}
	if to.below && to.prefix != "" {
		on = append(on, "PREFIX", to.prefix)
	}
	if to.key != "" && !(to.below && strings.HasPrefix(to.key, to.prefix)) {
		on = append(on, "PREFIX", to.key)
	}
	for _, c := range s.conns {
		if c.tracking {
			continue
		}
		if !c.resp3 {
			return "the server or the user has no RESP3", nil
		}
		switch _, err := c.ask(ctx, on...); {
		case refused(err) != "":
			return fmt.Sprintf("not permitted to use CLIENT TRACKING (%s)", err.(refusal).code()), nil
		case err != nil:
			return "", fmt.Errorf("track: %w", err)
		}
		c.tracking = true
	}
	return "", nil
}

// untrack ends what would tell of the same as notifications.
func (s *servers) untrack(ctx context.Context) error {
	for _, c := range s.conns {
		if !c.tracking {
			continue
		}
		if _, err := c.ask(ctx, "CLIENT", "TRACKING", "OFF"); err != nil {
			return err
		}
		c.tracking = false
	}
	return nil
}

// escape makes a glob pattern that only s matches.
func escape(s string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`, `]`, `\]`).Replace(s)
}

const notifySetting = "notify-keyspace-events"

// check asks every server for its role and settings. why says why notifications
// can't be relied on, "" when they can.
func (s *servers) check(ctx context.Context, flags string) (why string, err error) {
	cluster, config := command{"CLUSTER", "INFO"}, command{"CONFIG", "GET", notifySetting}
	if s.cluster == nil {
		cluster = command{"PING"} // instead of what need not be asked
	}
	if s.opts.TrustNotify {
		config = command{"PING"}
	}
	answers, err := s.all(ctx, command{"HELLO"}, cluster, config)
	if err != nil {
		return "", err
	}
	for i, c := range s.conns {
		hello, cluster, config := answers[i][0], answers[i][1], answers[i][2]
		if err := s.fit(c, hello); err != nil {
			return "", fmt.Errorf("%s: %w", c.addr, err)
		}
		if info, ok := cluster.(string); ok && s.cluster != nil && !strings.Contains(info, "cluster_state:ok") {
			return "", fmt.Errorf("%s: the cluster is down", c.addr)
		}
		if !c.resp3 {
			why = "no keyspace notifications without RESP3"
		}
		if s.opts.TrustNotify || why != "" {
			continue
		}
		if why, err = s.notifies(ctx, c, config, flags); err != nil {
			return "", fmt.Errorf("%s: %w", c.addr, err)
		}
	}
	return why, nil
}

// fit returns an error unless a server's answer to HELLO says that it is a
// primary, of the kind that the client is made for. A server that doesn't know
// or permit HELLO passes, and speaks RESP2.
func (s *servers) fit(c *conn, hello any) error {
	said := properties(hello)
	if refused, ok := hello.(refusal); ok && refused.code() != "NOPERM" && refused.code() != "ERR" {
		return refused
	}
	c.resp3 = said["proto"] == "3"
	if role := said["role"]; role == "slave" || role == "replica" {
		return errors.New("the server is a replica")
	}
	if s.cluster == nil && said["mode"] == "cluster" {
		return errors.New("the server is part of a Cluster, which needs a ClusterClient")
	}
	return nil
}

// properties returns a list of keys and values as a map.
func properties(list any) map[string]string {
	said := make(map[string]string)
	items, _ := list.([]any)
	for i := 0; i+1 < len(items); i += 2 {
		said[fmt.Sprint(items[i])] = fmt.Sprint(items[i+1])
	}
	return said
}

// notifies says why a server doesn't notify of all that the flags stand for, or
// isn't known to; "" when it does. With SetNotify it is first told to.
func (s *servers) notifies(ctx context.Context, c *conn, config any, flags string) (string, error) {
	if _, ok := config.(refusal); ok {
		return "not permitted to read " + notifySetting, nil
	}
	have := properties(config)[notifySetting]
	lack := lacking(have, flags)
	switch {
	case lack == "":
		return "", nil
	case s.opts.SetNotify:
		_, err := c.ask(ctx, "CONFIG", "SET", notifySetting, have+lack)
		if refused(err) != "" {
			return "keyspace notifications are off, and not permitted to set " + notifySetting, nil
		}
		return "", err
	case lack != flags:
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
