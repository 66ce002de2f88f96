package accounts_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/doorward/doorward/internal/account"
	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/store"
)

// The cases that SECURITY-TESTS.md numbers, as far as the accounts methods answer them. Each is a small house of its own:
// none can help another.
func TestAttack(t *testing.T) {
	t.Run("020_login_of_nobody_is_a_wrong_password", attackLoginOfNobody)
	t.Run("020_a_failure_costs_a_write_whoever_is_there", attackLoginWrites)
	t.Run("021_is_available_tells_clients_nothing_where_policy_hides_it", attackAvailability)
	t.Run("023_register_under_a_taken_address", attackTakenAddress)
	t.Run("023_a_protected_site_answers_alike_whatever_it_demands", attackHiddenAddress)
	t.Run("023_a_regtoken_behaves_alike_whether_the_address_was_free", attackConcealedToken)
	t.Run("023_an_account_under_somebodys_address_stays_outside", attackConcealedAccount)
	t.Run("027_one_counter_for_every_spelling_of_an_identifier", attackSpellings)
	t.Run("027_a_locked_account_is_hidden_where_policy_hides_accounts", attackHiddenLock)
	t.Run("027_parallel_guesses_do_not_pass_a_lock", attackParallelGuesses)
	t.Run("028_one_password_at_many_accounts", attackSpray)
	t.Run("029_nobody_is_kept_out_by_failing_on_purpose", attackLockedOutOnPurpose)
	t.Run("034_what_was_proven_is_checked_again_when_it_is_used", attackChangedMeanwhile)
	t.Run("033_a_flood_of_logins", attackLoginFlood)
	t.Run("034_regtokens_used_in_wrong_places", attackRegTokens)
	t.Run("034_a_regtoken_does_not_open_a_later_account_of_the_same_UID", attackRegTokenAfterDelete)
	t.Run("034_a_regtoken_beside_a_session_brings_no_id_token", attackRegTokenBesideSession)
	t.Run("039_nobody_verifies_themselves", attackSelfVerification)
	t.Run("041_sessions_end_with_logout_password_and_account", attackDeadSessions)
	t.Run("041_a_disabled_account", attackDisabledAccount)
	t.Run("042_a_planted_session_is_not_adopted", attackFixedSession)
	t.Run("043_id_tokens_are_for_oneself_and_of_what_may_be_read", attackIDTokens)
	t.Run("043_fields_of_an_id_token_are_bounded", attackManyFields)
	t.Run("044_old_tokens_verify_after_a_rotation", attackKeyRotation)
	t.Run("046_049_056_markup_in_every_format", attackMarkup)
	t.Run("050_a_query_is_text_and_values", attackQueries)
	t.Run("051_cursors_cannot_be_altered", attackCursors)
	t.Run("053_mass_assignment_through_documents", attackMassAssignment)
	t.Run("054_bodies_of_every_bad_kind", attackBodies)
	t.Run("054_answers_to_hostile_documents_are_small_and_quick", attackDocuments)
	t.Run("054_addresses_of_an_account_are_bounded", attackManyAddresses)
	t.Run("054_texts_that_grow_when_they_are_normalized", attackGrowingTexts)
	t.Run("053_the_UID_under_which_a_site_vouches_for_somebody", attackChosenUID)
	t.Run("054_unknown_parameters_make_no_large_answers", attackUnknownParameters)
	t.Run("059_paths_in_names", attackPaths)
	t.Run("061_lines_in_the_log", attackLogLines)
}

// pendingToken registers a second account, which stays pending, and returns its regToken.
func (h *house) pendingToken(email string) string {
	h.t.Helper()
	answer := h.call(public, "accounts.register", "regToken", h.regToken(), "email", email, "password", testPass)
	if code(answer) != "206001" {
		h.t.Fatalf("not pending:\n%s", answer)
	}
	return field(answer, "regToken")
}

func attackLoginOfNobody(t *testing.T) {
	h := newHouse(t)
	h.zoe()
	known := h.call(public, "accounts.login", "loginID", "zoe@example.com", "password", "wrong")
	for _, loginID := range []string{"nobody@example.com", "nobody", "", " ", "' OR 1=1 --", "\x00", strings.Repeat("x", 1024)} {
		if strings.TrimSpace(loginID) == "" {
			continue
		}
		if got := h.call(public, "accounts.login", "loginID", loginID, "password", "wrong"); got != known {
			t.Errorf("login of %.20q:\n%s\nwant\n%s", loginID, got, known)
		}
	}
	// A password longer than any that can be set, too.
	long := strings.Repeat("x", 1024)
	if a, b := h.call(public, "accounts.login", "loginID", "zoe@example.com", "password", long),
		h.call(public, "accounts.login", "loginID", "nobody@example.com", "password", long); a != b {
		t.Errorf("a long password:\n%s\n%s", a, b)
	}
}

