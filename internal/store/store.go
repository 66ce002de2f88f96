package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/query"
)

// Errors that drivers return, alone or wrapped.
var (
	// ErrNotFound: no such record.
	ErrNotFound = errors.New("not found")
	// ErrUsed: the single-use mark was set before.
	ErrUsed = errors.New("already used")
	// ErrExists: a record with this key is there already.
	ErrExists = errors.New("already exists")
	// ErrConflict: the account was changed since it was read. Change never returns it for an account that fn itself read.
	ErrConflict = errors.New("changed meanwhile")
	// ErrBusy: the store cannot take more work now; nothing was changed and the caller may try again.
	ErrBusy = errors.New("store is busy")
	// ErrUnknown: the connection to the database was lost while a change was committed, and nobody could be asked whether it
	// happened: it may have.
	ErrUnknown = errors.New("it is not known whether the change happened")
	// ErrNoRoom: the disk that a backup is written to is full.
	ErrNoRoom = errors.New("there is no room on the disk")
	// ErrClosed: the store was closed.
	ErrClosed = errors.New("store is closed")
)

// A TakenError says which login identifier already belongs to another account. It is returned by [Tx.ClaimIdentifier].
type TakenError struct {
	Identifier Identifier
	// UID is the account that holds it.
	UID string
}

func (e *TakenError) Error() string {
	return fmt.Sprintf("login identifier in space %q is taken", e.Identifier.Space)
}

// Store is what a driver offers. It is safe for concurrent use.
type Store interface {
	Reader
	Searcher
	DataReader
	AuditReader
	Replay

	// Change runs fn in one transaction: all that fn did is durable when Change returns nil, and none of it is done
	// otherwise, unless the error is ErrUnknown. A driver may run fn again after a conflict, so fn has no effect but those through tx and on variables
	// that it sets anew on each run, does no input or output of its own, and returns soon: other changes wait for it.
	// Transactions are serializable. The error of fn comes back unchanged.
	Change(ctx context.Context, fn func(tx Tx) error) error

	// Sweep removes records that are over, at most s.Limit of them, and tells how many. It is for one batch: who is told
	// as many as the limit calls again. What is not over is never touched.
	Sweep(ctx context.Context, s Sweep) (removed int, err error)

	// Ready returns nil when the store can answer.
	Ready(ctx context.Context) error
	// Backup writes a consistent copy of everything to the file, which must not exist. Reads and writes go on meanwhile.
	// Without room for it the error is ErrNoRoom.
	Backup(ctx context.Context, file string) error
	// Close waits for the changes under way, then lets go of everything.
	Close() error
}

// Ahead is a store whose disk need not be waited for after each change.
type Ahead interface {
	// ChangeAhead is [Store.Change], but returns when everybody sees the change, and the death of this process loses nothing of it:
	// the loss of the machine's power may, until settle has returned nil or a later Change has written something. What is lost then are
	// the latest changes, each as a whole.
	ChangeAhead(ctx context.Context, fn func(tx Tx) error) (settle func() error, err error)
}

// Reader reads committed records. A read sees every change that was acknowledged before it began (but see
// [Configuration]). Records come back as
// fresh copies that the caller may keep and alter. Missing ones are ErrNotFound.
type Reader interface {
	// Account reads by the primary key: one indexed read.
	Account(ctx context.Context, group, uid string) (*Account, error)
	// Owner returns the UID of the account that holds the identifier: one indexed read.
	Owner(ctx context.Context, group string, id Identifier) (uid string, err error)
	// Session reads one session by the hash of its token. Expired sessions are returned too: what that means is the
	// caller's business.
	Session(ctx context.Context, group, uid string, hash Hash) (*Session, error)
	// Marked tells whether the single-use mark was set and still lives at now.
	Marked(ctx context.Context, space string, hash Hash, now clock.Millis) (bool, error)

	Configuration
}

// Replay remembers what was seen, to refuse it the second time.
type Replay interface {
	// ClaimNonce records that owner used the nonce and answers true the first time, false while an earlier claim lives.
	// Exactly one of any number of concurrent claims is answered true, on any number of processes over one store. The
	// record survives the death of the process; it need not survive the loss of the machine's power.
	ClaimNonce(ctx context.Context, owner string, nonce Hash, now, until clock.Millis) (bool, error)
}

