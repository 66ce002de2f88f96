// Package postgres keeps everything in a PostgreSQL database, version 14 or newer, or in a distributed engine that speaks its
// protocol, for any number of server processes.
//
// # Changes
//
// A change is one serializable transaction on a connection of its own. What the server undoes because of other changes is run
// again, and so is what loses its connection before the commit, until it succeeds or Options.Patience is over.
//
// A commit whose answer is lost may have happened. Each change leaves a row in the table outcomes, under a name that
// is drawn for it, in the same transaction. Whoever lost the answer asks for the row by putting it there himself, marked as not
// done: if the change has happened its row is found, if it is under way the database lets the question wait for its end, and
// otherwise the row that was put there keeps it from ever happening. So the change is reported as done, or run again, or, if
// nobody can be asked, reported as [store.ErrUnknown]; it is never run twice. This holds across a fail-over to a standby that
// has every acknowledged commit (synchronous_standby_names).
//
// # Uniqueness
//
// Identifiers, marks and nonces are primary keys, and INSERT … ON CONFLICT is the arbiter.
//
// # Freshness
//
// Reads go to the server that takes writes, so they see what was acknowledged. The configuration version is kept in memory:
// a process sees its own changes at once and others' within [Freshness]. It is read twice a second, at once when a change is
// told by NOTIFY, and by the calls themselves when it is older than that because the database did not answer.
//
// # Search
//
// Conditions on columns run in the server. Those on documents run here, in the code that defines what they mean, over rows that
// come in the order of a key, a piece at a time, from one snapshot: nothing is locked, and memory does not grow with their number.
//
// Indexes of fields ([store.Index]) come by use. Their rows lead to accounts that are then looked up by the UID, or are the answer.
// Every change keeps them up in its own transaction: the statement that writes an account returns the version of the catalogue of
// the indexes, and rows that are different go with the COMMIT, so that it takes no message more than without. Why none is missed,
// on Citus as well, is in follow.go.
//
// Totals of a group or of a range of an index are sums of numbers that are kept, and of what changes have noted since: counts.go
// says how they are exact in every snapshot though nobody waits for anybody.
//
// # Distribution
//
// Everything of one account begins with grp and uid, an identifier is keyed by its value, and nothing is unique but primary
// keys; there are no sequences, foreign keys, triggers or functions. Where engines differ (LISTEN, advisory locks, collations)
// Options has a switch. A test looks at every statement that is issued.
//
// [Distribute] places the tables on Citus, where transactions are serializable on each machine and not across them: what must
// hold across accounts rests on rows that both changes write (primary keys, revisions), or on what lies with one account,
// as a copy of the catalogue of the indexes does, or one value. A commit that fails on another machine is an internal error there and is asked for as a lost one.
//
// # Time
//
// Connections, searches and waiting are bounded: see Options.Patience, and the constants beside it.
package postgres
