// Package login holds what login-type methods of several namespaces share: id_tokens, UID signatures made anew, the end
// of sessions, and logins that a site vouches for. A namespace never imports another; what two of them do is done here
// once, in terms of a call.
package login
