// Package transfer moves accounts between files and the store.
//
// A file holds a row an account, as NDJSON (an object a line) or CSV (a header of dotted paths), in UTF-8. A row has the
// members of an account as the wire shows them, and some that only an import knows:
//
//	UID                       made when absent
//	email, username           login identifiers; or loginIDs and emails as an export has them
//	password                  a clear text, or {"hash":"$argon2id$…"} as an export with hashes has it
//	profile, data, preferences, subscriptions, internal
//	isActive, isRegistered    true when absent
//	isVerified                when absent: whether an address is verified; true without loginIDs and emails verifies all
//	created, registered, verified, lastLogin, lastUpdated, oldestDataUpdated    ISO texts
//	regSource, loginProvider, socialProviders, identities
//	lastLoginLocation, phoneNumber, groups, rbaPolicy, tfaStatus    kept as they are
//
// Members that are worked out from others (iRank, the …Timestamp twins …) are passed over, null is as good as absent,
// and a member that nobody knows refuses the row. Rows are checked as the API checks a server call, and new fields
// extend a dynamic data schema as they do there. What [Export] wrote with hashes, [Importer] brings into an empty
// installation so that the next export is the same.
package transfer
