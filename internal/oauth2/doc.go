// Package oauth2 serves the OAuth 2 paths that stand outside the methods: no envelope, no format parameter, real HTTP
// statuses, errors as RFC 6749 has them.
//
//	POST /oauth2/token       client_credentials, and refresh_token where it is switched on (RFC 6749)
//	POST /introspect         is this token alive, and what does it say (RFC 7662)
//	POST /revocation         end this token (RFC 7009)
//	GET  /oauth2/jwks        the public keys that check access tokens (RFC 7517)
//	GET  /.well-known/oauth-authorization-server    where all of this is (RFC 8414)
//
// A client is a user key or an application; it proves itself by client_id and client_secret in the body and by nothing
// else. Its access token is a JWT of ten minutes that acts with the rights that the key has at the time of each call: a
// key that is revoked takes its tokens with it at once, because package caller asks for the key again. A single token is
// ended by a mark in the store under its jti, in [token.RevokedSpace].
//
// A refresh token is sealed, bound to its client, and used any number of times until it expires or is revoked: only
// confidential clients have one, so there is nothing to gain by rotation. Access tokens that came from a revoked refresh
// token live out their ten minutes.
package oauth2
