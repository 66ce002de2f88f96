package accounts_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/doorward/doorward/internal/api/accounts"
	"github.com/doorward/doorward/internal/method"
	"github.com/doorward/doorward/internal/store"
)

// Whoever works for a member of a site group alone has no right to the secrets of the parent, nor to have them sent elsewhere.
func TestSecretsOfAParentAreForWhoMaySetThemThere(t *testing.T) {
	h := newGroup(t)
	const secret = `[{"name":"Authorization","value":"hidden of the parent"}]`
	wantCode(t, h.call(server, "accounts.webhooks.set", "name", "p", "url", "https://example.com/p", "events", "accountCreated", "headers", secret), "0")
	wantCode(t, h.child("accounts.webhooks.set", "name", "c", "url", "https://example.com/c", "events", "accountCreated",
		"headers", `[{"name":"Authorization","value":"hidden of the child"}]`), "0")
	wantCode(t, h.call(server, "accounts.extensions.create", "extensionPoint", "OnBeforeAccountsLogin", "extensionFuncUrl", "https://example.com/ext",
		"friendlyName", "Check it", "headers", secret), "0")
	id := extensionIDs["OnBeforeAccountsLogin"]
	reads := [][]string{{"accounts.webhooks.getAll"}, {"accounts.extensions.list"}, {"accounts.extensions.get", "extensionId", id}}

	ofChild, ofBoth := h.key([]string{"_allApis"}, childKey), h.key([]string{"_allApis"})
	for _, read := range reads {
		answer := h.at(childKey, holding(childKey, ofChild), read[0], read[1:]...)
		if strings.Contains(answer, "hidden of the parent") || !strings.Contains(answer, `"Authorization"`) {
			t.Errorf("%s shows who works for the member alone\n%s", read[0], answer)
		}
		if strings.Contains(answer, "hidden of the child") != (read[0] == "accounts.webhooks.getAll") {
			t.Errorf("%s: the member's own secrets\n%s", read[0], answer)
		}
		if answer := h.at(childKey, holding(childKey, ofBoth), read[0], read[1:]...); !strings.Contains(answer, "hidden of the parent") {
			t.Errorf("%s shows who works for both\n%s", read[0], answer)
		}
	}

	modify := func(by who, params ...string) string {
		return h.at(childKey, by, "accounts.extensions.modify", append([]string{"extensionId", id}, params...)...)
	}
	wantRefusal(t, modify(holding(childKey, ofChild), "extensionFuncUrl", "https://elsewhere.example.com", "enabled", "true"), "403007", "")
	if got := field(h.child("accounts.extensions.get", "extensionId", id), "result", "enabled"); got != "false" {
		t.Errorf("a refused call has changed something: enabled is %s", got)
	}
	wantCode(t, modify(holding(childKey, ofChild), "extensionFuncUrl", "https://example.com/ext", "enabled", "true"), "0")
	// What it is shown, it can send back.
	wantCode(t, modify(holding(childKey, ofChild), "headers", `[{"name":"Authorization"}]`, "friendlyName", "Check it"), "0")
	wantRefusal(t, modify(holding(childKey, ofChild), "headers", `[{"name":"Authorization","value":"other"}]`), "400006", "headers: a member of a site group")
	wantCode(t, modify(holding(childKey, ofBoth), "extensionFuncUrl", "https://child.example.com"), "0")
	// Without secrets anybody may.
	wantCode(t, h.call(server, "accounts.extensions.modify", "extensionId", id, "headers", "[]"), "0")
	wantCode(t, modify(holding(childKey, ofChild), "extensionFuncUrl", "https://elsewhere.example.com"), "0")
}

func TestASiteThatLeavesItsGroupHasNoPartsOfExtensions(t *testing.T) {
	h := newGroup(t)
	create := []string{"extensionPoint", "OnBeforeAccountsLogin", "extensionFuncUrl", "https://example.com/ext", "friendlyName", "Check it"}
	wantCode(t, h.call(server, "accounts.extensions.create", create...), "0")
	wantCode(t, h.child("accounts.extensions.modify", "extensionId", extensionIDs["OnBeforeAccountsLogin"], "enabled", "true"), "0")
	h.change(func(tx store.Tx) error {
		record, err := tx.Site(childKey)
		if err != nil {
			return err
		}
		record.Group = childKey
		return tx.PutSite(record)
	})
	if got := result(h.child("accounts.extensions.list")); got != `"result":[]}` {
		t.Errorf("left over: %s", got)
	}
	wantCode(t, h.child("accounts.extensions.create", create...), "0")
	if got := result(h.child("accounts.extensions.list")); !strings.Contains(got, `"enabled":false`) {
		t.Errorf("its own: %s", got)
	}
	wantCode(t, h.child("accounts.extensions.create", create...), "400003")
}

