package redis

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync/atomic"
	"time"

	goredis "github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/auth"
)

// connect makes a connection as a client of the caller's makes its: through its
// dialer, which knows of TLS and of Sentinel, with its credentials, its
// database and its OnConnect. A client of our own does the greeting, with our
// time-out, and from then on leaves the connection to us; hooks and limiters
// of the caller's aren't asked.
func connect(ctx context.Context, of *goredis.Options, timeout time.Duration) (*conn, error) {
	line, err := dial(ctx, of, timeout)
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { line.Close() })
	defer stop()
	var dialed atomic.Bool
	client := goredis.NewClient(&goredis.Options{
		Network: of.Network, Addr: of.Addr, DB: of.DB, Protocol: 3,
		Username: of.Username, Password: of.Password,
		CredentialsProvider: of.CredentialsProvider, CredentialsProviderContext: credentials(of),
		ClientName: of.ClientName, IdentitySuffix: of.IdentitySuffix,
		//lint:ignore SA1019 the caller may use the old name
		DisableIdentity: of.DisableIdentity || of.DisableIndentity,
		OnConnect:       of.OnConnect,
		DialTimeout:     timeout, ReadTimeout: timeout, WriteTimeout: timeout, PoolTimeout: timeout,
		PoolSize: 1, MaxRetries: -1, ContextTimeoutEnabled: true,
		Dialer: func(context.Context, string, string) (net.Conn, error) {
			if dialed.Swap(true) {
				return nil, errors.New("connection lost in the greeting")
			}
			return line, nil
		},
	})
	kept := client.Conn()
	err = kept.Ping(ctx).Err()
	if err == nil || goredis.HasErrorPrefix(err, "NOPERM") {
		err = hasDeadlines(line, timeout)
	}
	if err != nil {
		line.Close()
		client.Close()
		return nil, fmt.Errorf("%s: %w", of.Addr, err)
	}
	return &conn{addr: of.Addr, db: of.DB, timeout: timeout, net: line, made: closers{kept, client}}, nil
}

// hasDeadlines returns an error unless a connection that was just made, on which
// nothing is to come, heeds its deadlines. One of a tunnel may not.
func hasDeadlines(line net.Conn, timeout time.Duration) error {
	late := time.AfterFunc(timeout, func() { line.Close() })
	defer late.Stop()
	if err := line.SetReadDeadline(past); err != nil {
		return err
	}
	if _, err := line.Read(make([]byte, 1)); !isTimeout(err) {
		return errors.New("the connection that the client's Dialer has made heeds no deadline")
	}
	return nil
}

type closers []io.Closer

func (all closers) Close() (err error) {
	for _, c := range all {
		err = errors.Join(err, c.Close())
	}
	return err
}

// dial calls the client's dialer. One that doesn't heed its context, as that of
// TLS or of Sentinel may not, is left behind when the time is over; the
// connection that it makes nonetheless is closed.
func dial(ctx context.Context, of *goredis.Options, timeout time.Duration) (net.Conn, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, timeout, fmt.Errorf("no connection within %v", timeout))
	defer cancel()
	type result struct {
		line net.Conn
		err  error
	}
	dialed := make(chan result) // one goroutine sends, once, until ctx ends
	go func() {
		line, err := of.Dialer(ctx, of.Network, of.Addr)
		select {
		case dialed <- result{line, err}:
		case <-ctx.Done():
			if err == nil {
				line.Close()
			}
		}
	}()
	select {
	case got := <-dialed:
		return got.line, got.err
	case <-ctx.Done():
		return nil, fmt.Errorf("%s: %w", of.Addr, context.Cause(ctx))
	}
}

// credentials returns where a client's credentials come from, if not from its
// other fields. A stream of them is asked for those of now: a connection whose
// credentials expire is closed by the server, and the next gets new ones.
func credentials(of *goredis.Options) func(context.Context) (string, string, error) {
	stream := of.StreamingCredentialsProvider
	if stream == nil {
		return of.CredentialsProviderContext
	}
	return func(context.Context) (username, password string, err error) {
		now, stop, err := stream.Subscribe(deaf{})
		if err != nil {
			return "", "", err
		}
		username, password = now.BasicAuth()
		return username, password, stop()
	}
}

// deaf is a listener to credentials that doesn't listen.
type deaf struct{}

func (deaf) OnNext(auth.Credentials) {}
func (deaf) OnError(error)           {}
