// Package account says what an account is: its identifiers, what a registration makes of it, what may change it and how,
// in which state it is, and how it looks in an answer.
//
// Nothing here reads or writes a store, a clock or a socket. A change is worked out on a copy of the record by [Apply],
// which tells every fault it finds and which login identifiers have to be claimed and released; the caller does both in
// one transaction:
//
//	err := st.Change(ctx, func(tx store.Tx) error {
//		a, err := tx.Account(group, uid)
//		…
//		out, err := account.Apply(a, change, rules)   // rules.Owner asks tx who holds an identifier
//		…                                             // out.Items: nothing is written
//		return out.Store(tx, a)
//	})
//
// # States
//
//	none ── register ──> pending ── finalize, nothing missing ──> registered ── delete ──> none
//	                     isActive                                  isRegistered
//
// isVerified and isActive stand beside this. [Next] says what keeps an account from a session, in the one order in which
// every login-type method asks: disabled, locked out, password to be changed, registration incomplete, login identifier
// missing, address not verified.
//
// # Addresses
//
// An account knows e-mail addresses in three places, which move together but are not the same: profile.email is what the
// user wrote last, with their spelling; emails lists every address ever given, verified or not; loginIDs lists those that
// may be used to log in. The last two are in lower case. A changed profile.email is added to both lists and the old one
// stays until it is removed by removeLoginEmails.
//
// # Lite accounts
//
// A lite account is an address with choices and data, and nobody logs in to it. The full account that logs in with the address
// takes its place when the address is verified, or at once if it was registered with the lite one's token ([Outcome.Progress]):
// both then know of each other, and the subscriptions are the full one's until it is deleted or gives the address up. What is
// merely said of an address, by a registration or a profile, joins nothing.
package account
