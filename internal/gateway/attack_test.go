package gateway_test

import (
	"context"
	"strings"
	"testing"

	"github.com/doorward/doorward/doorwardtest"
	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/store"
)

// The cases that SECURITY-TESTS.md numbers, as far as the front door answers them.
func TestAttack(t *testing.T) {
	t.Run("011_a_secret_over_plain_HTTP_is_marked_in_the_audit_log", attackExposedSecret)
}

func attackExposedSecret(t *testing.T) {
	for name, test := range map[string]struct {
		params func(d *doorwardtest.Server) []string
		// marked: the record says that the secret must be replaced; key: it names the key.
		marked, key, none bool
	}{
		"the partner's secret": {params: func(d *doorwardtest.Server) []string { return []string{"secret", d.Secret} }, marked: true},
		"a key's secret": {params: func(d *doorwardtest.Server) []string {
			return []string{"userKey", d.UserKey, "secret", d.UserSecret}
		}, marked: true, key: true},
		"a wrong secret":                {params: func(d *doorwardtest.Server) []string { return []string{"secret", "d3Jvbmc="} }},
		"a wrong secret of a key":       {params: func(d *doorwardtest.Server) []string { return []string{"userKey", d.UserKey, "secret", "d3Jvbmc="} }, key: true},
		"a password, which is no key's": {params: func(*doorwardtest.Server) []string { return []string{"password", "x"} }, none: true},
		"a site that does not exist": {params: func(d *doorwardtest.Server) []string {
			return []string{"apiKey", "3_" + strings.Repeat("x", 60), "secret", d.Secret}
		}, none: true},
	} {
		t.Run(name, func(t *testing.T) {
			d := front(t, doorwardtest.WithoutInsecure())
			params := test.params(d)
			if params[0] != "apiKey" {
				params = append(params, "apiKey", d.APIKey)
			}
			_, answer := serve(d, post("/test.echo", params...))
			if got, want := normal(d, answer), failure("403006", "Secret Sent Over Http", "Secret Sent Over Http", "403", "Forbidden"); got != want {
				t.Errorf("the answer tells more:\n%s", got)
			}
			// One more record, so that an absent one is known to be absent.
			secure := post("/test.write", "apiKey", d.APIKey)
			serve(d, secure)
			var records []string
			eventually(t, func() bool {
				records = records[:0]
				err := d.Store().Audits(context.Background(), store.AuditQuery{Log: d.APIKey, Newest: true, Limit: 100}, func(a *store.Audit, _ string) error {
					records = append(records, string(a.Record))
					return nil
				})
				return err == nil && (len(records) == 2 || test.none && len(records) == 1)
			})
			text := strings.Join(records, "\n")
			if strings.Contains(text, "must be replaced") != test.marked || strings.Contains(text, "403006") == test.none {
				t.Errorf("marked: want %v; records\n%s", test.marked, text)
			}
			for _, secret := range []string{d.Secret, d.UserSecret, "d3Jvbmc="} {
				if strings.Contains(text, secret) || strings.Contains(d.Log(), secret) {
					t.Error("the secret is in a record")
				}
			}
			for _, record := range records {
				if key, _ := document.Member([]byte(record), "userKey"); strings.Contains(record, "403006") && (string(key) == `"`+d.UserKey+`"`) != test.key {
					t.Errorf("userKey %s in %s", key, record)
				}
			}
		})
	}
}
