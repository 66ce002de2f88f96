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
// Commits run with synchronous=FULL: they are on the disk when Change returns. A group that holds nothing but nonce
// claims is committed with synchronous=NORMAL: it is in the log file, which the death of the process does not touch, but
// it is not waited for; see [store.Replay].
//
// # Other processes
//
// Any number of processes may have the file open (the command line beside a server). The engine's locks keep their
// writes apart, a write waits up to Options.Busy for them and then fails with [store.ErrBusy], and the configuration
// version is a row of the file, so that every process sees the others' changes.
package sqlite
