package accounts

import (
	"context"
	"errors"

	"github.com/doorward/doorward/internal/caller"
	"github.com/doorward/doorward/internal/method"
	"github.com/doorward/doorward/internal/token"
)

// GetJWTPublicKeyParams are the parameters of accounts.getJWTPublicKey.
type GetJWTPublicKeyParams struct {
	// V2 asks for all keys as a JWK set instead of the one that signs.
	V2 bool `param:"V2"`
}

// GetJWTPublicKeyResult is the answer of accounts.getJWTPublicKey: the members of one key, or keys.
type GetJWTPublicKeyResult struct {
	*token.JWK
	Keys []token.JWK `json:"keys,omitempty"`
}

// getJWTPublicKey serves accounts.getJWTPublicKey: the public keys that check the tokens of accounts.getJWT.
//
// Anybody may call, with or without an API key: keys are the server's, not a site's. With V2 the whole answer is a JWK
// set that generic gateways read directly, the signing key first; without it, it is the signing key alone. Clients refetch
// for an unknown kid and may cache for minutes.
//
// Sources: the REST guide; the Java, PHP and .NET SDKs (the last calls without an API key).
func getJWTPublicKey(d Deps) *method.Method {
	spec := method.Spec{
		Name:         "accounts.getJWTPublicKey",
		Summary:      "Returns the public keys that check the tokens of accounts.getJWT.",
		Callers:      caller.Public | caller.RegToken | caller.Session | caller.Server,
		NoSite:       true,
		Anonymous:    true,
		CacheControl: "public, max-age=300",
	}
	return method.New(spec, func(ctx context.Context, c *method.Call[GetJWTPublicKeyParams]) (GetJWTPublicKeyResult, error) {
		keys, err := d.Keyring.Published(ctx)
		if err != nil {
			return GetJWTPublicKeyResult{}, err
		}
		if len(keys) == 0 {
			return GetJWTPublicKeyResult{}, errors.New("no signing key is published")
		}
		if c.Params.V2 {
			return GetJWTPublicKeyResult{Keys: keys}, nil
		}
		return GetJWTPublicKeyResult{JWK: &keys[0]}, nil
	})
}
