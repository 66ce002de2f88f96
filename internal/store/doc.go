// Package store owns the records and the contract of storage; the drivers live in the folders below it.
//
// # Guarantees
//
// Every driver gives these, and storetest checks them on each:
//
//   - Durability: when Change returns nil, what it did survives the death of the process and the loss of power.
//   - Atomicity and isolation: Change is all or nothing and serializable; a failed function leaves no trace, and other
//     changes that a driver commits in the same group are not touched by the failure.
//   - Freshness: a read sees every change that was acknowledged before the read began.
//   - Uniqueness: of any number of concurrent claims for one identifier, mark or nonce exactly one succeeds.
//   - Fidelity: documents come back byte for byte.
//
// # Shards
//
// The key of everything about one account begins with the group and holds the UID: account, sessions. A login
// identifier is its own record, keyed by its value, because its key is the uniqueness rule. No method but search needs
// more than one of these at a time to answer, so tables can be spread by account on a distributed engine.
//
// The store knows nothing of methods, HTTP, policies or tokens: it is given hashes of tokens and sealed secrets.
package store
