package etcd

import (
	"context"

	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/confsync/confsync/source"
)

// loadUnconfirmed emits what the connected server last knew, if it can say. A state older
// than one that was emitted before is kept back.
func (w *watch) loadUnconfirmed(ctx context.Context) {
	w.revision = w.unconfirmed
	rows, err := w.list(ctx, clientv3.WithSerializable())
	if err != nil {
		return
	}
	w.unconfirmed = w.revision
	emit := w.emit
	w.emit = func(snap source.Snapshot) {
		snap.Note = "what one server last knew: it can't reach the cluster's leader"
		emit(snap)
	}
	w.hold(rows)
}
