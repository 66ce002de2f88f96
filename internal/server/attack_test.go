package server_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/doorward/doorward/doorwardtest"
	"github.com/doorward/doorward/internal/audit"
	"github.com/doorward/doorward/internal/store"
)

// The cases that SECURITY-TESTS.md numbers, as far as they need the whole server.
func TestAttack(t *testing.T) {
	t.Run("014_what_a_key_reads_opens_no_session", attackReadersLogIn)
	t.Run("088_every_method_asks_for_its_right_and_whose_site_and_partner_it_is", attackEveryMethod)
	t.Run("088_every_call_about_what_another_site_has", attackMatrix)
	t.Run("093_nobody_deletes_records_by_a_call", attackAuditIsKept)
	t.Run("102_a_deleted_account_leaves_pseudonyms_where_that_is_asked_for", attackAuditPersonal)
	t.Run("090_nothing_is_reached_through_the_proxy_of_dev", attackForward)
	t.Run("097_requests_whose_end_is_seen_in_two_places", attackFraming)
	t.Run("101_whoever_asks_for_a_token_is_in_the_audit_log", attackTokenAudit)
	t.Run("101_a_call_without_the_right_is_in_the_audit_log", attackRefusalAudit)
}

// lastAudit returns the newest record of the site's log, of the partner's when apiKey is empty. Records of refusals are
// written in batches: it waits for one.
func lastAudit(t *testing.T, d *doorwardtest.Server, apiKey string) map[string]any {
	t.Helper()
	if apiKey == "" {
		apiKey = store.OwnerOfPartner(d.Partner)
	}
	var record map[string]any
	for range 200 {
		err := d.Store().Audits(t.Context(), store.AuditQuery{Log: apiKey, Newest: true, Limit: 1}, func(a *store.Audit, _ string) error { return json.Unmarshal(a.Record, &record) })
		if err != nil {
			t.Fatal(err)
		}
		if record != nil {
			break
		}
		time.Sleep(audit.FlushInterval / 4)
	}
	return record
}

func attackTokenAudit(t *testing.T) {
	for name, c := range map[string]struct {
		params  func(d *doorwardtest.Server) []string
		noSite  bool
		code    string
		userKey bool
		auth    string
		uid     string
	}{
		"the partner": {params: func(d *doorwardtest.Server) []string {
			return []string{"grant_type", "none", "client_id", d.APIKey, "client_secret", d.Secret}
		}, code: "0", auth: "bearer"},
		"a key": {params: func(d *doorwardtest.Server) []string {
			return []string{"grant_type", "none", "client_id", d.APIKey, "userKey", d.UserKey, "secret", d.UserSecret}
		}, code: "0", userKey: true, auth: "bearer"},
		"a key for a user": {params: func(d *doorwardtest.Server) []string {
			return []string{"grant_type", "client_credentials", "client_id", d.APIKey, "userKey", d.UserKey, "secret", d.UserSecret, "x_siteUID", "zoe"}
		}, code: "0", userKey: true, auth: "bearer", uid: "zoe"},
		"a key that names no site": {params: func(d *doorwardtest.Server) []string {
			d.AddSite(nil)
			return []string{"grant_type", "none", "client_id", d.UserKey, "client_secret", d.UserSecret}
		}, noSite: true, code: "0", userKey: true, auth: "bearer"},
		"a wrong secret": {params: func(d *doorwardtest.Server) []string {
			return []string{"grant_type", "none", "client_id", d.APIKey, "client_secret", "d3Jvbmc="}
		}, code: "403010", auth: "none"},
	} {
		t.Run(name, func(t *testing.T) {
			d := doorwardtest.New(t)
			body := d.Call("socialize.getToken", c.params(d)...)
			if !strings.Contains(string(body), `"errorCode": `+c.code+`,`) {
				t.Fatalf("answer\n%s", body)
			}
			apiKey := d.APIKey
			if c.noSite {
				apiKey = ""
			}
			record := lastAudit(t, d, apiKey)
			userKey, _ := record["userKey"].(string)
			uid, _ := record["uid"].(string)
			if record["endpoint"] != "socialize.getToken" || record["errCode"] != c.code || record["authType"] != c.auth ||
				(userKey == d.UserKey) != c.userKey || uid != c.uid {
				t.Errorf("record %v", record)
			}
			text, _ := json.Marshal(record)
			for _, secret := range []string{d.Secret, d.UserSecret, "d3Jvbmc="} {
				if strings.Contains(string(text), secret) || strings.Contains(d.Log(), secret) {
					t.Error("a secret is in the records")
				}
			}
		})
	}
}