// Tx is a transaction: see [Store.Change]. Reads see the transaction's own writes. A Tx is used by one goroutine and not
// after fn has returned.
type Tx interface {
	// Expect says that the change is about to insert accounts and to claim or look up identifiers, and that it expects them
	// to be free. Nothing that it sees depends on it: a driver that is far from its database asks for all of them at once.
	Expect(group string, uids []string, ids []Identifier) error

	Account(group, uid string) (*Account, error)
	// PutAccount inserts the account (Rev 0) or replaces it (Rev as read), and sets Rev to the new revision.
	// Inserting a UID that exists is ErrExists. Replacing one that is gone is ErrNotFound, one whose stored Rev is another
	// is ErrConflict.
	PutAccount(a *Account) error
	// DeleteAccount removes the account with its identifiers, sessions and data-store objects. A missing one is ErrNotFound.
	DeleteAccount(group, uid string) error

	Owner(group string, id Identifier) (uid string, err error)
	// ClaimIdentifier makes the identifier the account's. It is no error if it is that already; if it is another's, the
	// error is a *TakenError. After this error and after ErrExists of PutAccount nothing of the change is lost, and it may
	// go on.
	ClaimIdentifier(group string, id Identifier, uid string) error
	// ReleaseIdentifier frees the identifier if it is the account's.
	ReleaseIdentifier(group string, id Identifier, uid string) error

	Session(group, uid string, hash Hash) (*Session, error)
	// PutSession inserts or replaces.
	PutSession(s *Session) error
	// DeleteSession ends the session. That it is not there is no error.
	DeleteSession(group, uid string, hash Hash) error
	// DeleteSessions ends all sessions of the account but the excepted one (a zero Hash excepts none), and tells how many.
	DeleteSessions(group, uid string, except Hash) (int, error)
	// LimitSessions ends sessions of the account until at most keep remain, and tells how many it ended: those whose time
	// is over at now first (Dynamic ones have no end here), then the oldest by Created. The session with the hash newest
	// is never ended. It is cheap while there are no more than keep: every login calls it.
	LimitSessions(group, uid string, newest Hash, keep int, now clock.Millis) (int, error)

	// UseOnce sets a single-use mark that lives until the given time. If a mark that still lives at now is there: ErrUsed.
	UseOnce(space string, hash Hash, now, until clock.Millis) error

	ConfigurationTx

	DataTx

	// AppendAudit adds a record to the audit log, at the end of a chain of this process.
	AppendAudit(r *Audit) error
}

// Swept is a kind of records that end by time.
type Swept int

// The kinds of records that [Store.Sweep] removes.
const (
	// SweptSessions are sessions whose end (Expires) is before the time. Those without an end and Dynamic ones, whose end
	// only their site knows, are none of them.
	SweptSessions Swept = iota + 1
	// SweptMarks are single-use marks that died before the time.
	SweptMarks
	// SweptAudits are audit records of a partner of before the time. A chain loses its first records: what is behind a
	// record that stays, stays.
	SweptAudits
)

// String is the kind's name in logs.
func (k Swept) String() string {
	switch k {
	case SweptSessions:
		return "sessions"
	case SweptMarks:
		return "marks"
	case SweptAudits:
		return "audits"
	}
	return "Swept(" + strconv.Itoa(int(k)) + ")"
}

// Sweep says what [Store.Sweep] removes.
type Sweep struct {
	Kind Swept
	// Partner is whose audit records are meant; without effect for other kinds. Records without a chain are partner 0's.
	Partner int64
	// Before is the time: what ended at it is kept.
	Before clock.Millis
	// Limit bounds what one call removes, and with it how long other changes wait; at least 1.
	Limit int
}

// Searcher finds accounts.
type Searcher interface {
	// SearchAccounts calls each for every account of the page, in order. An account is handed over with the values of
	// its sort keys, which a later Search takes as After. It returns the number of accounts that satisfy Where when
	// s.Total is set. Both numbers are of one moment. Deleted accounts are never seen.
	SearchAccounts(ctx context.Context, s Search, each func(a *Account, sort []query.Value) error) (total int64, err error)
	// AccountValues calls each with the values of the fields, in their order, of every account of the group that satisfies
	// where, in any order: what the account sorts by in the field, as [Field.SortValue] returns it. It reads no more of an
	// account than where and the fields need, and its memory does not grow with their number. The slice is the driver's
	// and is not kept. Everything is of one moment.
	AccountValues(ctx context.Context, group string, where query.Expr, fields []query.Path, each func(values []query.Value) error) error
	// ExplainSearch tells how SearchAccounts would find the accounts, without looking for them.
	ExplainSearch(ctx context.Context, s Search) (Explanation, error)
}

// Search says what SearchAccounts looks for.
type Search struct {
	Group string
	// Where is the condition; nil holds for every account.
	Where query.Expr
	// Order is the order of the result; the UID decides between equals, ascending.
	Order []query.Order
	// After continues behind the account with these sort values and this UID. Start is 0 then.
	After *Position
	// Start is the number of accounts to skip.
	Start int
	// Limit bounds the page. 0 gives no rows (the total is counted all the same).
	Limit int
	// Total asks for the number of all accounts that satisfy Where.
	Total bool
}

