package accounts_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/account"
	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/store"
)

func TestARowOfALiteAddress(t *testing.T) {
	h := newHouse(t)
	h.exampleSite()
	answer := h.call(server, "accounts.search", "query", `SELECT * FROM emailAccounts WHERE email = 'LIA@example.com'`)
	wantCode(t, answer, "0")
	// The token is that of the place where the address comes from.
	h.wantRows(t, answer, "", `{"UID":"k-lia","channel":"email","created":"2021-01-01T00:00:00.000Z","createdTimestamp":1609459200000,`+
		`"data":{"tier":"paper"},"email":"lia@example.com","hasFullAccount":false,"hasLiteAccount":true,"lastUpdated":"2021-01-01T00:00:00.000Z",`+
		`"lastUpdatedTimestamp":1609459200000,"profile":{"firstName":"Lia","email":"Lia@example.com"},`+
		`"subscriptions":{"newsletter":{"email":{"isSubscribed":true}}},"token":"00ff"}`, "")
}

func TestACursorOverBothTypesReadsEveryRowOnce(t *testing.T) {
	h := newHouse(t)
	h.exampleSite()
	for query, want := range map[string]string{
		"SELECT UID FROM accounts LIMIT %d":                                   frank + ",k-lia,n-jo,u-dean,u-eve,u-jo,u-nemo",
		"SELECT UID FROM accounts ORDER BY createdTimestamp DESC LIMIT %d":    "u-nemo,u-jo,n-jo,k-lia,u-eve,u-dean," + frank,
		"SELECT UID FROM accounts ORDER BY profile.firstName, UID LIMIT %d":   "u-dean,u-eve," + frank + ",u-jo,k-lia,n-jo,u-nemo",
		"SELECT UID FROM accounts WHERE data.tier IS NULL LIMIT %d":           "n-jo,u-dean,u-jo,u-nemo",
		"SELECT UID FROM accounts WHERE hasFullAccount = true LIMIT %d":       "n-jo",
		"SELECT UID FROM emailAccounts WHERE hasFullAccount = false LIMIT %d": "k-lia",
	} {
		for limit := 1; limit < 8; limit++ {
			answer := h.call(server, "accounts.search", "query", fmt.Sprintf(query, limit), "openCursor", "true", "accountTypes", "full,lite")
			var got []string
			for len(got) < 10 {
				wantCode(t, answer, "0")
				got = append(got, uids(answer))
				next := field(answer, "nextCursorId")
				if next == "" {
					break
				}
				answer = h.call(server, "accounts.search", "cursorId", next)
			}
			if text := strings.Join(got, ","); text != want {
				t.Errorf("%s in pages of %d\n got %s\nwant %s", query, limit, text, want)
			}
		}
	}
}

// The rows of one type wait for those of the other: no more of them than a bound are held.
func TestBothTypesWithMoreBytesThanAreHeld(t *testing.T) {
	h := newHouse(t)
	const n = 25
	large := []byte(`{"x":"` + strings.Repeat("x", 500<<10) + `"}`)
	var want []string
	h.change(func(tx store.Tx) error {
		for i := range 2 * n {
			a := account.New(testKey, fmt.Sprintf("u%02d", i), clock.FromTime(testTime))
			// The second half of the full accounts comes after all lite ones.
			if i >= n/2 && i < n/2+n {
				a.Group = store.LiteGroup(testKey)
			}
			a.Data = large
			want = append(want, a.UID)
			if err := tx.PutAccount(a); err != nil {
				return err
			}
		}
		return nil
	})
	answer := h.call(server, "accounts.search", "query", "SELECT UID FROM accounts START 1 LIMIT 48", "accountTypes", "full,lite")
	if got := uids(answer); got != strings.Join(want[1:49], ",") || field(answer, "totalCount") != "50" {
		t.Errorf("%s of %s", got, field(answer, "totalCount"))
	}
}

func TestAClientSeesNothingInternalOfALiteAccount(t *testing.T) {
	h := newHouse(t)
	h.change(func(tx store.Tx) error {
		a := account.New(store.LiteGroup(testKey), "l", clock.FromTime(testTime))
		a.Internal = []byte(`{"note":"hidden"}`)
		return tx.PutAccount(a)
	})
	const query = "SELECT * FROM accounts"
	secret, _ := gigya.DecodeSecret(testSecret)
	later := strconv.FormatInt(testTime.Add(time.Minute).UnixMilli(), 10)
	answer := h.call(public, "accounts.search", "query", query, "querySig", gigya.SignQuery(secret, query, later), "expTime", later, "accountTypes", "full,lite")
	if wantCode(t, answer, "0"); uids(answer) != "l" || strings.Contains(answer, "hidden") {
		t.Errorf("a client gets\n%s", answer)
	}
}
