// Package intake makes accounts of what other systems know of them: of a call to accounts.importFullAccount, or of a row
// of a file. There is one reader and one set of rules, so that a row is checked exactly as a call is.
//
//	in, err := intake.Read(members, intake.Call)     // a *MemberError: what cannot be read, by name
//	err = in.Check(site, hasher)                     // what the site's policies, the installation and the members together decide
//	err = in.Hash(ctx, hasher)                       // a clear password, an answer: the slow work, outside of transactions
//	draft, err := in.Draft(nil, site, now)           // a new account; or of one that is there, to change it
//	conflicts, err := draft.Store(tx)
//
// Everything but Store needs no store: an import of many rows prepares them at once and writes them in one transaction. A
// Store that fails has written nothing: it takes back what it claimed, so that the other rows of the transaction stand.
//
// # What is kept
//
// Absent members leave what is there, and members that belong together (loginIDs, emails, password) replace the whole.
// Login identifiers are those of loginIDs; a file's rows may give email and username instead. The addresses among
// them are e-mail addresses of the account too, and one that is verified anywhere is verified everywhere. Identities and
// the phone number are unique within the user base as login identifiers are; an identity that belongs to another account
// is left out and reported, the rest is imported (206004).
//
// # Lite accounts
//
// A lite account is an address with data and subscriptions. It lives beside the full ones: see [store.LiteGroup]. If a full
// account logs in with the address and has proved that it is its own, the subscriptions are that account's, and both know of
// each other: see [account.JoinLite] and [account.JoinFull].
package intake
