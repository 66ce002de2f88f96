// Package transfer moves accounts between files and the store.
//
// A file holds a row an account, as NDJSON (an object a line) or CSV (a header of dotted paths). A row has the members
// of an account as the wire shows them, and some that only an import knows:
//
//	UID                       made when absent
//	email, username           login identifiers; or loginIDs and emails as an export has them
//	password                  a clear text, or {"hash":"$argon2id$…"} as an export with hashes has it
//	profile, data, preferences, subscriptions, internal
//	isActive, isRegistered    true when absent; isVerified false
//	created, registered, verified, lastLogin, lastUpdated    ISO texts
//	regSource, loginProvider
//
// Members that are worked out from others (identities, socialProviders, the …Timestamp twins …) are passed over; a
// member that nobody knows refuses the row. Rows are checked as the API checks a server call.
package transfer
