package gateway_test

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"testing"

	"github.com/doorward/doorward/doorwardtest"
	"github.com/doorward/doorward/internal/acl"
	"github.com/doorward/doorward/internal/caller"
	"github.com/doorward/doorward/internal/method"
	"github.com/doorward/doorward/internal/server"
	"github.com/doorward/doorward/internal/store"
)

// partnerParams are those of a method about a partner.
type partnerParams struct {
	PartnerID int64  `param:"partnerID,required"`
	GroupID   string `param:"groupID"`
}

func TestACallIsAboutTheCallersPartner(t *testing.T) {
	about := method.New(method.Spec{Name: "test.partner", Callers: caller.Server, NoSite: true},
		func(context.Context, *method.Call[partnerParams]) (method.None, error) { return method.None{}, nil })
	d := doorwardtest.New(t, doorwardtest.WithServer(func(o *server.Options) { o.Methods = []*method.Method{about} }))
	own := strconv.FormatInt(d.Partner, 10)
	key := []string{"userKey", d.UserKey, "secret", d.UserSecret}
	secret := []string{"apiKey", d.APIKey, "secret", d.Secret}
	denied := failure("403007", "Invalid namespace &#39;test&#39; or method &#39;partner&#39; or you do not have the required permissions to call it. ",
		"Permission denied", "403", "Forbidden")
	for name, c := range map[string]struct {
		params []string
		want   string
	}{
		"a key, its own":                  {append(key, "partnerID", own), success("")},
		"a key, another":                  {append(key, "partnerID", "77"), denied},
		"a key, its own beside its site":  {append(key, "partnerID", own, "apiKey", d.APIKey), success("")},
		"a key, another beside its site":  {append(key, "partnerID", "77", "apiKey", d.APIKey), denied},
		"the partner's secret, its own":   {append(secret, "partnerID", own), success("")},
		"the partner's secret, another":   {append(secret, "partnerID", "77"), denied},
		"the partner's secret, in blanks": {append(secret, "PARTNERID", " 77"), denied},
		"the partner's secret, none":      {append(secret, "groupID", "x"), failure("400002", "Missing required parameter : partnerID", "Missing required parameter", "400", "Bad Request")},
	} {
		t.Run(name, func(t *testing.T) {
			if got := string(d.Call("test.partner", c.params...)); code(got) != code(c.want) || strings.Contains(c.want, "403007") != strings.Contains(got, "you do not have the required permissions") {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
		})
	}
}

// code is the line of the error's code.
func code(body string) string {
	_, rest, _ := strings.Cut(body, `"errorCode": `)
	number, _, _ := strings.Cut(rest, ",")
	return number
}

func TestLimitsOfParametersAsClientsSeeThem(t *testing.T) {
	about := method.New(method.Spec{Name: "test.partner", Callers: caller.Server, NoSite: true},
		func(_ context.Context, c *method.Call[partnerParams]) (map[string]string, error) {
			return map[string]string{"group": c.Params.GroupID}, nil
		})
	d := doorwardtest.New(t, doorwardtest.WithServer(func(o *server.Options) { o.Methods = []*method.Method{about} }))
	own := strconv.FormatInt(d.Partner, 10)
	holds := func(entry string) {
		list := acl.Stored{ACL: json.RawMessage(`{"_api":{"test":{"partner":{"_ace":{"perms":"x"},"groupID":{"_ace":` + entry + `}}}}}`)}
		group := acl.Group{ACLID: "L", Scope: acl.Scope{AllowPartners: []string{acl.Owner}}, Users: []string{d.UserKey}}
		d.Change(func(tx store.Tx) error {
			k, err := tx.Key(d.UserKey)
			if err != nil {
				return err
			}
			k.Privileges = nil
			listText, _ := json.Marshal(list)
			groupText, _ := json.Marshal(group)
			owner := store.OwnerOfPartner(d.Partner)
			return errors.Join(tx.PutKey(k),
				tx.PutConfigObject(&store.ConfigObject{Owner: owner, Kind: acl.KindList, Name: "L", Document: listText}),
				tx.PutConfigObject(&store.ConfigObject{Owner: owner, Kind: acl.KindGroup, Name: "G", Document: groupText}))
		})
	}
	call := func(group string, more ...string) string {
		return string(d.Call("test.partner", append([]string{"userKey", d.UserKey, "secret", d.UserSecret, "partnerID", own, "groupID", group}, more...)...))
	}
	holds(`{"perms":"-x"}`)
	if got := call("g"); code(got) != "0" || !strings.Contains(got, `"group": ""`) || !strings.Contains(got, `"paramName": "groupID",`) || !strings.Contains(got, `"warningCode": 403007`) {
		t.Errorf("withheld:\n%s", got)
	}
	if got := call("g", "checkParams", "true"); code(got) != "403007" || !strings.Contains(got, "control parameters: groupID") {
		t.Errorf("withheld, with checkParams:\n%s", got)
	}
	holds(`{"perms":"-x","defaultValues":["dev"]}`)
	if got := call("g"); code(got) != "0" || !strings.Contains(got, `"group": "dev"`) || strings.Contains(got, "ignoredParams") {
		t.Errorf("replaced:\n%s", got)
	}
	holds(`{"perms":"x","denyValues":["prod*"]}`)
	if got := call("production"); code(got) != "403007" || !strings.Contains(got, "Invalid namespace &#39;test&#39; or method &#39;partner&#39;") {
		t.Errorf("denied:\n%s", got)
	}
	if got := call("dev"); code(got) != "0" || !strings.Contains(got, `"group": "dev"`) {
		t.Errorf("not denied:\n%s", got)
	}
}
