package doorwardtest_test

import (
	"testing"

	"github.com/doorward/doorward/doorwardtest"
)

func TestAServerInOneCall(t *testing.T) {
	d := doorwardtest.New(t)
	t.Logf("%s", d.Call("accounts.getJWTPublicKey"))
	t.Logf("%s", d.CallAsPartner("accounts.getSchema", "nope", "1"))
	t.Logf("%s", d.CallAsKey("accounts.search", "query", "SELECT * FROM accounts"))
	t.Logf("%s", d.Call("accounts.nope"))
	t.Logf("%s", d.Call("accounts.nope", "apiKey", d.APIKey))
	t.Logf("%s", d.Call("accounts.tfa.initTFA", "apiKey", d.APIKey))
	t.Logf("%s", d.Log())
}
