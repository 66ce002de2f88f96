// Package caller decides who calls: every credential of the protocol becomes one proven [Caller] with its rights.
//
// It works in two phases, because checks of the front door stand between them: [Resolver.Site] finds the site that a
// call is about, [Resolver.Caller] proves who calls. Both are given a [Request], and know nothing of HTTP beyond it.
//
// The first credential present decides and must be valid: an invalid one is an error, never a fall-back to a weaker one.
// The order is
//
//	Authorization header · sig with userKey · sig with oauth_token · sig · secret with userKey · secret ·
//	oauth_token · login_token · cookie · regToken · none
//
// with these exceptions: a cookie or login token that opens no session is ignored where everybody may call; an
// oauth_token that has the form of an API key is one; a userKey without any proof is no credential; a method that is
// anonymous looks at none.
//
// What was proven is read from the store at every call, through caches that know its version: a revoked key, a closed
// session, a withdrawn privilege are refused at the very next call.
package caller