// counted counts how often changes read all objects of a kind.
type counted struct {
	store.Store
	reads *int
}

func (c counted) Change(ctx context.Context, change func(store.Tx) error) error {
	return c.Store.Change(ctx, func(tx store.Tx) error { return change(countedTx{tx, c.reads}) })
}

type countedTx struct {
	store.Tx
	reads *int
}

func (t countedTx) ConfigObjects(owner, kind string) ([]*store.ConfigObject, error) {
	*t.reads++
	return t.Tx.ConfigObjects(owner, kind)
}

func TestACallOfManyObjectsLooksOnceAtWhatThereIs(t *testing.T) {
	reads := 0
	h := newHouse(t)
	h.deps.Store = counted{h.store, &reads}
	h.Methods = method.NewTable(accounts.Methods(h.deps)...)
	many := func(format string) string {
		var b strings.Builder
		for i := range 150 {
			fmt.Fprintf(&b, format, i)
		}
		return "{" + b.String()[1:] + "}"
	}
	for _, call := range []ask{
		{method: "accounts.communications.settings.set", params: p("topicChannel", many(`,"A%d":{"channel":"c","topic":"t"}`))},
		{method: "accounts.communication.setTopicSettings", params: p("CommunicationSettings", many(`,"B%d":{"channel":"c","topic":"t"}`))},
		{method: "accounts.communication.setChannels", params: p("Channels", many(`,"C%d":{}`))},
		{method: "accounts.setConsentsStatements", params: p("preferences", many(`,"terms.t%d":{"isActive":true}`))},
	} {
		for _, most := range []int{1, 0} { // The second time nothing grows.
			reads = 0
			if got := h.reply(call); got != "{}" || reads > most {
				t.Errorf("%s: %s, and %d times all was read", call.method, got, reads)
			}
		}
	}
	if got := h.reply(ask{method: "accounts.communication.setChannels", params: p("Channels", many(`,"D%d":{}`))}); got !=
		"400006 Invalid argument: communicationChannel: there are 200 already, the most that there can be" {
		t.Error(got)
	}
}

func TestALongListOfIDsIsRefused(t *testing.T) {
	var ids strings.Builder
	for i := range 16_000 {
		fmt.Fprintf(&ids, "%03x,", i)
	}
	newHouse(t).follow([]ask{{method: "accounts.getScreenSets", params: p("screenSetIDs", ids.String()[:65_536]),
		want: "400006 Invalid argument: screenSetIDs: at most 500"}})
}

func TestErrorsDoNotEchoWhatIsLong(t *testing.T) {
	h := newHouse(t)
	long := strings.Repeat("x", 10_000) + "."
	h.follow([]ask{{method: "accounts.setConsentsStatements", params: p("preferences", `{"terms":{}}`), want: "{}"}})
	for _, call := range []ask{
		{method: "accounts.setConsentsStatements", params: p("preferences", `{"`+long+`":{}}`)},
		{method: "accounts.setLegalStatements", params: p("consentId", "terms", "lang", "en", "legalStatements", `{"versions":{"`+long+`":{}}}`)},
		{method: "accounts.communications.settings.set", params: p("topicChannel", `{"`+long+`":{"topic":5}}`)},
		{method: "accounts.communication.setTopicSettings", params: p("CommunicationSettings", `{"`+long+`":5}`)},
		{method: "accounts.communication.setChannels", params: p("Channels", `{"`+long+`":5}`)},
	} {
		if got := h.reply(call); !strings.HasPrefix(got, "400006 ") || len(got) > 400 {
			t.Errorf("%s: %d bytes, %.200s", call.method, len(got), got)
		}
	}
}