func attackLoginWrites(t *testing.T) {
	h := newHouse(t)
	h.configure(`{"security":{"accountLockout":{"failedLoginThreshold":50,"lockoutTimeSec":300}}}`, "")
	h.zoe()
	writes := func(loginID string) int {
		counting := &countingStore{Store: h.store}
		deps := h.deps
		deps.Store = counting
		h.Methods = tableOf(deps)
		wantCode(t, h.call(public, "accounts.login", "loginID", loginID, "password", "wrong"), "403042")
		return counting.changes
	}
	if known, nobody := writes("zoe@example.com"), writes("nobody@example.com"); known != nobody {
		t.Errorf("a wrong password makes %d commits, a login of nobody %d", known, nobody)
	}
}

func attackAvailability(t *testing.T) {
	h := newHouse(t)
	h.configure(`{"accountOptions":{"verifyEmail":true,"preventLoginIDHarvesting":true}}`, "")
	h.call(server, "accounts.register", "email", "zoe@example.com", "password", testPass)
	taken := h.call(public, "accounts.isAvailableLoginID", "loginID", "zoe@example.com")
	free := h.call(public, "accounts.isAvailableLoginID", "loginID", "free@example.com")
	wantCode(t, taken, "403026")
	if taken != free {
		t.Errorf("the answers differ:\n%s\n%s", taken, free)
	}
}

func attackTakenAddress(t *testing.T) {
	h := newHouse(t)
	h.zoe()
	got := h.call(public, "accounts.register", "regToken", h.regToken(), "email", "ZOE@Example.com", "password", testPass)
	wantCode(t, got, "400009")
	if !strings.Contains(got, `"errorCode": 400003`) {
		t.Errorf("no item 400003:\n%s", got)
	}
}

func attackHiddenAddress(t *testing.T) {
	const hiding = `"preventLoginIDHarvesting":true,"verifyEmail":true`
	for name, test := range map[string]struct {
		policies, schema string
		params           []string
		code             string
	}{
		"a link":        {`{"accountOptions":{` + hiding + `}}`, "", []string{"finalizeRegistration", "true"}, "206002"},
		"a code":        {`{"accountOptions":{` + hiding + `,"useCodeVerification":true}}`, "", []string{"finalizeRegistration", "true"}, "206006"},
		"not finalized": {`{"accountOptions":{` + hiding + `}}`, "", nil, "206001"},
		"a field is missing": {`{"accountOptions":{` + hiding + `}}`, `{"profileSchema":{"fields":{"lastName":{"required":true}}}}`,
			[]string{"finalizeRegistration", "true", "include", "missing-required-fields,emails,loginIDs,data"}, "206001"},
		"a mobile client": {`{"accountOptions":{` + hiding + `}}`, "", []string{"finalizeRegistration", "true", "targetEnv", "mobile", "lang", "de"}, "206002"},
	} {
		h := newHouse(t)
		h.configure(test.policies, test.schema)
		register := func() string {
			params := append([]string{"regToken", h.regToken(), "email", "zoe@example.com", "password", testPass}, test.params...)
			answer := h.call(public, "accounts.register", params...)
			wantCode(t, answer, test.code)
			return strings.NewReplacer(field(answer, "UID"), "UID", field(answer, "UIDSignature"), "SIGNATURE", field(answer, "regToken"), "TOKEN").Replace(answer)
		}
		if fresh, taken := register(), register(); fresh != taken {
			t.Errorf("%s: the answers differ:\n%s\n%s", name, fresh, taken)
		}
	}
}

func attackSpellings(t *testing.T) {
	h := newHouse(t)
	h.configure(`{"accountOptions":{"loginIdentifiers":"email,username"},"security":{"accountLockout":{"failedLoginThreshold":4,"lockoutTimeSec":300}}}`, "")
	wantCode(t, h.call(server, "accounts.register", "email", "zoë@example.com", "username", "Zoe", "password", testPass,
		"siteUID", testUID, "finalizeRegistration", "true"), "0")
	for i, loginID := range []string{"zoë@example.com", "ZOË@EXAMPLE.COM", "zoe\u0308@example.com", " zOE "} {
		wantCode(t, h.call(public, "accounts.login", "loginID", loginID, "password", "wrong"), "403042")
		if got := h.account(testUID).Secrets; i < 3 && got.FailedLogins != i+1 {
			t.Errorf("%q: %d failures, want %d", loginID, got.FailedLogins, i+1)
		}
	}
	wantCode(t, h.call(public, "accounts.login", "loginID", "Zoe", "password", testPass), "403120")
}

