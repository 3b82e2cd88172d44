package redis

import (
	"context"
	"errors"
	"fmt"
	"strings"

	goredis "github.com/redis/go-redis/v9"
)

const notifySetting = "notify-keyspace-events"

// health is what the primaries say of themselves.
type health struct {
	notify string // why notifications can't be relied on; "" when they can
}

// check asks every primary for its role and settings. A server that doesn't
// answer, isn't a primary, or can't serve, is an error.
func (p *primaries) check(ctx context.Context, opts Options, flags string) (health, error) {
	var h health
	for _, node := range p.nodes {
		var hello *goredis.Cmd
		var cluster *goredis.StringCmd
		var config *goredis.MapStringStringCmd
		_ = p.pipeline(ctx, node, func(pipe goredis.Pipeliner) {
			hello = pipe.Do(ctx, "hello")
			if p.cluster != nil {
				cluster = pipe.ClusterInfo(ctx)
			}
			if !opts.TrustNotify {
				config = pipe.ConfigGet(ctx, notifySetting)
			}
		})
		if err := p.fit(hello); err != nil {
			return h, fmt.Errorf("%s: %w", address(node), err)
		}
		if cluster != nil {
			if info, err := cluster.Result(); err == nil && !strings.Contains(info, "cluster_state:ok") {
				return h, fmt.Errorf("%s: the cluster is down", address(node))
			}
		}
		if config == nil {
			continue
		}
		why, err := p.notifies(ctx, node, config, opts.SetNotify, flags)
		if err != nil {
			return h, fmt.Errorf("%s: %w", address(node), err)
		}
		if why != "" {
			h.notify = why
		}
	}
	return h, nil
}

// fit returns an error unless a server's answer to HELLO says that it is a
// primary, of the kind that the client is made for. A server that doesn't know
// or permit HELLO passes.
func (p *primaries) fit(hello *goredis.Cmd) error {
	answer, err := hello.Result()
	switch {
	case goredis.IsPermissionError(err), goredis.HasErrorPrefix(err, "unknown command"):
		return nil
	case err != nil:
		return err
	}
	said := properties(answer)
	if role := said["role"]; role == "slave" || role == "replica" {
		return errors.New("the server is a replica")
	}
	if p.cluster == nil && said["mode"] == "cluster" {
		return errors.New("the server is part of a Cluster, which needs a ClusterClient")
	}
	return nil
}

// properties are the strings of a map, as RESP3 and RESP2 have it.
func properties(answer any) map[string]string {
	said := make(map[string]string)
	note := func(k, v any) {
		key, isKey := k.(string)
		val, isVal := v.(string)
		if isKey && isVal {
			said[key] = val
		}
	}
	switch answer := answer.(type) {
	case map[any]any:
		for k, v := range answer {
			note(k, v)
		}
	case []any:
		for i := 0; i+1 < len(answer); i += 2 {
			note(answer[i], answer[i+1])
		}
	}
	return said
}

// notifies says why a node doesn't notify of all that the flags stand for, or
// isn't known to; "" when it does. With set it is first told to.
func (p *primaries) notifies(ctx context.Context, node *goredis.Client, config *goredis.MapStringStringCmd, set bool, flags string) (string, error) {
	settings, err := config.Result()
	var refused goredis.Error
	switch have := settings[notifySetting]; {
	case errors.As(err, &refused):
		return "whether keyspace notifications are on may not be seen", nil
	case err != nil:
		return "", err
	case lacking(have, flags) == "":
		return "", nil
	case set:
		var done *goredis.StatusCmd
		_ = p.pipeline(ctx, node, func(pipe goredis.Pipeliner) {
			done = pipe.ConfigSet(ctx, notifySetting, have+lacking(have, flags))
		})
		if err := done.Err(); errors.As(err, &refused) {
			return "keyspace notifications are off and may not be switched on", nil
		} else if err != nil {
			return "", err
		}
		return "", nil
	case lacking(have, flags) != flags:
		return fmt.Sprintf("keyspace notifications lack the flags %q", lacking(have, flags)), nil
	}
	return "keyspace notifications are off", nil
}

// lacking are the flags that a setting doesn't have. "A" stands for most of them.
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
