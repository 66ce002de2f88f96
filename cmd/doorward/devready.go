package main

import (
	"fmt"
	"io"
	"net/netip"
	"strings"
)

// devReady is what a start tells, with --json in this form.
type devReady struct {
	HTTP               string `json:"http"`
	HTTPS              string `json:"https"`
	Proxy              string `json:"proxy,omitempty"`
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
	proxy, variables := "", ""
	if r.Proxy != "" {
		proxy = fmt.Sprintf("  proxy        %s  (answers for *.gigya.com and *.gigya-api.cn, refuses every other host)\n", r.Proxy)
		variables = r.variables()
	}
	_, err := fmt.Fprintf(w, `Doorward is ready.

  http         %s
  https        %s
%s  CA           %s  (the certificate that signed the one of https)
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

%sStop with Ctrl-C.
`, r.HTTP, r.HTTPS, proxy, r.CAFile, r.DataDir, kept, r.APIKey, r.Secret, r.UserKey, r.UserSecret, r.UserPrivateKeyFile,
		r.HTTP, r.APIKey, r.UserKey, r.UserSecret, r.HTTP, r.APIKey, r.Secret, r.HTTP, r.APIKey, r.Secret, variables)
	return err
}

// variables are for the shell in which a client with built-in host names runs. curl reads the name of HTTP_PROXY in small
// letters alone; every runtime has a variable of its own for the CA.
func (r devReady) variables() string {
	text := "# Bring clients with built-in host names here, from the shell that they are started in\n"
	for _, name := range []string{"HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"} {
		text += fmt.Sprintf("export %s=%s\n", name, r.Proxy)
	}
	text += "export NO_PROXY=localhost,127.0.0.1,::1 no_proxy=localhost,127.0.0.1,::1\n"
	for _, name := range []string{"NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE", "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE"} {
		text += fmt.Sprintf("export %s='%s'\n", name, strings.ReplaceAll(r.CAFile, "'", `'\''`))
	}
	return text + "\n"
}

// readable replaces an address that stands for every interface by one that a client can use.
func readable(address string) string {
	bound, err := netip.ParseAddrPort(address)
	if err == nil && bound.Addr().IsUnspecified() {
		return fmt.Sprintf("127.0.0.1:%d", bound.Port())
	}
	return address
}
