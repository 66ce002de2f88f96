package doorwardtest_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/doorward/doorward/doorwardtest"
)

func TestAServerInOneCall(t *testing.T) {
	d := doorwardtest.New(t)
	calls := map[string][]byte{
		"anybody":     d.Call("accounts.getJWTPublicKey"),
		"the partner": d.CallAsPartner("accounts.getSchema"),
		"the key":     d.CallAsKey("accounts.getPolicies"),
	}
	for name, body := range calls {
		var answer struct{ ErrorCode int }
		if err := json.Unmarshal(body, &answer); err != nil || answer.ErrorCode != 0 {
			t.Errorf("%s: %v %s", name, err, body)
		}
	}
	if got := strings.Count(d.Log(), "\n"); got != len(calls) {
		t.Errorf("%d lines in the log", got)
	}
}

func TestTheServerListensWithTLS(t *testing.T) {
	d := doorwardtest.New(t)
	request, err := http.NewRequest(http.MethodGet, d.TLSURL+"/accounts.getJWTPublicKey", nil)
	if err != nil {
		t.Fatal(err)
	}
	response, body := d.Do(request)
	if response.StatusCode != http.StatusOK || !strings.Contains(string(body), `"errorCode": 0`) {
		t.Errorf("%d %s", response.StatusCode, body)
	}
}

func TestTheClockCanBeMoved(t *testing.T) {
	option, clock := doorwardtest.WithTime(time.Date(2026, 3, 2, 10, 15, 30, 0, time.UTC))
	d := doorwardtest.New(t, option)
	clock.Advance(time.Hour)
	if body := d.Call("accounts.getJWTPublicKey"); !strings.Contains(string(body), `"time": "2026-03-02T11:15:30.000Z"`) {
		t.Errorf("%s", body)
	}
}

func TestFurtherSitesAndKeys(t *testing.T) {
	d := doorwardtest.New(t)
	site := d.AddSite(nil)
	userKey, secret := d.AddKey("accounts.getSchema")
	for method, want := range map[string]string{"accounts.getSchema": `"errorCode": 0`, "accounts.search": `"errorCode": 403007`} {
		if body := d.Call(method, "apiKey", site, "userKey", userKey, "secret", secret); !strings.Contains(string(body), want) {
			t.Errorf("%s: %s", method, body)
		}
	}
}

func TestTrustedProxiesAreAddressesOrNetworks(t *testing.T) {
	for _, trusted := range []string{"127.0.0.1", "127.0.0.0/8"} {
		d := doorwardtest.New(t, doorwardtest.WithoutInsecure(), doorwardtest.WithTrustedProxies(trusted))
		request, err := http.NewRequest(http.MethodGet, d.URL+"/accounts.getSchema?apiKey="+d.APIKey, nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Authorization", "Bearer x")
		request.Header.Set("X-Forwarded-Proto", "https")
		if _, body := d.Do(request); strings.Contains(string(body), "403006") {
			t.Errorf("%s is not believed: %s", trusted, body)
		}
	}
}