// Explanation tells how a search finds its rows: for those who wonder why it is slow.
type Explanation struct {
	// Access is how rows are come by, in words: "by the unique key", "by an index on created", "every account of the group".
	Access string `json:"access"`
	// Index is the name of the index or key that is used; empty: none.
	Index string `json:"index,omitempty"`
	// Scan tells that every row is looked at, whatever the condition.
	Scan bool `json:"scan"`
	// Sort tells that what was found has to be sorted before the first row is known.
	Sort bool `json:"sort"`
	// Steps are the engine's own words.
	Steps []string `json:"steps,omitempty"`
}

// Position is a place in an ordered result: behind one account.
type Position struct {
	Sort []query.Value `json:"s,omitempty"`
	UID  string        `json:"u"`
}

// Hash is the SHA-256 of a token or nonce: what a stolen database shows instead of it.
type Hash [32]byte

// Identifier is a login identifier: a value that is unique within a space of one group.
type Identifier struct {
	// Space keeps kinds of identifiers apart that may be equal: [LoginSpace] for e-mail addresses and user names.
	Space string
	// Value is the normalized value: two texts that mean the same identifier have the same value.
	Value string
}

// LoginSpace holds user names and login e-mail addresses, which must not equal one another (a user name may be
// an address, and either logs in through the same parameter). Their values are lower case, and every user name and address
// in an account's LoginIDs is claimed for it: searches for them look here first.
const LoginSpace = "login"

// Account is one person in a group's user base: a few columns that identity itself needs, and documents, which are
// compact JSON texts, stored and handed out byte for byte. A nil document is an absent one.
type Account struct {
	// Group is the API key of the site group's parent, or of the site itself if it is in none.
	Group string
	UID   string
	// Rev counts the writes of this account; 0 is an account that was never stored.
	Rev int64

	Created           clock.Millis
	Registered        clock.Millis
	Verified          clock.Millis
	LastLogin         clock.Millis
	LastUpdated       clock.Millis
	OldestDataUpdated clock.Millis

	IsActive      bool
	LoginProvider string
	// SocialProviders is the comma list of connected providers, "site" among them.
	SocialProviders string
	// RegSource is where the registration came from; HasRegSource tells an empty one from one that was never set.
	RegSource    string
	HasRegSource bool

	// Profile, Data, Preferences, Subscriptions, Internal and CustomIdentifiers are JSON objects.
	Profile           json.RawMessage
	Data              json.RawMessage
	Preferences       json.RawMessage
	Subscriptions     json.RawMessage
	Internal          json.RawMessage
	CustomIdentifiers json.RawMessage
	// Emails is {"verified":[…],"unverified":[…]}.
	Emails json.RawMessage
	// LoginIDs is {"username":…,"emails":[…],"unverifiedEmails":[…]}.
	LoginIDs json.RawMessage
	// Identities is the array of identities as the wire shows them.
	Identities json.RawMessage
	// More holds further members of the account by their wire names (lastLoginLocation, rbaPolicy, tfaStatus …).
	More json.RawMessage

	Secrets Secrets
}

// Secrets are the parts of an account that no answer and no search ever shows.
type Secrets struct {
	// PasswordHash is the self-describing text of package password; empty: the account has no password.
	PasswordHash string `json:"hash,omitempty"`
	// PasswordCreated is when the password was set.
	PasswordCreated clock.Millis `json:"created,omitempty"`
	// PasswordHistory holds earlier hashes, the latest first.
	PasswordHistory []string `json:"history,omitempty"`
	// MustChangePassword: the next login answers 403100.
	MustChangePassword bool `json:"mustChange,omitempty"`

	SecretQuestion   string `json:"question,omitempty"`
	SecretAnswerHash string `json:"answer,omitempty"`

	// FailedLogins counts failures since the last success; LastFailedLogin is when the latest happened.
	FailedLogins    int          `json:"failed,omitempty"`
	LastFailedLogin clock.Millis `json:"lastFailed,omitempty"`
	// LockedUntil: logins are refused before this time.
	LockedUntil clock.Millis `json:"locked,omitempty"`

	// TokenEpoch is sealed into every regToken of the account: raising it ends them all.
	TokenEpoch int64 `json:"epoch,omitempty"`
}

// Session is a login. The token itself is not stored.
type Session struct {
	Group, UID string
	Hash       Hash
	// Site is the API key of the site that opened it.
	Site string
	// Mobile sessions need the session secret beside the token.
	Mobile  bool
	Created clock.Millis
	// Expires is the end; 0: none.
	Expires clock.Millis
	// Dynamic sessions (sessionExpiration -1) live on the gltexp proof that the site gives; Expires then is the end of
	// the time in which no proof is needed.
	Dynamic bool
	// Provider is how the user proved who they are: "site" for a password.
	Provider string
	// ClientIP and UserAgent are those of the login.
	ClientIP, UserAgent string
}
