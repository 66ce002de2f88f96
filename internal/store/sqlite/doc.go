// Package sqlite keeps everything in one SQLite file, inside the process: the default store.
//
// # Who does what
//
// One goroutine, the writer, owns the only connection that writes. It takes the functions of [Store.Change] from a
// queue, runs up to 256 of them in one transaction, each inside its own savepoint, commits, and only then answers. So
// the price of a durable commit is shared by everybody who waits, transactions are serializable because there is but
// one at a time, and a function that fails is rolled back to its savepoint without a trace and without touching its
// neighbours.
//
// Reads run beside it on a few connections of their own (write-ahead logging: they neither wait for the writer nor hold
// it up), and searches, which may take seconds, on others again, so that they cannot starve the short reads.
//
// # Durability
//
// Commits run with synchronous=FULL: they are on the disk when Change returns.
//
// # Nonces
//
// A signed request costs a nonce, which no commit could keep up with: they are in memory and in files beside the database,
// in the folder "<database>.shared". See nonces.go for how they survive the death of a process, and what decides
// between claims of several.
//
// # Other processes
//
// Any number of processes may have the file open (the command line beside a server). The engine's locks keep their
// writes apart, a write waits up to Options.Busy for them and then fails with [store.ErrBusy], and the configuration
// version is a row of the file, so that every process sees the others' changes. Whether it may have changed at all is
// told by a number in the shared folder, because it is asked for at every call; see shared.go. All must run on one
// machine: write-ahead logging and the locks of the shared folder need that.
package sqlite
