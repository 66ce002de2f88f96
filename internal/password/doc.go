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
//
// # Hashes of other systems
//
// [Foreign] and [Compound] make the stored text of a hash that was made elsewhere, out of what an import is told about it:
//
//	md5 sha1 sha256 sha512         digest of the text, then of the digest: text is the password and the salt's bytes, or a format
//	sha512Hexa                     the same, over the hexadecimal text of the digest in every further round
//	sha1_hashbytes                 SQL Server's HASHBYTES: the password in UTF-16
//	md5_double_salted              md5(hex(md5(password)) + salt)
//	pbkdf2 pbkdf2_sha256 pbkdf2_sha512    HMAC with SHA-1, SHA-256, SHA-512; as long as the hash is
//	drupal symphony2 sap_abap      Drupal 7; Symfony's message digest; SAP's {x-issha, 1024} and its SHA-2 kin
//	md5_crypt bcrypt drupal        as texts $1$, $2a$ $2b$ $2y$, $S$
//	custom                         whatever a service makes, which is asked: below
//
// Every number in them is bounded where it is read, at the import and at each check, so that one check costs a second of
// one core at the most. A foreign hash is always reported for renewal. A wrong password is compared with nobody's hash
// too: it costs at least what one costs for somebody who does not exist.
//
// # Services that hash
//
// A hash of the algorithm custom was made by another program, which a URL names. [Hasher.Prove] alone asks it, and only if
// the operator has listed the URL (Options.Services): the password goes to the service with the settings, the service answers
// with a hash, and that is compared here. Nobody but a service of the list ever gets a password, over a transport that
// follows no redirects; a question has four seconds and an answer four kilobytes. What is no answer is [ErrUnavailable].
// Questions have slots and a queue of their own, so that a slow service holds up nobody else's login.
package password
