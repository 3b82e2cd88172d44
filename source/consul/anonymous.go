package consul

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/hashicorp/consul/api"
)

// anonymousID is the accessor of the token that Consul takes requests without
// one to have.
const anonymousID = "00000000-0000-0000-0000-000000000002"

var errHidden = errors.New("all keys are gone, or hidden: ACLs are in use, and the request had no token")

const howToTrust = "set Options.Token, or Options.BelieveEmpty if all keys may go"

// doubt returns why an answer isn't believed, or nil. That all keys are gone is
// no fact, but maybe a matter of rights, to who asks without a token where
// tokens are in use.
func (w *watch) doubt(ctx context.Context, got answer) (why, err error) {
	if !got.none() || w.good.Tree.Root() == nil || w.opts.BelieveEmpty {
		return nil, nil
	}
	anonymous, err := w.anonymous(ctx)
	if anonymous {
		why = errHidden
	}
	return why, err
}

// anonymous reports whether ACLs are in use and the source has no token. Consul
// doesn't say of such a request that keys were hidden from it.
func (w *watch) anonymous(ctx context.Context) (bool, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, grace, fmt.Errorf("no answer within %v", grace))
	defer cancel()
	token, _, err := w.store.client.ACL().TokenReadSelf(w.query().WithContext(ctx))
	var status api.StatusError
	switch {
	case ctx.Err() != nil:
		return false, fmt.Errorf("token: %w", context.Cause(ctx))
	case errors.As(err, &status) && status.Code == http.StatusForbidden:
		return true, nil // as some versions say of no token
	case errors.As(err, &status) && status.Code < http.StatusInternalServerError:
		return false, nil // ACLs are off
	case err != nil:
		return false, fmt.Errorf("token: %w", err)
	}
	return token.AccessorID == anonymousID, nil
}
