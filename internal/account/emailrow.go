package account

import (
	"time"

	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/store"
)

// EmailRow is what a row of emailAccounts shows beside what its account says.
type EmailRow struct {
	Address, Token string
	// Full: it is the row of a full account.
	Full bool
}

// AppendEmailRow appends the account, a full or a lite one, as the source emailAccounts of accounts.search shows it: the row
// of one of its addresses.
func AppendEmailRow(dst []byte, a *store.Account, r EmailRow, now time.Time) []byte {
	beside, _ := document.Member(a.More, "hasLiteAccount")
	w := writer{append(dst, '{')}
	w.text("UID", a.UID)
	w.text("channel", "email")
	w.stamp("created", "createdTimestamp", a.Created)
	w.raw("data", a.Data, emptyObject)
	w.text("email", r.Address)
	w.boolean("hasFullAccount", r.Full)
	w.boolean("hasLiteAccount", !r.Full || string(beside) == "true")
	w.stamp("lastUpdated", "lastUpdatedTimestamp", a.LastUpdated)
	w.name("profile")
	w.dst = (&View{Everything: true, Now: now}).appendProfile(w.dst, a.Profile)
	w.raw("subscriptions", a.Subscriptions, emptyObject)
	w.text("token", r.Token)
	return append(w.dst, '}')
}

// AppendCounters appends the account's counters to its row.
func AppendCounters(row []byte, a *store.Account) []byte {
	w := writer{row[:len(row)-1]}
	_, counters, _ := document.MemberFold(a.More, "counters")
	w.raw("counters", counters, "[]")
	return append(w.dst, '}')
}