func attackHiddenLock(t *testing.T) {
	h := newHouse(t)
	h.configure(`{"accountOptions":{"verifyEmail":true,"preventLoginIDHarvesting":true},"security":{"accountLockout":{"failedLoginThreshold":2,"lockoutTimeSec":300}}}`, "")
	h.call(server, "accounts.register", "email", "zoe@example.com", "password", testPass)
	for range 5 {
		known := h.call(public, "accounts.login", "loginID", "zoe@example.com", "password", "wrong")
		nobody := h.call(public, "accounts.login", "loginID", "nobody@example.com", "password", "wrong")
		if known != nobody {
			t.Fatalf("the answers differ:\n%s\n%s", known, nobody)
		}
	}
	// Nor does the right password help while the lock lasts: it would tell a guesser of its luck.
	wantCode(t, h.call(public, "accounts.login", "loginID", "zoe@example.com", "password", testPass), "403042")
	wantCode(t, h.call(server, "accounts.login", "loginID", "zoe@example.com", "password", testPass), "403120")
	h.clock.Advance(301 * time.Second)
	wantCode(t, h.call(public, "accounts.login", "loginID", "zoe@example.com", "password", testPass), "206001")
}

func attackParallelGuesses(t *testing.T) {
	h := newHouse(t)
	h.configure(`{"security":{"accountLockout":{"failedLoginThreshold":3,"lockoutTimeSec":300}}}`, "")
	session := h.zoe()
	lock := func(a *store.Account) { a.Secrets.LockedUntil = clock.FromTime(testTime.Add(time.Hour)) }
	h.meanwhile(lock)
	wantCode(t, h.call(user(session), "accounts.setAccountInfo", "password", testPass, "newPassword", "battery staple"), "403120")
	h.meanwhile(func(a *store.Account) { account.Unlock(&a.Secrets) })
	wantCode(t, h.call(user(session), "accounts.setAccountInfo", "profile", `{"zip":"1"}`), "0")
	h.meanwhile(lock)
	wantCode(t, h.call(public, "accounts.login", "loginID", "zoe@example.com", "password", testPass), "403120")
}

// attackChangedMeanwhile proves a password, or shows a token, that is no longer worth anything when the call writes.
func attackChangedMeanwhile(t *testing.T) {
	h := newHouse(t)
	h.zoe()
	changed := func(a *store.Account) {
		account.SetPassword(&a.Secrets, "$argon2id$other", 0, clock.FromTime(testTime))
	}
	h.meanwhile(changed)
	wantCode(t, h.call(public, "accounts.login", "loginID", "zoe@example.com", "password", testPass), "403042")
	for _, params := range [][]string{{"newPassword", "battery staple"}, {"secretQuestion", "q", "secretAnswer", "a"}} {
		h := newHouse(t)
		session := h.zoe()
		h.meanwhile(changed)
		wantCode(t, h.call(user(session), "accounts.setAccountInfo", append(params, "password", testPass)...), "403042")
	}
	h = newHouse(t)
	token := field(h.call(public, "accounts.register", "regToken", h.regToken(), "email", "p@example.com", "password", testPass, "siteUID", testUID), "regToken")
	h.meanwhile(func(a *store.Account) { a.Secrets.TokenEpoch++ })
	wantCode(t, h.call(public, "accounts.setAccountInfo", "regToken", token, "profile", `{"firstName":"x"}`), "400006")
}

