package etcd

import (
	"context"
	"fmt"

	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/confsync/confsync/source"
)

// loadUnconfirmed emits what the connected server last knew, if it can say, why
// being the error of the leader's list. A state older than one that was emitted
// before is kept back.
func (w *watch) loadUnconfirmed(ctx context.Context, why error) {
	w.revision = w.unconfirmed
	rows, err := w.list(ctx, clientv3.WithSerializable())
	if err != nil {
		return
	}
	w.unconfirmed = w.revision
	emit := w.emit
	w.emit = func(snap source.Snapshot) {
		snap.Degraded = fmt.Errorf("what one server last knew: %w", why)
		emit(snap)
	}
	w.hold(rows)
}
