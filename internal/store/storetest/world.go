package storetest

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/store"
)

// Live does to the store what an installation that is used does to it: n changes, drawn from rng, of records of every kind, which
// come, change, change hands and go. The same few names are used again and again.
func Live(t testing.TB, s store.Store, rng *rand.Rand, n int) {
	t.Helper()
	for range n {
		what := lives[rng.IntN(len(lives))]
		err := s.Change(t.Context(), func(tx store.Tx) error { return what(tx, rng) })
		var taken *store.TakenError
		if err != nil && !errors.As(err, &taken) && !errors.Is(err, store.ErrNotUnique) && !errors.Is(err, store.ErrUsed) && !errors.Is(err, store.ErrNotFound) {
			t.Fatal(err)
		}
	}
}

// lives are the changes that Live makes. They draw anew when a driver runs them again.
var lives = []func(tx store.Tx, rng *rand.Rand) error{
	liveAccount, liveAccount, liveLeave, liveIdentifier, liveIdentifier, liveSession, liveSession, liveObject, liveObject, liveType,
	liveMark, liveAudit, liveAudit, liveSite, liveKey, liveConfigObject, liveConfigObject, liveSigningKey, livePartner,
}

func liveGroup(rng *rand.Rand) string {
	return [...]string{group, group + "/lite", "4_another"}[rng.IntN(3)]
}

func liveUID(rng *rand.Rand) string { return uid(rng.IntN(40)) }

func liveDoc(rng *rand.Rand) json.RawMessage {
	return json.RawMessage(fmt.Sprintf(`{"n":%d,"x":"ö \"\u0000"}`, rng.IntN(1000)))
}

func liveTime(rng *rand.Rand) clock.Millis { return now + clock.Millis(rng.IntN(1000)) }

func liveAccount(tx store.Tx, rng *rand.Rand) error {
	key := [2]string{liveGroup(rng), liveUID(rng)}
	a, err := tx.Account(key[0], key[1])
	if errors.Is(err, store.ErrNotFound) {
		a, err = full(key[1]), nil
		if rng.IntN(2) == 0 {
			a = bare(key[1])
		}
		a.Group = key[0]
	}
	if err != nil {
		return err
	}
	a.Profile, a.LastUpdated = liveDoc(rng), liveTime(rng)
	return tx.PutAccount(a)
}

func liveLeave(tx store.Tx, rng *rand.Rand) error {
	return tx.DeleteAccount(liveGroup(rng), liveUID(rng))
}

func liveIdentifier(tx store.Tx, rng *rand.Rand) error {
	g, id, who := liveGroup(rng), email(fmt.Sprintf("m%d@example.com", rng.IntN(30))), liveUID(rng)
	if owner, err := tx.Owner(g, id); err == nil && rng.IntN(2) == 0 {
		if err := tx.ReleaseIdentifier(g, id, owner); err != nil {
			return err
		}
	}
	return tx.ClaimIdentifier(g, id, who)
}

func liveSession(tx store.Tx, rng *rand.Rand) error {
	g, who, h := liveGroup(rng), liveUID(rng), hash(rng.IntN(30))
	if rng.IntN(3) == 0 {
		return tx.DeleteSession(g, who, h)
	}
	return tx.PutSession(&store.Session{
		Group: g, UID: who, Hash: h, Site: g, Mobile: rng.IntN(2) == 0, Created: now, Expires: liveTime(rng), Dynamic: rng.IntN(2) == 0,
		Provider: "site", ClientIP: "192.0.2.1", UserAgent: "agent/1",
	})
}

func liveObject(tx store.Tx, rng *rand.Rand) error {
	o := object(fmt.Sprint("o", rng.IntN(20)), []string{"", liveUID(rng)}[rng.IntN(2)], `{}`)
	o.Group, o.Type = liveGroup(rng), fmt.Sprint("t", rng.IntN(2))
	before, err := tx.DataObject(o.Group, o.Type, o.Key())
	switch {
	case err == nil && rng.IntN(3) == 0:
		return tx.DeleteDataObject(o.Group, o.Type, o.Key())
	case err == nil:
		o = before
	case !errors.Is(err, store.ErrNotFound):
		return err
	}
	o.Data, o.Unique = liveDoc(rng), nil
	for range rng.IntN(3) {
		o.Unique = append(o.Unique, hash(100*len(o.Unique)+rng.IntN(10)))
	}
	return tx.PutDataObject(o)
}

