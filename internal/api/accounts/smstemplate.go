package accounts

import (
	"encoding/json"
	"strings"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/site"
	"github.com/doorward/doorward/internal/siteconfig"
)

// smsTemplatesKind are the texts of short messages: tfa and otp, each for all countries and, where they differ, by calling
// code.
var smsTemplatesKind = &siteconfig.Kind{
	Name: "smsTemplates", Of: siteconfig.OfSite, Single: true, Inherit: siteconfig.ParentIfAbsent, Size: 512 << 10,
	Shape: siteconfig.Object(
		siteconfig.Member{Name: "tfa", Shape: smsSettingsShape(), Required: true},
		siteconfig.Member{Name: "otp", Shape: smsSettingsShape(), Required: true},
	),
	Check: checkSMSTemplates,
	Default: func(*site.Site) map[string]json.RawMessage {
		// The placeholder is the recorded one, the sentence is that of the recordings.
		const texts = `{"globalTemplates":{"templates":{"en":"Your code is {{code}}"},"defaultLanguage":"en"}}`
		return map[string]json.RawMessage{"": json.RawMessage(`{"tfa":` + texts + `,"otp":` + texts + `}`)}
	},
	Summary: "Texts of short messages, by language and country.",
}

// codePlaceholder stands for the code in the text of a short message.
const codePlaceholder = "{{code}}"

func smsSettingsShape() *siteconfig.Shape {
	return siteconfig.Object(
		siteconfig.Member{Name: "globalTemplates", Shape: smsTextsShape(), Required: true},
		siteconfig.Member{Name: "templatesPerCountryCode", Shape: siteconfig.Map(300, smsTextsShape())},
	)
}

func smsTextsShape() *siteconfig.Shape {
	const languages, longest = 200, 1600
	return siteconfig.Object(
		siteconfig.Member{Name: "templates", Required: true, Shape: siteconfig.Map(languages, siteconfig.TextThat(
			"a text of at most 1600 bytes that holds "+codePlaceholder,
			func(text string) bool { return len(text) <= longest && strings.Contains(text, codePlaceholder) }))},
		siteconfig.Member{Name: "defaultLanguage", Shape: siteconfig.Text(0, 32)},
	)
}

// checkSMSTemplates refuses texts for all countries of which none is the default: somebody whose language has no text could
// not be sent any.
func checkSMSTemplates(doc json.RawMessage) error {
	for _, name := range []string{"tfa", "otp"} {
		at := name + ".globalTemplates"
		texts, _ := document.MemberAt(doc, name, "globalTemplates")
		language := textOf(texts, "defaultLanguage")
		if raw, _ := document.MemberAt(texts, "templates", language); document.KindOf(raw) != document.KindString {
			return gigya.InvalidArgumentBecause(at+".defaultLanguage", "must be the language of one of the templates")
		}
	}
	return nil
}
