package accounts_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/doorward/doorward/internal/api/accounts"
)

// defaultScreenSetsAnswered are the SHA-256 of the default screen-sets as accounts.getScreenSets answers them, with every member.
// Sites have pages that were written for this markup: a hash changes with it only on purpose.
var defaultScreenSetsAnswered = map[string]string{
	"Default-LinkAccounts":      "697fc030bf3e1ecc65dc0a439303eb80e6f7142db07e84fc11ea34290d9060c8",
	"Default-LiteRegistration":  "ccb99e93c147e946b3320b0eed04934682e141b1dca31c880d682a8a406a91be",
	"Default-PasswordlessLogin": "582169b1f6a83204f4485aaaad9d0c5a8f8ea9c6df85f432655fee8b6bcac924",
	"Default-ProfileUpdate":     "26a5c4cd0522ab614ee97f4f971ee060498a5f413938852fd58bba40f5a2635b",
	"Default-ReAuthentication":  "0c4db58f83bd30472886b0154d4756046dd96049c959ad57f678cf749a884e13",
	"Default-RegistrationLogin": "12d3b66e060c651ff909db683bf4adb5243998fdb1728b85ba3da4c4fde89f3c",
	"Default-Subscriptions":     "4428c9e5d0292b3fde3ee052d4ca2b3ebc2e9c13008fdc65f11234bfb9580a66",
}

func TestTheDefaultScreenSetsAreAnsweredToTheByte(t *testing.T) {
	h := newHouse(t)
	siteOf2023(h)
	answer := h.call(server, "accounts.getScreenSets", "include", "screenSetID,html,css,javascript,translations,metadata")
	var list []json.RawMessage
	if err := json.Unmarshal([]byte(field(answer, "screenSets")), &list); err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, set := range list {
		sum := sha256.Sum256(set)
		got[field(string(set), "screenSetID")] = hex.EncodeToString(sum[:])
	}
	if diff := cmp.Diff(defaultScreenSetsAnswered, got); diff != "" {
		t.Errorf("- want, + got:\n%s", diff)
	}
}

func TestADesignThatMeansNothingIsAnError(t *testing.T) {
	design := func(screens string) string {
		return `{"fields":{"email":{"type":"email","text":"E & M"},"odd":{"type":"fax"}},"shared":[{"screen":"thanks","caption":"Thanks","rows":[{"label":"a < b"}]}],` +
			`"sets":[{"id":"S","desc":"d","screens":[` + screens + `]}]}`
	}
	for text, want := range map[string]string{
		`{`:               "unexpected EOF",
		`{"screens":[]}`:  `unknown field "screens"`,
		design(`{"x":1}`): `unknown field "x"`,
		design(`{"screen":"a","rows":[{"field":"fax"}]}`):                              `S: screen a: row 1: there is no field "fax"`,
		design(`{"screen":"a","form":"f","rows":[{"field":"email"},{"field":"odd"}]}`): `S: screen a: row 2: there is no field "odd", or it has no type`,
		design(`{"screen":"a","rows":[{"text":"t"}]}`):                                 "S: screen a: row 1: shows nothing",
		design(`{"shared":"b"}`):                                                       `S: there is no shared screen "b"`,
	} {
		if _, err := accounts.DrawScreenSets([]byte(text), ""); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
	// Texts are no markup, and a shared screen has more rows where a set gives it some.
	sets, err := accounts.DrawScreenSets([]byte(design(`{"shared":"thanks","rows":[{"field":"email"}]}`)), "")
	if err != nil {
		t.Fatal(err)
	}
	html, translations := field(string(sets["S"]), "html"), field(string(sets["S"]), "translations")
	for _, want := range []string{`data-start-screen="gigya-thanks-screen"`, `"LABEL_THANKS_1_LABEL">a &lt; b</div>`, `"TEXTBOX_THANKS_EMAIL_LABEL">E &amp; M</span>`} {
		if !strings.Contains(html, want) {
			t.Errorf("no %s in %s", want, html)
		}
	}
	if want := `{"default":{"GIGYA_THANKS_SCREEN_CAPTION":"Thanks","HEADER_THANKS_LABEL":"Thanks","LABEL_THANKS_1_LABEL":"a < b","TEXTBOX_THANKS_EMAIL_LABEL":"E & M"}}`; translations != want {
		t.Errorf("texts %s", translations)
	}
}
