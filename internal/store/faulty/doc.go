// Package faulty wraps a store so that tests can make it fail at any one of its calls.
//
// A [Plan] says which call fails, counted from one, and how: with an error, by a panic, or by a delay. It travels in the
// context, so that it meets the calls that one request makes and nobody else's, on a server that does other things
// meanwhile:
//
//	plan := &faulty.Plan{At: 3, Err: store.ErrBusy}
//	request = request.WithContext(faulty.With(request.Context(), plan))
//
// The methods of a transaction count too, and so does its commit: the moment between the end of the function and the
// commit, at which everything is done and nothing may remain. What has no request behind it, such as the audit log's
// writer, meets the plan of [Store.Default].
package faulty
