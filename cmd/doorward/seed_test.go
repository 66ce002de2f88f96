package main

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestDevIsFilledWithConfigurationAndAccounts(t *testing.T) {
	folder, seed := filepath.Join(t.TempDir(), "data"), t.TempDir()
	for name, text := range map[string]string{
		"partners/them/partner.json":            `{"name": "Another partner", "partnerID": 77, "isEnabled": false, "allowedIPs": ["192.0.2.0/24"]}`,
		"partners/them/key/KeyOfThem123.json":   `{"name": "Ann", "kind": "user", "hasSecret": true}`,
		"sites/shop/site.json":                  `{"apiKey": "4_seedseedseedseedseedse", "partnerID": 77, "baseDomain": "shop.example.com"}`,
		"sites/shop/policies/registration.json": `{"requireCaptcha": true}`,
		"sites/shop/webhook/crm.json":           `{"url": "https://hooks.example.com/", "events": ["accountCreated"], "headers": [{"name": "X-Token", "value": "${ENV:NO_SUCH_VARIABLE}"}]}`,
		"sites/shop/accounts.ndjson":            `{"UID": "zoe", "email": "zoe@example.com", "password": "Correct-horse-7"}` + "\n",
		"more.ndjson":                           `{"UID": "ann", "email": "ann@example.com"}` + "\n",
	} {
		file := filepath.Join(seed, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	// The second start finds everything done.
	for _, counts := range []string{"seeded sites/shop/accounts.ndjson: 1 accounts", ""} {
		first := counts != ""
		p, ready := dev(t, "--data", folder, "--seed", seed, "--seed", filepath.Join(seed, "more.ndjson"))
		// The partner of the files is dev's own: its secret and its application serve the seeded site.
		mustCall(t, 0, ready.HTTP, "accounts.getAccountInfo", "apiKey", "4_seedseedseedseedseedse", "secret", ready.Secret, "UID", "zoe")
		mustCall(t, 0, ready.HTTP, "accounts.webhooks.getAll", "apiKey", "4_seedseedseedseedseedse", "userKey", ready.UserKey, "secret", ready.UserSecret)
		mustCall(t, 0, ready.HTTP, "accounts.getAccountInfo", "apiKey", ready.APIKey, "secret", ready.Secret, "UID", "ann")
		p.End(syscall.SIGTERM)
		log := p.Log.String()
		if !strings.Contains(log, counts) || !strings.Contains(log, "seeded sites/shop: API key 4_seedseedseedseedseedse") ||
			!strings.Contains(log, `1 secrets of `+seed+` are not in the environment: they are "0" here`) || !first && strings.Contains(log, "accounts.ndjson") ||
			strings.Contains(log, "secret of key KeyOfThem123 (Ann): ") != first {
			t.Errorf("standard error has %q", log)
		}
	}
}