func attackRegTokens(t *testing.T) {
	h := newHouse(t)
	h.zoe()
	pending := h.pendingToken("p@example.com")
	initial := h.regToken()
	for name, params := range map[string][]string{
		"a token of initRegistration reads":     {"accounts.getAccountInfo", "regToken", initial},
		"a token of initRegistration writes":    {"accounts.setAccountInfo", "regToken", initial, "profile", `{"firstName":"x"}`},
		"a token of initRegistration finalizes": {"accounts.finalizeRegistration", "regToken", initial},
		"a token of an account registers":       {"accounts.register", "regToken", pending, "email", "q@example.com", "password", testPass},
		"a session's token is none":             {"accounts.finalizeRegistration", "regToken", "st2.s.x.y.sc3"},
		"a token cut short":                     {"accounts.finalizeRegistration", "regToken", pending[:len(pending)-6]},
		"a token with more behind it":           {"accounts.finalizeRegistration", "regToken", pending + "x"},
		"a token in another letter case":        {"accounts.finalizeRegistration", "regToken", strings.ToUpper(pending)},
		"a token with a flipped letter":         {"accounts.finalizeRegistration", "regToken", flip(pending, 20)},
		"a token that is nothing but its frame": {"accounts.finalizeRegistration", "regToken", "st2.r..sc3"},
		"a token of nothing":                    {"accounts.finalizeRegistration", "regToken", " "},
	} {
		if got := h.call(public, params[0], params[1:]...); code(got) != "400006" {
			t.Errorf("%s:\n%s", name, got)
		}
	}
	// The token speaks for its own account, whatever UID stands beside it.
	got := h.call(public, "accounts.getAccountInfo", "regToken", pending, "UID", testUID)
	if field(got, "UID") == testUID {
		t.Errorf("a regToken reads another account:\n%s", got)
	}
	// On another site it is nothing, be that of the same user base or not.
	for _, group := range []string{otherKey, testKey} {
		h.otherSite(group)
		if got, err := h.tryAt(otherKey, public, "accounts.getAccountInfo", "regToken", pending); err != nil || code(got) != "400006" {
			t.Errorf("on another site: %v\n%s", err, got)
		}
		if got, err := h.tryAt(otherKey, public, "accounts.register", "regToken", initial, "email", "q@example.com", "password", testPass); err != nil || code(got) != "400006" {
			t.Errorf("on another site: %v\n%s", err, got)
		}
	}
}

// otherKey is a second site of the same partner.
const otherKey = "3_OtherApiKey-0123456789_abcdefghijklmnopqrstuvwxyzABCDEFGH"

// otherSite puts the second site into the group: its own, or the first site's.
func (h *house) otherSite(group string) {
	h.change(func(tx store.Tx) error {
		other, err := tx.Site(testKey)
		if err != nil {
			return err
		}
		other.APIKey, other.Group, other.SiteID = otherKey, group, 2
		return tx.PutSite(other)
	})
}

// meanwhile makes the house change the account right before the next commit of a call.
func (h *house) meanwhile(change func(a *store.Account)) {
	h.t.Helper()
	deps := h.deps
	deps.Store = &interposedStore{Store: h.store, before: func() { h.meanwhileChange(change) }}
	h.Methods = tableOf(deps)
}

// flip changes one character of a text for another letter.
func flip(text string, at int) string {
	b := []byte(text)
	if b[at]++; b[at] > 'z' || b[at-1] == '.' {
		b[at] = 'A'
	}
	return string(b)
}

func attackRegTokenAfterDelete(t *testing.T) {
	h := newHouse(t)
	answer := h.call(public, "accounts.register", "regToken", h.regToken(), "email", "p@example.com", "password", testPass, "siteUID", "customer-7")
	old := field(answer, "regToken")
	wantCode(t, h.call(server, "accounts.deleteAccount", "UID", "customer-7"), "0")
	h.clock.Advance(time.Second)
	wantCode(t, h.call(server, "accounts.register", "email", "other@example.com", "password", testPass, "siteUID", "customer-7"), "206001")
	wantCode(t, h.call(public, "accounts.getAccountInfo", "regToken", old), "400006")
	wantCode(t, h.call(public, "accounts.finalizeRegistration", "regToken", old), "400006")
}

func attackRegTokenBesideSession(t *testing.T) {
	h := keyed(t)
	session := h.zoe()
	pending := h.pendingToken("p@example.com")
	got := h.call(user(session), "accounts.getAccountInfo", "regToken", pending, "include", "profile,id_token")
	wantCode(t, got, "0")
	if token := field(got, "id_token"); token != "" {
		t.Errorf("an account that is not logged in got an id_token: %s", h.claimsOf(token))
	}
	// A session gets one for itself, a server that asks about somebody none: nobody is logged in there.
	if field(h.call(user(session), "accounts.getAccountInfo", "include", "id_token"), "id_token") == "" {
		t.Error("a session got no id_token")
	}
	for _, method := range []string{"accounts.getAccountInfo", "accounts.verifyLogin"} {
		if field(h.call(server, method, "UID", testUID, "include", "id_token"), "id_token") != "" {
			t.Errorf("%s gave a server an id_token that says isLoggedIn", method)
		}
	}
	if field(h.call(user(session), "accounts.verifyLogin", "include", "id_token"), "id_token") == "" {
		t.Error("verifyLogin gave a session no id_token")
	}
}

