package account

import (
	"time"

	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/store"
)

// AppendEmailRow appends the account as the source emailAccounts of accounts.search shows it: the row of one of its addresses.
func AppendEmailRow(dst []byte, a *store.Account, email, token string, now time.Time) []byte {
	w := writer{append(dst, '{')}
	w.text("UID", a.UID)
	w.text("channel", "email")
	w.stamp("created", "createdTimestamp", a.Created)
	w.raw("data", a.Data, emptyObject)
	w.text("email", email)
	w.boolean("hasFullAccount", true)
	w.boolean("hasLiteAccount", false)
	w.stamp("lastUpdated", "lastUpdatedTimestamp", a.LastUpdated)
	w.name("profile")
	w.dst = (&View{Everything: true, Now: now}).appendProfile(w.dst, a.Profile)
	w.raw("subscriptions", a.Subscriptions, emptyObject)
	w.text("token", token)
	return append(w.dst, '}')
}

// AppendCounters appends the account's counters to its row.
func AppendCounters(row []byte, a *store.Account) []byte {
	w := writer{row[:len(row)-1]}
	_, counters, _ := document.MemberFold(a.More, "counters")
	w.raw("counters", counters, "[]")
	return append(w.dst, '}')
}
