package consul

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/hashicorp/consul/api"

	"github.com/confsync/confsync/tree"
)

// anonymousID is the accessor of the token that Consul takes requests without
// one to have.
const anonymousID = "00000000-0000-0000-0000-000000000002"

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

// doubt returns why an empty prefix isn't believed, and what to do.
func (s *store) doubt() (error, string) {
	const why = "all keys are gone, or hidden: ACLs are in use, and the request had no token"
	problem := tree.Problem{Kind: tree.Unusable, Origin: s.origin(s.keys.Key(nil), 0), Err: errors.New(why)}
	return problem, why + "; set Options.Token, or Options.BelieveEmpty"
}
