package main

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/doorward/doorward/internal/config"
	"github.com/doorward/doorward/internal/gateway"
	"github.com/doorward/doorward/internal/setup"
)

// TestSettingsReachTheServer sets what an answer can show and looks for it there.
func TestSettingsReachTheServer(t *testing.T) {
	folder := t.TempDir()
	p, ready := dev(t, "--data", folder, "--log",
		"--set", "data_center=eu1", "--set", "data_centers.au1=au1.example.com",
		"--set", "content_type=application/json; charset=utf-8", "--set", "issuer=https://id.example.com/{apiKey}",
		"--set", "oauth_issuer=https://oauth.example.com", "--set", "public_url=https://public.example.com",
		"--set", "rate.per_address=0.001", "--set", "rate.per_key=0.001", "--set", "log.format=text", "--set", "log.level=info")

	t.Run("data_center is the label of the sites made here", func(t *testing.T) {
		if out := command(t, "site", "show", "--data", folder, ready.APIKey); !strings.Contains(out, "dataCenter   eu1") {
			t.Errorf("the site is\n%s", out)
		}
	})
	t.Run("issuer and content_type", func(t *testing.T) {
		mustCall(t, 0, ready.HTTP, "accounts.register", "apiKey", ready.APIKey, "secret", ready.Secret,
			"siteUID", "zoe", "email", "zoe@example.com", "password", "Correct-horse-7", "finalizeRegistration", "true")
		token := mustCall(t, 0, ready.HTTP, "accounts.getJWT", "apiKey", ready.APIKey, "userKey", ready.UserKey, "secret", ready.UserSecret, "targetUID", "zoe").IDToken
		claims, err := base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[1])
		if want := `"iss":"https://id.example.com/` + ready.APIKey + `"`; err != nil || !strings.Contains(string(claims), want) {
			t.Errorf("the claims are %s, want %s (%v)", claims, want, err)
		}
		header, _ := get(t, ready.HTTP+"/accounts.getJWTPublicKey?apiKey="+ready.APIKey)
		if got := header.Get("Content-Type"); got != "application/json; charset=utf-8" {
			t.Errorf("the content type is %q", got)
		}
	})
	t.Run("rates", func(t *testing.T) {
		// Each had one call above, and the next is allowed in a quarter of an hour.
		mustCall(t, 403048, ready.HTTP, "accounts.getJWTPublicKey", "apiKey", ready.APIKey)
		mustCall(t, 403048, ready.HTTP, "accounts.getAccountInfo", "apiKey", ready.APIKey, "secret", ready.Secret, "UID", "zoe")
	})
	t.Run("public_url and oauth_issuer", func(t *testing.T) {
		_, body := get(t, ready.HTTP+"/.well-known/oauth-authorization-server")
		var metadata struct {
			Issuer string `json:"issuer"`
			Token  string `json:"token_endpoint"`
		}
		if err := json.Unmarshal(body, &metadata); err != nil {
			t.Fatal(err)
		}
		if metadata.Issuer != "https://oauth.example.com" || !strings.HasPrefix(metadata.Token, "https://public.example.com/") {
			t.Errorf("the metadata is %s", body)
		}
	})
	if status, _ := p.End(syscall.SIGTERM); status != 0 {
		t.Errorf("status %d", status)
	}
	log := p.Log.String()
	if !strings.Contains(log, "level=INFO") || strings.Contains(log, ready.Secret) {
		t.Errorf("the log is\n%s", log)
	}

	t.Run("data_centers sends the sites of another data center there", func(t *testing.T) {
		command(t, "site", "set", "--data", folder, "--data-center", "au1", ready.APIKey)
		p, ready := dev(t, "--data", folder, "--set", "data_centers.au1=au1.example.com")
		_, body := get(t, ready.HTTP+"/accounts.getJWT?apiKey="+ready.APIKey)
		for _, part := range []string{`"errorCode": 301001`, `"apiDomain": "au1.example.com"`} {
			if !strings.Contains(string(body), part) {
				t.Errorf("the answer lacks %s: %s", part, body)
			}
		}
		p.End(syscall.SIGTERM)
	})
}

func get(t *testing.T, url string) (http.Header, []byte) {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.Header, body
}

func TestBoundsOfTheServerAreThoseOfTheSettings(t *testing.T) {
	cfg, _, err := config.Load(config.Sources{Flags: map[string]string{
		"rate.all_per_address": "2.5", "rate.per_address": "7", "rate.per_address_burst": "70", "rate.per_key": "9", "trusted_proxies": "10.0.0.0/8",
		"limit.connections": "11", "limit.connections_per_address": "12", "limit.body_memory_mib": "33", "audit.retention": "2d", "audit.personal": "omit",
	}})
	if err != nil {
		t.Fatal(err)
	}
	o := serverOptions(cfg, &setup.Installation{}, nil, newProcessors())
	rates := gateway.Rates{Address: gateway.Rate{Limit: 2.5, Burst: 3}, Client: gateway.Rate{Limit: 7, Burst: 70}, Server: gateway.Rate{Limit: 9, Burst: 9}}
	if o.Rates != rates || o.BodyMemory != 33<<20 || o.AuditRetention != 48*time.Hour || o.AuditPersonal != "omit" {
		t.Errorf("rates %+v, body memory %d, retention %s", o.Rates, o.BodyMemory, o.AuditRetention)
	}
	if b := bounds(cfg); b.Connections != 11 || b.PerAddress != 12 || len(b.Exempt) != 1 {
		t.Errorf("bounds %+v", b)
	}
	if cfg, _, err = config.Load(config.Sources{}); err != nil {
		t.Fatal(err)
	}
	if o := serverOptions(cfg, &setup.Installation{}, nil, newProcessors()); o.Rates != (gateway.Rates{}) || o.BodyMemory < gateway.LeastBodyMemory {
		t.Errorf("by default: rates %+v, body memory %d", o.Rates, o.BodyMemory)
	}
}
