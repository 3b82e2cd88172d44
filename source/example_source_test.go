package source_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/tree"
)

// feed is a source of one's own: an HTTP endpoint that answers with a JSON
// object and an ETag, and that holds a request for what is newer than an ETag
// until there is something, or answers 304 after a while.
type feed struct {
	client   *http.Client
	url      string
	maxBytes int64         // of an answer
	silence  time.Duration // after which an answer that has begun is given up
	single   source.Single
}

func (f *feed) Name() string { return "feed " + tree.Printable(f.url) }

// Watch asks again and again for what is newer than the last answer.
func (f *feed) Watch(ctx context.Context, emit func(source.Snapshot)) error {
	if err := f.single.Enter(); err != nil {
		return err
	}
	defer f.single.Leave()
	var last source.Snapshot
	for {
		snap, err := f.ask(ctx, last)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			return err // the supervisor waits, and watches again
		}
		emit(snap)
		last = snap
	}
}

// ask returns what is newer than the last snapshot, or that again.
func (f *feed) ask(ctx context.Context, last source.Snapshot) (source.Snapshot, error) {
	asking, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	req, err := http.NewRequestWithContext(asking, http.MethodGet, f.url, nil)
	if err != nil {
		return source.Snapshot{}, err
	}
	req.Header.Set("If-None-Match", last.Revision)
	resp, err := f.client.Do(req)
	if err != nil {
		return source.Snapshot{}, err
	}
	defer resp.Body.Close()
	switch resp.StatusCode {
	case http.StatusOK:
	case http.StatusNotModified:
		return last, nil // still in touch
	default:
		return source.Snapshot{}, errors.New(resp.Status) // never an empty tree
	}
	quiet := time.AfterFunc(f.silence, func() { cancel(errors.New("silent in the middle of an answer")) })
	defer quiet.Stop()
	body, err := io.ReadAll(io.LimitReader(resetting{resp.Body, quiet, f.silence}, f.maxBytes+1))
	if err != nil {
		return source.Snapshot{}, errors.Join(err, context.Cause(asking))
	}
	return f.read(body, resp.Header.Get("ETag")), nil
}

// read returns what a body means, or why it can't be used.
func (f *feed) read(body []byte, etag string) source.Snapshot {
	if int64(len(body)) > f.maxBytes {
		return source.Snapshot{Revision: etag, Err: fmt.Errorf("too large: more than %d bytes", f.maxBytes)}
	}
	t, err := tree.JSON{}.Read(body)
	return source.Snapshot{Tree: t.Located(f.locate), Revision: etag, Err: err, Bytes: int64(len(body))}
}

// locate tells where a value stands, for errors and Explain.
func (f *feed) locate(_ tree.Path, at tree.Place) tree.Origin {
	return tree.Origin{Layer: f.Name(), Kind: "feed", Key: f.url, Line: int(at.Line), Column: int(at.Column)}
}

// resetting is a body whose every read starts the wait for silence anew.
type resetting struct {
	io.Reader
	quiet *time.Timer
	after time.Duration
}

func (r resetting) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	r.quiet.Reset(r.after)
	return n, err
}

func ExampleSource() {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", `"7"`)
		fmt.Fprint(w, `{"pool": {"size": 4}}`)
	}))
	defer server.Close()

	ctx, cancel := context.WithCancel(context.Background())
	var src source.Source = &feed{client: server.Client(), url: server.URL, maxBytes: 1 << 20, silence: 10 * time.Second}
	err := src.Watch(ctx, func(snap source.Snapshot) {
		if ctx.Err() == nil {
			fmt.Println(snap.Tree.Root(), snap.Revision, snap.Err)
		}
		cancel()
	})
	fmt.Println(err)
	// Output:
	// {pool:{size:4}} "7" <nil>
	// context canceled
}