func liveType(tx store.Tx, rng *rand.Rand) error {
	d := &store.DataType{Group: liveGroup(rng), Name: fmt.Sprint("t", rng.IntN(2)), Created: now}
	if before, err := tx.DataType(d.Group, d.Name); err == nil {
		d = before
	}
	d.Schema = liveDoc(rng)
	return tx.PutDataType(d)
}

func liveMark(tx store.Tx, rng *rand.Rand) error {
	return tx.UseOnce("space", hash(rng.IntN(50)), liveTime(rng), liveTime(rng))
}

// liveAudit appends a few records, most often to moments that have some already.
func liveAudit(tx store.Tx, rng *rand.Rand) error {
	for range 1 + rng.IntN(3) {
		err := tx.AppendAudit(&store.Audit{
			Time: now + clock.Millis(rng.IntN(8)), CallID: fmt.Sprint(rng.IntN(3)), APIKey: []string{"", "4_a", "4_b"}[rng.IntN(3)],
			Method: "accounts.login", ErrorCode: 403007, UserKey: "k", UID: liveUID(rng), Record: liveDoc(rng),
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func livePartner(tx store.Tx, rng *rand.Rand) error {
	return tx.PutPartner(&store.Partner{ID: int64(rng.IntN(5)) - 1, Name: "Partner", Secret: store.Sealed{0, 1, byte(rng.IntN(9))}, Created: now,
		Previous: store.Sealed{byte(rng.IntN(9)), 2}, PreviousUntil: liveTime(rng), Config: liveDoc(rng)})
}

func liveSite(tx store.Tx, rng *rand.Rand) error {
	return tx.PutSite(&store.Site{
		APIKey: fmt.Sprint("4_", rng.IntN(4)), SiteID: 7, Partner: 1, Group: group, BaseDomain: "shop.example.com", Description: "Shop",
		DataCenter: "eu1", TrustedSiteURLs: []string{"*.example.com", fmt.Sprint(rng.IntN(9))}, Status: store.SiteActive, Created: now,
		Settings: liveDoc(rng), Schema: liveDoc(rng), Config: liveDoc(rng), Deleted: liveTime(rng),
	})
}

func liveKey(tx store.Tx, rng *rand.Rand) error {
	return tx.PutKey(&store.Key{
		UserKey: fmt.Sprint("k", rng.IntN(4)), Partner: 1, Kind: store.KindApplication, Name: "Key", Secret: store.Sealed{9}, PublicKey: []byte{8},
		Privileges: []string{"_allApis"}, Sites: []string{"4_0"}, Disabled: rng.IntN(2) == 0, Created: now, Revoked: liveTime(rng),
		Previous: store.Sealed{8, byte(rng.IntN(9))}, PreviousUntil: liveTime(rng), Config: liveDoc(rng),
	})
}

func liveConfigObject(tx store.Tx, rng *rand.Rand) error {
	o := &store.ConfigObject{
		Owner: []string{store.OwnerOfPartner(1), "4_0"}[rng.IntN(2)], Kind: fmt.Sprint("kind", rng.IntN(2)), Name: []string{"", "a", "ö"}[rng.IntN(3)],
		Document: liveDoc(rng), Created: now, Updated: liveTime(rng),
	}
	switch rng.IntN(4) {
	case 0:
		return tx.DeleteConfigObject(o.Owner, o.Kind, o.Name)
	case 1:
		o.Secrets = store.Sealed{0, byte(rng.IntN(9))}
	}
	return tx.PutConfigObject(o)
}

func liveSigningKey(tx store.Tx, rng *rand.Rand) error {
	k := &store.SigningKey{ID: fmt.Sprint("kid", rng.IntN(4)), Private: store.Sealed{1}, Public: []byte{2}, Created: now, Activates: liveTime(rng)}
	if rng.IntN(4) == 0 {
		return tx.DeleteSigningKey(k.ID)
	}
	return tx.PutSigningKey(k)
}