func attackSelfVerification(t *testing.T) {
	h := newHouse(t)
	session := h.zoe()
	for _, params := range [][]string{
		{"isVerified", "true"}, {"verified", "true"}, {"emails", `{"verified":["zoe@example.com"]}`},
		{"emails.verified", `["zoe@example.com"]`}, {"verifiedTimestamp", "1"}, {"isLockedOut", "false"}, {"securityOverride", "true"},
	} {
		got := h.call(user(session), "accounts.setAccountInfo", params...)
		wantCode(t, got, "0")
		if !strings.Contains(got, `"paramName": "`+params[0]+`"`) {
			t.Errorf("%s is not named:\n%s", params[0], got)
		}
	}
	wantCode(t, h.call(user(session), "accounts.setAccountInfo", "isActive", "true"), "403007")
	for _, profile := range []string{`{"isVerified":true}`, `{"verified":"zoe@example.com"}`, `{"emails.verified":["x@example.com"]}`} {
		h.call(user(session), "accounts.setAccountInfo", "profile", profile)
	}
	a := h.account(testUID)
	if a.Verified != 0 || len(account.ParseEmails(a.Emails).Verified) > 0 {
		t.Errorf("verified %d, emails %s", a.Verified, a.Emails)
	}
	wantCode(t, h.call(server, "accounts.setAccountInfo", "UID", testUID, "isVerified", "true"), "0")
	if h.account(testUID).Verified == 0 {
		t.Error("a server's isVerified has no effect")
	}
}

func attackDeadSessions(t *testing.T) {
	login := func(h *house) string {
		return field(h.call(public, "accounts.login", "loginID", "zoe@example.com", "password", testPass), "sessionInfo", "cookieValue")
	}
	for name, end := range map[string]func(h *house){
		"logout by a server": func(h *house) { h.call(server, "accounts.logout", "UID", testUID) },
		"a new password": func(h *house) {
			h.call(server, "accounts.setAccountInfo", "UID", testUID, "newPassword", "battery staple", "securityOverride", "true")
		},
		"the account's deletion": func(h *house) { h.call(server, "accounts.deleteAccount", "UID", testUID) },
	} {
		h := newHouse(t)
		h.zoe()
		session := login(h)
		wantCode(t, h.call(user(session), "accounts.session.verify"), "0")
		end(h)
		if _, err := h.deps.Sessions.Find(context.Background(), testKey, session); err == nil {
			t.Errorf("%s: the session lives on", name)
		}
	}
	h := newHouse(t)
	own, other := h.zoe(), login(h)
	if own == other {
		t.Error("two logins share a token")
	}
	h.call(user(own), "accounts.logout")
	if _, err := h.deps.Sessions.Find(context.Background(), testKey, own); err == nil {
		t.Error("a session outlives its logout")
	}
	wantCode(t, h.call(user(other), "accounts.session.verify"), "0")
}

func attackIDTokens(t *testing.T) {
	h := keyed(t)
	session := h.zoe()
	wantCode(t, h.call(user(session), "accounts.getJWT", "UID", "somebody"), "403005")
	got := h.call(user(session), "accounts.getJWT", "targetUID", "somebody")
	if claims := h.claimsOf(field(got, "id_token")); !strings.Contains(claims, `"sub":"`+testUID+`"`) {
		t.Errorf("claims %s", claims)
	}
	for _, expiration := range []string{"-1", "0", "31536001", "9223372036854775807", "9223372036854775808", "-9223372036854775809", "1e9"} {
		got := h.call(user(session), "accounts.getJWT", "expiration", expiration)
		if code(got) != "400006" && code(got) != "400004" || field(got, "id_token") != "" {
			t.Errorf("expiration %s:\n%s", expiration, got)
		}
	}
	h.call(server, "accounts.setAccountInfo", "UID", testUID, "internal", `{"score":"s3cr3t"}`)
	fields := "internal,internal.score,password,password.hash,secrets,PasswordHash,sub,iss,exp,aud,isLoggedIn,Internal.score,profile.sub,loginIDs,identities"
	claims := h.claimsOf(field(h.call(user(session), "accounts.getJWT", "fields", fields), "id_token"))
	if strings.Contains(claims, "s3cr3t") || strings.Contains(claims, "argon2") || strings.Count(claims, `"sub"`) != 1 || strings.Contains(claims, "isLoggedIn") {
		t.Errorf("claims %s", claims)
	}
}

func attackManyFields(t *testing.T) {
	h := keyed(t)
	session := h.zoe()
	var fields []string
	for i := range 2000 {
		fields = append(fields, fmt.Sprintf("d%d", i))
	}
	wantCode(t, h.call(user(session), "accounts.getJWT", "fields", strings.Join(fields, ",")), "400006")
	wantCode(t, h.call(user(session), "accounts.getJWT", "fields", strings.Join(fields[:100], ",")), "0")
}
