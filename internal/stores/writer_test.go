package stores

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// writer changes a store's keys, in transactions, and notes each state first.
// Every transaction is guarded by the key seq, so that one whose outcome is not
// known is made upon the state that it was meant for or never. It goes to the
// server directly.
type writer struct {
	root    string
	ledger  *ledger
	commits atomic.Int64 // that were confirmed

	mu     sync.Mutex
	client Client
	rand   *rand.Rand
	seq    int   // of the last attempt
	base   State // what the store holds, if that is sure
	unsure bool
}

// run writes until ctx ends.
func (w *writer) run(ctx context.Context) {
	for ctx.Err() == nil {
		wait := w.step(ctx)
		select {
		case <-ctx.Done():
		case <-time.After(wait):
		}
	}
}

// step commits once, if the store lets it, and says how long to rest.
func (w *writer) step(ctx context.Context) (rest time.Duration) {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.knowLocked(ctx) {
		return 50 * time.Millisecond
	}
	tx, next := w.changesLocked()
	at := w.ledger.note(next)
	if err := w.client.Commit(ctx, tx); err != nil {
		w.unsure = true
		return 50 * time.Millisecond
	}
	w.base = next
	w.ledger.confirm(at)
	w.commits.Add(1)
	return time.Duration(w.rand.IntN(40)) * time.Millisecond
}

// knowLocked finds out what the store holds, where that isn't sure.
func (w *writer) knowLocked(ctx context.Context) bool {
	if !w.unsure {
		return true
	}
	seq, err := w.client.Get(ctx, w.root+"/seq")
	if err != nil {
		return false
	}
	base, at, ok := w.ledger.withSeq(seq)
	if !ok {
		w.ledger.fail("the store holds seq %q, which is older than what it has confirmed: the test is wrong", seq)
		return false
	}
	w.ledger.confirm(at)
	w.base, w.unsure = base, false
	return true
}

// changesLocked returns the next transaction and the state after it.
func (w *writer) changesLocked() (Transaction, State) {
	w.seq++
	tx := Transaction{Root: w.root, Guard: "seq", Was: w.base["seq"], Put: map[string]string{"seq": fmt.Sprint(w.seq)}}
	for range 1 + w.rand.IntN(6) {
		key := fmt.Sprintf("k/g%d/%c", w.rand.IntN(4), 'a'+w.rand.IntN(6))
		_, there := w.base[key]
		switch {
		case tx.Put[key] != "" || slices.Contains(tx.Delete, key):
		case there && w.rand.IntN(3) == 0:
			tx.Delete = append(tx.Delete, key)
		default:
			tx.Put[key] = fmt.Sprintf("v%d\n", w.seq)
		}
	}
	next := maps.Clone(w.base)
	maps.Copy(next, tx.Put)
	for _, key := range tx.Delete {
		delete(next, key)
	}
	tx.Document = nested(next, "/")
	return tx, next
}

// frozen calls do with what the store holds, while nobody writes.
func (w *writer) frozen(within time.Duration, do func(held State) error) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), within)
	defer cancel()
	for !w.knowLocked(ctx) {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		time.Sleep(50 * time.Millisecond) // between attempts
	}
	return do(w.base)
}

// turn declares a new epoch, and has replace put the store into the state that it
// begins with while nobody writes. replace returns the client to go on with.
func (w *writer) turn(values State, replace func(Client) Client) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ledger.turn(values)
	w.client = replace(w.client)
	w.base, w.unsure = values, false
}

// direct returns the writer's client.
func (w *writer) direct() Client {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.client
}
