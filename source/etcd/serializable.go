package etcd

import (
	"context"
	"fmt"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/confsync/confsync/source"
)

// begin reads the first state. While the leader can't confirm one, and it need
// not, that is what the connected server last knew, until the leader can.
func (w *watch) begin(ctx context.Context) error {
	err := w.load(ctx)
	for err != nil && w.opts.Serializable && !w.confirmed && ctx.Err() == nil {
		if !w.loadUnconfirmed(ctx, err) {
			return err
		}
		again := time.NewTimer(w.untilProbe())
		select {
		case <-ctx.Done():
		case <-again.C:
		}
		again.Stop()
		err = w.load(ctx)
	}
	return err
}

// loadUnconfirmed emits what the connected server last knew, why being the error
// of the leader's list, and reports whether the server could say. A state older
// than one that was emitted before is not one.
func (w *watch) loadUnconfirmed(ctx context.Context, why error) bool {
	w.revision = w.unconfirmed
	rows, err := w.list(ctx, clientv3.WithSerializable())
	if err != nil {
		return false
	}
	w.unconfirmed = w.revision
	emit := w.emit
	defer func() { w.emit = emit }()
	w.emit = func(snap source.Snapshot) {
		snap.Degraded = fmt.Errorf("what one server last knew: %w", why)
		emit(snap)
	}
	w.hold(ctx, rows)
	return true
}
