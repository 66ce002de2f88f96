package main

import (
	"fmt"
	"io"
	"net/netip"
)

// devReady is what a start tells, with --json in this form.
type devReady struct {
	HTTP               string `json:"http"`
	HTTPS              string `json:"https"`
	CAFile             string `json:"caFile"`
	DataDir            string `json:"dataDir"`
	APIKey             string `json:"apiKey"`
	Secret             string `json:"secret"`
	UserKey            string `json:"userKey"`
	UserSecret         string `json:"userSecret"`
	UserPrivateKeyFile string `json:"userPrivateKeyFile"`
}

// print tells it to a person, with calls to paste. The second registers the user that the third asks for.
func (r devReady) print(w io.Writer, temporary bool) error {
	kept := "kept between starts"
	if temporary {
		kept = "temporary, removed at the end; --data DIR keeps it"
	}
	_, err := fmt.Fprintf(w, `Doorward is ready.

  http         %s
  https        %s
  CA           %s  (the certificate that signed the one of https)
  data         %s  (%s)

  apiKey       %s
  secret       %s  (the partner's)
  userKey      %s  (an application that may do everything)
  userSecret   %s
  private key  %s  (the application's RSA key, PKCS#8)

Paste these:

# Find accounts, as an application
curl -sS %s/accounts.search -d apiKey=%s -d userKey=%s -d secret=%s --data-urlencode 'query=SELECT * FROM accounts'

# Register an account and log in
curl -sS %s/accounts.register -d apiKey=%s -d secret=%s -d email=zoe@example.com -d password=Correct-horse-7 -d siteUID=zoe -d finalizeRegistration=true

# Get an id_token for that user
curl -sS %s/accounts.getJWT -d apiKey=%s -d secret=%s -d targetUID=zoe -d fields=email

Stop with Ctrl-C.
`, r.HTTP, r.HTTPS, r.CAFile, r.DataDir, kept, r.APIKey, r.Secret, r.UserKey, r.UserSecret, r.UserPrivateKeyFile,
		r.HTTP, r.APIKey, r.UserKey, r.UserSecret, r.HTTP, r.APIKey, r.Secret, r.HTTP, r.APIKey, r.Secret)
	return err
}

// readable replaces an address that stands for every interface by one that a client can use.
func readable(address string) string {
	bound, err := netip.ParseAddrPort(address)
	if err == nil && bound.Addr().IsUnspecified() {
		return fmt.Sprintf("127.0.0.1:%d", bound.Port())
	}
	return address
}
