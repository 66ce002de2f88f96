package sqlite

import (
	"encoding/binary"
	"encoding/json"

	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/store"
)

// The form of an account in the cache: flags, numbers, the lengths of its texts and documents, then the texts, then the
// documents. It is written and read by one process.
const (
	flagActive = 1 << iota
	flagRegSource
	flagMustChange
)

// cachedTimes are the numbers of an account.
func cachedTimes(a *store.Account) [11]*clock.Millis {
	s := &a.Secrets
	return [...]*clock.Millis{
		(*clock.Millis)(&a.Rev), &a.Created, &a.Registered, &a.Verified, &a.LastLogin, &a.LastUpdated, &a.OldestDataUpdated,
		&s.PasswordCreated, &s.LastFailedLogin, &s.LockedUntil, (*clock.Millis)(&s.TokenEpoch),
	}
}

func cachedTexts(a *store.Account) [6]*string {
	s := &a.Secrets
	return [...]*string{&a.LoginProvider, &a.SocialProviders, &a.RegSource, &s.PasswordHash, &s.SecretQuestion, &s.SecretAnswerHash}
}

func cachedDocuments(a *store.Account) [10]*json.RawMessage {
	return [...]*json.RawMessage{&a.Profile, &a.Data, &a.Preferences, &a.Subscriptions, &a.Internal, &a.CustomIdentifiers,
		&a.Emails, &a.LoginIDs, &a.Identities, &a.More}
}

// encodeAccount appends the account without its key, as the database would give it back.
func encodeAccount(dst []byte, a *store.Account) []byte {
	if !a.HasRegSource && a.RegSource != "" {
		without := *a
		without.RegSource = ""
		a = &without
	}
	var flags byte
	for i, set := range [...]bool{a.IsActive, a.HasRegSource, a.Secrets.MustChangePassword} {
		if set {
			flags |= 1 << i
		}
	}
	dst = append(dst, flags)
	for _, n := range cachedTimes(a) {
		dst = binary.AppendVarint(dst, int64(*n))
	}
	dst = binary.AppendVarint(dst, int64(a.Secrets.FailedLogins))
	history := a.Secrets.PasswordHistory
	dst = binary.AppendUvarint(dst, uint64(len(history)))
	for _, text := range history {
		dst = binary.AppendUvarint(dst, uint64(len(text)))
	}
	for _, text := range cachedTexts(a) {
		dst = binary.AppendUvarint(dst, uint64(len(*text)))
	}
	for _, doc := range cachedDocuments(a) {
		dst = binary.AppendUvarint(dst, uint64(len(*doc)))
	}
	for _, text := range history {
		dst = append(dst, text...)
	}
	for _, text := range cachedTexts(a) {
		dst = append(dst, *text...)
	}
	for _, doc := range cachedDocuments(a) {
		dst = append(dst, *doc...)
	}
	return dst
}

// decodeAccount reads what encodeAccount wrote. The account shares nothing with the bytes.
func decodeAccount(entry []byte) *store.Account {
	a := &store.Account{}
	r := cachedReader{rest: entry[1:]}
	a.IsActive, a.HasRegSource, a.Secrets.MustChangePassword =
		entry[0]&flagActive != 0, entry[0]&flagRegSource != 0, entry[0]&flagMustChange != 0
	for _, n := range cachedTimes(a) {
		*n = clock.Millis(r.int())
	}
	a.Secrets.FailedLogins = int(r.int())
	if n := r.length(); n > 0 {
		a.Secrets.PasswordHistory = make([]string, n)
	}
	var buffer [32]int
	lengths := buffer[:0]
	for range len(a.Secrets.PasswordHistory) + len(cachedTexts(a)) + len(cachedDocuments(a)) {
		lengths = append(lengths, r.length())
	}
	// One allocation for all texts, one for all documents.
	total := 0
	for _, n := range lengths[:len(lengths)-len(cachedDocuments(a))] {
		total += n
	}
	texts, documents := string(r.rest[:total]), append([]byte(nil), r.rest[total:]...)
	text := func() string {
		n := lengths[0]
		part := texts[:n]
		texts, lengths = texts[n:], lengths[1:]
		return part
	}
	for i := range a.Secrets.PasswordHistory {
		a.Secrets.PasswordHistory[i] = text()
	}
	for _, into := range cachedTexts(a) {
		*into = text()
	}
	for i, into := range cachedDocuments(a) {
		if n := lengths[i]; n > 0 {
			*into, documents = documents[:n:n], documents[n:]
		}
	}
	return a
}

// cachedReader reads numbers, one after the other.
type cachedReader struct{ rest []byte }

func (r *cachedReader) int() int64 {
	n, size := binary.Varint(r.rest)
	r.rest = r.rest[size:]
	return n
}

func (r *cachedReader) length() int {
	n, size := binary.Uvarint(r.rest)
	r.rest = r.rest[size:]
	return int(n)
}
