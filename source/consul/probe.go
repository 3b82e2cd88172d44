package consul

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"
)

// probe asks at times whether the cluster has a leader, and returns once that
// can't be confirmed, with the reason, or ctx ends. A single failure is enough:
// it costs one list, which changes nothing downstream, where a second try would
// double the time in which nobody knows that the source is cut off.
//
// It is the leader that is asked for because an agent may well be alive while
// it has lost the servers.
func (s *store) probe(ctx context.Context) error {
	if s.opts.Probe < 0 {
		return nil
	}
	within := s.opts.Probe / 2
	for {
		pause := time.NewTimer(within + rand.N(within+1)) // spread, so that many processes don't ask at once
		select {
		case <-ctx.Done():
			pause.Stop()
			return nil
		case <-pause.C:
		}
		if err := s.askLeader(ctx, within); err != nil && ctx.Err() == nil {
			return fmt.Errorf("probe: %w", err)
		}
	}
}

func (s *store) askLeader(ctx context.Context, within time.Duration) error {
	ctx, cancel := context.WithTimeoutCause(ctx, within, fmt.Errorf("no answer within %v", within))
	defer cancel()
	leader, err := s.client.Status().LeaderWithQueryOptions(s.query().WithContext(ctx))
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case err != nil:
		return err
	case leader == "":
		return errNoLeader
	}
	return nil
}
