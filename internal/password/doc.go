// Package password stores and checks passwords.
//
// A password is kept as an argon2id hash in the PHC text form:
//
//	$argon2id$v=19$m=19456,t=2,p=1$<salt>$<hash>
//
// Hashing costs memory and time on purpose, so it is the one thing in the server by which a flood of calls could exhaust
// the machine. A [Hasher] therefore runs at most Slots hashes at a time and lets at most Queue calls wait, in the order
// in which they came; who comes when the queue is full gets [ErrBusy] at once. A call that is cancelled while it waits
// leaves the queue; one that is hashing keeps its slot until the hash ends, because a hash cannot be stopped and its
// memory is in use until then.
//
// Passwords are taken exactly as received: nothing is trimmed, folded or normalised. One of more than [MaxLength] bytes
// is refused with [ErrTooLong] by every function alike, before anything is looked at, so that the refusal tells nothing
// about an account.
//
// A stored text names its algorithm between its first two dollar signs. Each algorithm is one entry of a table (see
// formats in format.go); a format that is imported from elsewhere needs a parser there and nothing else. Whatever is not
// argon2id with the present parameters is reported for renewal by [Hasher.Verify].
package password
