// Package session opens, finds and proves the sessions of end users.
//
// A session is known by its token, which the client keeps: st2.s.<site and uid>.<secret>.sc3. The store holds the
// SHA-256 of the token only, beside the account, so that one indexed read finds it. The secret of a mobile session is derived
// from its token with a key of the installation: nothing that is stored gives either away.
//
// How long a session lives is its sessionExpiration: a number of seconds; [Never]; [Browser], until the browser
// closes, which the server cannot see, so that the token lives until logout; or [Dynamic], one minute from the login and
// then only while the site proves with each call that it keeps the session alive ([Proof]).
package session
