package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/doorward/doorward/internal/clock"
)

// Errors of copies from one store to another.
var (
	// ErrUnfinished: what is in the store is a copy that is not complete.
	ErrUnfinished = errors.New("a copy into this database is not complete: end it with `doorward copy … --finish`, or empty the database")
	// ErrNotEmpty: there is something in the store, and it is not an unfinished copy of the same source.
	ErrNotEmpty = errors.New("the destination is not empty")
	// ErrFinished: the store holds a copy of the same source that was declared complete.
	ErrFinished = errors.New("the copy is complete already")
	// ErrOvertaken: another copy into the store has begun, or was finished.
	ErrOvertaken = errors.New("another copy into the same destination has begun")
)

// RecordKind is a kind of [Record].
type RecordKind int

// The kinds of records, in the order in which [Mover.Dump] hands them over.
const (
	PartnerRecord RecordKind = iota + 1
	SiteRecord
	KeyRecord
	ConfigObjectRecord
	SigningKeyRecord
	DataTypeRecord
	AccountRecord
	IdentifierRecord
	SessionRecord
	DataObjectRecord
	MarkRecord
	AuditRecord
	AuditChainRecord
	VersionRecord
)

// RecordKinds are all kinds, in their order.
func RecordKinds() []RecordKind {
	kinds := make([]RecordKind, VersionRecord)
	for i := range kinds {
		kinds[i] = RecordKind(i + 1)
	}
	return kinds
}

// String is the kind's name, in the plural.
func (k RecordKind) String() string {
	if k < PartnerRecord || k > VersionRecord {
		return fmt.Sprintf("RecordKind(%d)", int(k))
	}
	return [...]string{"partners", "sites", "keys", "configuration objects", "signing keys", "data types", "accounts", "identifiers", "sessions",
		"data objects", "single-use marks", "audit records", "audit chains", "versions"}[k-1]
}

// Record is one of what a store holds, whole: a *[Partner], [Site], [Key], [ConfigObject], [SigningKey], [DataType], [Account], [Session] or
// [DataObject], or one of the types that follow. Revisions are as they are stored.
type Record interface {
	// Place is the kind and the key of the record.
	Place() Place
	// appendContent writes everything that the record holds, its key included, in a form that is equal for equal records alone.
	appendContent(c content) content
}

// OwnedIdentifier is an identifier and the account that holds it.
type OwnedIdentifier struct {
	Group string
	Identifier
	UID string
}

// Mark is a single-use mark.
type Mark struct {
	Space string
	Hash  Hash
	// Until is the end of its life.
	Until clock.Millis
}

// Moment is what the audit log of one site has of one millisecond, in the order of the log.
type Moment struct {
	APIKey string
	Time   clock.Millis
	Audits []*Audit
}

// Version is the version of the configuration.
type Version struct{ Value int64 }

// Place is where a record stands among all of a store: by its kind, then by its key. The zero Place is before all.
type Place struct {
	Kind RecordKind
	// Texts and Number are the key. What a kind does not need is empty.
	Texts  [4]string
	Number int64
}

// Compare orders places: by kind, by the bytes of the texts, by the number.
func (p Place) Compare(o Place) int {
	if c := cmp.Compare(p.Kind, o.Kind); c != 0 {
		return c
	}
	for i := range p.Texts {
		if c := cmp.Compare(p.Texts[i], o.Texts[i]); c != 0 {
			return c
		}
	}
	return cmp.Compare(p.Number, o.Number)
}

// Edit is one step of [Mover.Load]: Old goes, then New comes. Either may be nil.
type Edit struct{ Old, New Record }

// CopyState says what a store knows of a copy into it.
type CopyState struct {
	// Origin names the store that it was begun from; 0: there never was a copy.
	Origin int64
	// Run names the latest run of the copy; 0: it is complete.
	Run int64
	// Empty: there are no records but the version of the configuration.
	Empty bool
}

// Mover is a store as one end of a copy. Each driver's store is one, and is a [Store] too.
type Mover interface {
	// Dump calls each for every record behind the place, in the order of their places, as all were at one moment. An error of each ends
	// it and comes back unchanged. Records are fresh ones. Search indexes, nonces and what an engine keeps for itself are none.
	Dump(ctx context.Context, after Place, each func(Record) error) error
	// Counts tells how many records there are of each kind, and how many audit records (not moments).
	Counts(ctx context.Context) (map[RecordKind]int64, error)
	// Load makes the edits, in their order, in one transaction. An Old is a record as Dump gave it; no other record may be in the
	// place of a New. It fails with [ErrOvertaken], and changes nothing, if run is not the latest run of [CopyMark.BeginCopy].
	Load(ctx context.Context, run int64, edits []Edit) error
	// Fit changes the record, which is not stored, to what Dump would give of it if it were: texts that are only shown and that the
	// engine cannot keep get replacements. It tells whether it changed something.
	Fit(r Record) bool
	// Undisturbed runs fn and tells whether nobody has changed a record of the store meanwhile, as far as the engine can tell.
	Undisturbed(ctx context.Context, fn func() error) (bool, error)

	CopyMark
	Close() error
}

// CopyMark is what a store remembers of a copy into it. It is part of [Mover].
type CopyMark interface {
	// Origin returns a number that stays with the database, and that no two databases have but by chance.
	Origin(ctx context.Context) (int64, error)
	// CopyState reads what the store knows of a copy into it.
	CopyState(ctx context.Context) (CopyState, error)
	// BeginCopy begins or resumes a copy, under a number of the run that is not 0. From now on the store is [ErrUnfinished] to those who
	// open it as usual. It fails with ErrNotEmpty or ErrFinished where there is something else.
	BeginCopy(ctx context.Context, origin, run int64) error
	// FinishCopy declares the copy complete. It fails with ErrOvertaken if run is not the latest.
	FinishCopy(ctx context.Context, run int64) error
}

// Admit decides whether a copy from origin may begin in a store of this state.
func (s CopyState) Admit(origin int64) error {
	switch {
	case s.Run != 0 && s.Origin == origin:
		return nil
	case s.Run != 0:
		return fmt.Errorf("%w: it holds an unfinished copy of another source", ErrNotEmpty)
	case s.Origin == origin:
		return ErrFinished
	case !s.Empty:
		return ErrNotEmpty
	}
	return nil
}
