// Package token makes and reads the tokens that the server hands out and needs no record of: sealed ones, which only the
// server can read, and signed ones, which everybody can verify.
//
//   - [Tokens] seals: regTokens (one flow of one user), opaque access tokens, cursors. Their content is encrypted and
//     authenticated; a token of one kind never opens as another.
//   - [Keyring] signs: id_tokens and the JWT access tokens of /oauth2/token, with RSA keys that rotate without a gap. The
//     two are told apart by their claims: an id_token names an apiKey, an access token a client_id, and neither is
//     accepted in the other's place.
//
// Tokens that must die at once when something happens elsewhere (sessions) have records and are made by package session.
//
// All tokens are ASCII without blanks, '|', ';' and ',': they travel in cookies and headers as they are. Every one is
// bounded in length before it is looked at.
package token
