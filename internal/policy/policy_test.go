package policy_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/policy"
)

const template = "<html>\r\n<head>\n<meta name=\"from\" content=\"Zo\u00eb &lt;a@example.com&gt;\" />\n<META content='Hi </b> $firstName \u2028' NAME = 'subject'>\n</head>\t\\ \u00a0</html>\n"

func object(t *testing.T, text string) *document.Object {
	t.Helper()
	o, err := document.ParseObject([]byte(text))
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return o
}

func parse(t *testing.T, explicit json.RawMessage) *policy.Policies {
	t.Helper()
	p, err := policy.Parse(explicit)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func merge(t *testing.T, explicit, changes string) string {
	t.Helper()
	got, err := policy.Merge(json.RawMessage(explicit), object(t, changes))
	if err != nil {
		t.Fatalf("%s: %v", changes, err)
	}
	return string(got)
}

func TestParse(t *testing.T) {
	t.Run("of nothing gives the default document in its order", func(t *testing.T) {
		text, err := os.ReadFile("defaults.json")
		if err != nil {
			t.Fatal(err)
		}
		var want bytes.Buffer
		if err := json.Compact(&want, text); err != nil {
			t.Fatal(err)
		}
		for _, explicit := range []string{"", "{}"} {
			p := parse(t, json.RawMessage(explicit))
			if diff := cmp.Diff(want.String(), withoutTemplates(t, p.Full())); diff != "" {
				t.Error(diff)
			}
			if string(p.Explicit()) != "{}" {
				t.Errorf("explicit %s", p.Explicit())
			}
		}
	})
	t.Run("gives the values of the defaults", func(t *testing.T) {
		p := parse(t, nil)
		switch {
		case p.PasswordComplexity.MinLength != 6,
			p.AccountOptions.LoginIdentifiers != "email, providerEmail",
			p.Security.AccountLockout.LockoutTimeSec != 300,
			!p.Authentication.Methods.Password.Enabled,
			p.EmailVerification.VerificationEmailExpiration != 86400:
			t.Errorf("%+v", p)
		}
	})
	t.Run("lays what was set over the defaults", func(t *testing.T) {
		p := parse(t, json.RawMessage(`{"passwordComplexity":{"minLength":8,"regExp":"[0-9]"},"security":{"accountLockout":{"failedLoginThreshold":5}}}`))
		if got, _ := p.Section("passwordComplexity"); string(got) != `{"minCharGroups":0,"minLength":8,"regExp":"[0-9]"}` {
			t.Errorf("passwordComplexity %s", got)
		}
		if got, _ := p.Section("security"); !strings.HasPrefix(string(got), `{"accountLockout":{"failedLoginThreshold":5,"lockoutTimeSec":300,"failedLoginResetSec":0},"captcha":`) {
			t.Errorf("security %s", got)
		}
		if got, _ := p.ExplicitSection("security"); string(got) != `{"accountLockout":{"failedLoginThreshold":5}}` {
			t.Errorf("explicit security %s", got)
		}
		if got, ok := p.ExplicitSection("registration"); ok {
			t.Errorf("explicit registration %s", got)
		}
		if p.PasswordComplexity.Check("abcdefgh") || !p.PasswordComplexity.Check("abcdefg1") {
			t.Error("the expression is not in force")
		}
	})
	t.Run("refuses what is no document", func(t *testing.T) {
		for _, text := range []string{"[]", "{", `{"passwordComplexity":{"minLength":"x"}}`, `{"passwordComplexity":{"regExp":"("}}`} {
			if _, err := policy.Parse(json.RawMessage(text)); err == nil {
				t.Errorf("%s was accepted", text)
			}
		}
	})
}

// withoutTemplates is the document as the recorded exports have it, which leave the texts of mails out.
func withoutTemplates(t *testing.T, text json.RawMessage) string {
	t.Helper()
	full := object(t, string(text))
	for _, v := range full.All() {
		v.Object().Delete("emailTemplates")
		v.Object().Delete("confirmationEmailTemplates")
	}
	full.DeletePath([]string{"twoFactorAuth", "emailProvider", "emailTemplates"})
	return string(full.JSON())
}

func TestGroups(t *testing.T) {
	want := []string{"registration", "gigyaPlugins", "accountOptions", "passwordComplexity", "security", "emailVerification",
		"authentication", "doubleOptIn", "emailNotifications", "passwordReset", "profilePhoto", "federation", "twoFactorAuth",
		"rba", "preferencesCenter", "codeVerification"}
	p := parse(t, nil)
	if diff := cmp.Diff(want, policy.Groups()); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(object(t, string(p.Full())).Names(), p.Sections()); diff != "" {
		t.Error(diff)
	}
	var public []string
	for _, name := range p.Sections() {
		if policy.ClientReadable(name) {
			public = append(public, name)
		}
	}
	if diff := cmp.Diff([]string{"registration", "gigyaPlugins", "passwordComplexity", "security"}, public); diff != "" {
		t.Error(diff)
	}
	if _, ok := p.Section("Registration"); ok || policy.ClientReadable("Registration") || policy.ClientReadable("") {
		t.Error("names are compared exactly")
	}
}

func TestMerge(t *testing.T) {
	quoted := string(document.AppendString(nil, template))
	for _, c := range []struct{ name, explicit, changes, want string }{
		{"nothing into nothing", ``, `{}`, `{}`},
		{"a member", ``, `{"registration":{"requireCaptcha":true}}`, `{"registration":{"requireCaptcha":true}}`},
		{"a member that has the default value", ``, `{"registration":{"requireCaptcha":false}}`, `{"registration":{"requireCaptcha":false}}`},
		{"members that are not sent stay", `{"passwordComplexity":{"minLength":8},"registration":{"enforceCoppa":true}}`,
			`{"passwordComplexity":{"minCharGroups":2}}`, `{"registration":{"enforceCoppa":true},"passwordComplexity":{"minCharGroups":2,"minLength":8}}`},
		{"objects are merged at every depth", `{"security":{"accountLockout":{"lockoutTimeSec":60}}}`,
			`{"security":{"accountLockout":{"failedLoginThreshold":3}}}`, `{"security":{"accountLockout":{"failedLoginThreshold":3,"lockoutTimeSec":60}}}`},
		{"null resets a member", `{"passwordComplexity":{"minLength":8,"minCharGroups":1}}`, `{"passwordComplexity":{"minLength":null}}`, `{"passwordComplexity":{"minCharGroups":1}}`},
		{"null resets the last member", `{"passwordComplexity":{"minLength":8}}`, `{"passwordComplexity":{"minLength":null}}`, `{}`},
		{"null resets a group", `{"passwordComplexity":{"minLength":8},"federation":{"allowMultipleIdentities":true}}`, `{"passwordComplexity":null}`, `{"federation":{"allowMultipleIdentities":true}}`},
		{"null resets an inner object", `{"security":{"captcha":{"failedLoginThreshold":2},"passwordHistorySize":1}}`, `{"security":{"captcha":null}}`, `{"security":{"passwordHistorySize":1}}`},
		{"unknown members are ignored", ``, `{"registration":{"requireCaptcha":true,"new":{"a":1}},"security":{"captcha":{"x":"y"}}}`, `{"registration":{"requireCaptcha":true}}`},
		{"unknown groups are ignored", ``, `{"include":{"a":1},"Registration":{"requireCaptcha":true}}`, `{}`},
		{"rba is not kept", ``, `{"rba":{"riskPolicies":[{"name":"_off"}],"defaultPolicy":"_off","allowOverride":"no"}}`, `{}`},
		{"the order is that of the table", ``, `{"codeVerification":{"defaultLanguage":"de"},"passwordComplexity":{"regExp":"a","minLength":1}}`,
			`{"passwordComplexity":{"minLength":1,"regExp":"a"},"codeVerification":{"defaultLanguage":"de"}}`},
		{"templates are kept byte for byte and replaced whole", `{"emailVerification":{"emailTemplates":{"en":` + quoted + `}}}`,
			`{"emailVerification":{"emailTemplates":{"pt-br":` + quoted + `,"de":null}}}`, `{"emailVerification":{"emailTemplates":{"pt-br":` + quoted + `}}}`},
		{"another authentication method", ``, `{"authentication":{"methods":{"push":{"params":{"a":"b"}},"magicLink":{"enabled":true}}}}`,
			`{"authentication":{"methods":{"push":{"params":{"a":"b"}},"magicLink":{"enabled":true}}}}`},
		{"every login identifier", ``, `{"accountOptions":{"loginIdentifiers":"email,username, providerEmail,phoneNumber"}}`,
			`{"accountOptions":{"loginIdentifiers":"email,username, providerEmail,phoneNumber"}}`},
		{"look-ahead in the password's expression", ``, `{"passwordComplexity":{"regExp":"^(?=.*\\d)(?=.*[a-z]).{6,}$"}}`, `{"passwordComplexity":{"regExp":"^(?=.*\\d)(?=.*[a-z]).{6,}$"}}`},
		{"a mail for deleted accounts with its template", ``,
			`{"accountOptions":{"sendAccountDeletedEmail":true},"emailNotifications":{"accountDeletedEmailTemplates":{"en":` + quoted + `}}}`,
			`{"accountOptions":{"sendAccountDeletedEmail":true},"emailNotifications":{"accountDeletedEmailTemplates":{"en":` + quoted + `}}}`},
		{"lists", ``, `{"passwordReset":{"securityFields":[["profile.zip","profile.birthYear"],["data.x"]]},"emailVerification":{"nextURLMapping":[{"regSource":"a","nextURL":"b"}]}}`,
			`{"emailVerification":{"nextURLMapping":[{"regSource":"a","nextURL":"b"}]},"passwordReset":{"securityFields":[["profile.zip","profile.birthYear"],["data.x"]]}}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := merge(t, c.explicit, c.changes)
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
			parse(t, json.RawMessage(got))
		})
	}
}

func TestHidingLoginIdentifiersNeedsVerificationOrCaptcha(t *testing.T) {
	const hide = `{"accountOptions":{"preventLoginIDHarvesting":true}}`
	for _, c := range []struct {
		name, stored, changes string
		refused               bool
	}{
		{"alone", ``, hide, true},
		{"with verification", ``, `{"accountOptions":{"preventLoginIDHarvesting":true,"verifyEmail":true}}`, false},
		{"with a captcha", `{"registration":{"requireCaptcha":true}}`, hide, false},
		{"verification taken away", `{"accountOptions":{"preventLoginIDHarvesting":true,"verifyEmail":true}}`, `{"accountOptions":{"verifyEmail":null}}`, true},
		{"both taken away", `{"accountOptions":{"preventLoginIDHarvesting":true,"verifyEmail":true}}`, `{"accountOptions":null}`, false},
		{"stored before", hide, `{"accountOptions":{"sendWelcomeEmail":true}}`, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			changes, err := document.ParseObject([]byte(c.changes))
			if err != nil {
				t.Fatal(err)
			}
			_, err = policy.Merge(json.RawMessage(c.stored), changes)
			var e *gigya.Error
			if refused := errors.As(err, &e) && e.Code == gigya.InvalidPolicyConfiguration; refused != c.refused || !refused && err != nil {
				t.Errorf("error %v, want a refusal: %v", err, c.refused)
			}
		})
	}
}

func TestMergeRefuses(t *testing.T) {
	for _, c := range []struct {
		name, changes, path string
	}{
		{"a group that is no object", `{"registration":true}`, "registration"},
		{"a group that is an array", `{"registration":[]}`, "registration"},
		{"a flag that is a string", `{"registration":{"requireCaptcha":"true"}}`, "registration.requireCaptcha"},
		{"a number that is a string", `{"passwordComplexity":{"minLength":"8"}}`, "passwordComplexity.minLength"},
		{"a fraction", `{"passwordComplexity":{"minLength":8.5}}`, "passwordComplexity.minLength"},
		{"a huge number", `{"passwordComplexity":{"minLength":1e99}}`, "passwordComplexity.minLength"},
		{"too many character groups", `{"passwordComplexity":{"minCharGroups":5}}`, "passwordComplexity.minCharGroups"},
		{"a negative number of character groups", `{"passwordComplexity":{"minCharGroups":-1}}`, "passwordComplexity.minCharGroups"},
		{"an expression that does not compile", `{"passwordComplexity":{"regExp":"("}}`, "passwordComplexity.regExp"},
		{"an expression with a back reference", `{"passwordComplexity":{"regExp":"(a)\\1"}}`, "passwordComplexity.regExp"},
		{"a session that is shorter than never", `{"gigyaPlugins":{"sessionExpiration":-3}}`, "gigyaPlugins.sessionExpiration"},
		{"an unknown behaviour", `{"gigyaPlugins":{"connectWithoutLoginBehavior":"x"}}`, "gigyaPlugins.connectWithoutLoginBehavior"},
		{"an unknown login identifier", `{"accountOptions":{"loginIdentifiers":"email, fax"}}`, "accountOptions.loginIdentifiers"},
		{"no login identifier", `{"accountOptions":{"loginIdentifiers":""}}`, "accountOptions.loginIdentifiers"},
		{"an unknown conflict rule", `{"accountOptions":{"loginIdentifierConflict":"Ignore"}}`, "accountOptions.loginIdentifierConflict"},
		{"an inner object that is none", `{"security":{"accountLockout":3}}`, "security.accountLockout"},
		{"an inner value", `{"security":{"accountLockout":{"lockoutTimeSec":-1}}}`, "security.accountLockout.lockoutTimeSec"},
		{"a template without its sender", `{"emailVerification":{"emailTemplates":{"en":"<meta name=\"subject\" content=\"x\">"}}}`, "emailVerification.emailTemplates: en: email templates must contain valid META 'from' html headers"},
		{"a template without its subject", `{"passwordReset":{"emailTemplates":{"en":"<meta name=\"from\" content=\"x\">"}}}`, "passwordReset.emailTemplates: en: email templates must contain valid META 'subject' html headers"},
		{"a template that is no text", `{"passwordReset":{"emailTemplates":{"en":{}}}}`, "passwordReset.emailTemplates"},
		{"templates that are a text", `{"passwordReset":{"emailTemplates":"x"}}`, "passwordReset.emailTemplates"},
		{"an unknown second factor", `{"twoFactorAuth":{"providers":[{"name":"gigyaFax","enabled":true}]}}`, "twoFactorAuth.providers: element 0: name"},
		{"a read-only group that is malformed", `{"rba":{"defaultPolicy":1}}`, "rba.defaultPolicy"},
		{"one bad value among good ones", `{"registration":{"requireCaptcha":true},"profilePhoto":{"thumbnailWidth":0}}`, "profilePhoto.thumbnailWidth"},
	} {
		t.Run(c.name, func(t *testing.T) {
			explicit := json.RawMessage(`{"federation":{"allowMultipleIdentities":true}}`)
			got, err := policy.Merge(explicit, object(t, c.changes))
			var e *gigya.Error
			if !errors.As(err, &e) || e.Code != gigya.InvalidParameterValue || !strings.HasPrefix(e.Details, "Invalid argument: "+c.path) {
				t.Errorf("error %v, want 400006 for %s", err, c.path)
			}
			if got != nil || string(explicit) != `{"federation":{"allowMultipleIdentities":true}}` {
				t.Errorf("result %s, explicit %s", got, explicit)
			}
		})
	}
	t.Run("a mail for deleted accounts without a template", func(t *testing.T) {
		_, err := policy.Merge(nil, object(t, `{"accountOptions":{"sendAccountDeletedEmail":true}}`))
		var e *gigya.Error
		if !errors.As(err, &e) || e.Code != gigya.InvalidPolicyConfiguration {
			t.Errorf("error %v, want 401000", err)
		}
	})
}

// Copying tools read all groups of one site and send each to another.
func TestWhatGetPoliciesReturnsMayBeSentBack(t *testing.T) {
	quoted := string(document.AppendString(nil, template))
	set := `{"passwordComplexity":{"regExp":"^(?=.*x)","minDigit":1},"emailVerification":{"nextURL":"https://example.com/?a=<&>","nextURLMapping":[{"regSource":"x","nextURL":"y","more":1}],"emailTemplates":{"en":` + quoted + `,"de-inf":` + quoted +
		`}},"doubleOptIn":{"confirmationEmailTemplates":{"zh-cn":` + quoted + `}},"twoFactorAuth":{"providers":[{"name":"gigyaPush","enabled":false,"params":{"defaultRuleset":"_off"}}],"smsProvider":{"message":"$code"}}}`
	for name, explicit := range map[string]string{"a new site": "", "a site with settings": merge(t, "", set)} {
		t.Run(name, func(t *testing.T) {
			source := parse(t, json.RawMessage(explicit))
			whole := merge(t, "", string(source.Full()))
			if diff := cmp.Diff(string(source.Full()), string(parse(t, json.RawMessage(whole)).Full())); diff != "" {
				t.Error(diff)
			}
			apart := ""
			for _, group := range source.Sections() {
				section, _ := source.Section(group)
				apart = merge(t, apart, `{"`+group+`":`+string(section)+`}`)
			}
			if diff := cmp.Diff(whole, apart); diff != "" {
				t.Error(diff)
			}
			if again := merge(t, whole, string(source.Full())); again != whole {
				t.Errorf("sent twice: %s", cmp.Diff(whole, again))
			}
		})
	}
}

func TestPasswordComplexity(t *testing.T) {
	for _, c := range []struct {
		name    string
		policy  policy.PasswordComplexity
		yes, no []string
	}{
		{"the default", policy.PasswordComplexity{MinLength: 6}, []string{"123456", "zoë🙂ab"}, []string{"", "12345", "zoë🙂a"}},
		{"lengths are in code points", policy.PasswordComplexity{MinLength: 2}, []string{"🙂🙂", "e\u0301"}, []string{"🙂", "é"}},
		{"character groups", policy.PasswordComplexity{MinCharGroups: 3}, []string{"aA1", "a1!", "aÄ🙂"}, []string{"aA", "a1", "aaa", "!?"}},
		{"all groups", policy.PasswordComplexity{MinCharGroups: 4}, []string{"aA1 "}, []string{"aA1"}},
		{"numbers of each kind", policy.PasswordComplexity{MinLowercase: 1, MinUppercase: 2, MinDigit: 1, MinSpecialChars: 1}, []string{"aBC1-"}, []string{"aB1-", "ABC1-", "aBC-", "aBC1"}},
		{"an expression, somewhere", policy.PasswordComplexity{RegExp: "[0-9]{2}"}, []string{"ab12cd"}, []string{"a1b2"}},
		{"an expression that cannot be run", policy.PasswordComplexity{RegExp: "("}, nil, []string{"", "abc"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, password := range c.yes {
				if !c.policy.Check(password) {
					t.Errorf("%q is refused", password)
				}
			}
			for _, password := range c.no {
				if c.policy.Check(password) {
					t.Errorf("%q is accepted", password)
				}
			}
		})
	}
}

func TestAllowsLogin(t *testing.T) {
	o := policy.AccountOptions{LoginIdentifiers: "email, providerEmail"}
	for kind, want := range map[string]bool{"email": true, "providerEmail": true, "username": false, "": false, "Email": false, "mail": false} {
		if got := o.AllowsLogin(kind); got != want {
			t.Errorf("%q: %v", kind, got)
		}
	}
}

func FuzzMerge(f *testing.F) {
	f.Add(`{"registration":{"requireCaptcha":true}}`)
	f.Add(`{"passwordComplexity":{"regExp":"^(?=a)b"},"security":{"accountLockout":{"lockoutTimeSec":1}}}`)
	f.Add(`{"emailVerification":{"emailTemplates":{"en":"<meta name=from content=a><meta name=subject content=b>"}}}`)
	f.Add(`{"authentication":{"methods":{"x":{"enabled":true,"params":{"a":[1]}}}},"rba":null}`)
	f.Add(`{"passwordReset":{"securityFields":[["a"]]},"twoFactorAuth":{"providers":[{}]}}`)
	f.Fuzz(func(t *testing.T, changes string) {
		o, err := document.ParseObject([]byte(changes))
		if err != nil {
			return
		}
		stored, err := policy.Merge(nil, o)
		if err != nil {
			return
		}
		p, err := policy.Parse(stored)
		if err != nil {
			t.Fatalf("%s is stored and cannot be read: %v", stored, err)
		}
		again, err := policy.Merge(stored, object(t, string(p.Explicit())))
		if err != nil || string(again) != string(stored) {
			t.Errorf("%s sent back gives %s, %v", stored, again, err)
		}
	})
}

// TestNamesOfMethodsThatDifferInLetterCaseAreOtherMethods: what is in force is what is shown.
func TestNamesOfMethodsThatDifferInLetterCaseAreOtherMethods(t *testing.T) {
	stored := merge(t, "", `{"authentication":{"methods":{"Password":{"enabled":false},"PASSWORD":{"enabled":false}}}}`)
	p := parse(t, json.RawMessage(stored))
	section, _ := p.Section("authentication")
	if want := `"password":{"enabled":true`; !p.Authentication.Methods.Password.Enabled || !strings.Contains(string(section), want) {
		t.Errorf("in force: %v; shown: %s, want %s", p.Authentication.Methods.Password.Enabled, section, want)
	}
}

func TestAllPoliciesOfASiteTogetherAreBounded(t *testing.T) {
	mails := func(languages int) string {
		var b strings.Builder
		for i := range languages {
			fmt.Fprintf(&b, `,"l%d":%s`, i, document.AppendString(nil, template+strings.Repeat("x", 250<<10)))
		}
		return `{"emailTemplates":{` + b.String()[1:] + `}}`
	}
	stored := merge(t, `{}`, `{"emailVerification":`+mails(30)+`,"passwordReset":`+mails(30)+`}`)
	changes := object(t, `{"codeVerification":`+mails(10)+`}`)
	_, err := policy.Merge(json.RawMessage(stored), changes)
	var refused *gigya.Error
	if !errors.As(err, &refused) || refused.Code != gigya.RequestEntityTooLarge || refused.Details != "policies: all of a site together have more than 16 MiB" {
		t.Errorf("too much: %.200v", err)
	}
	if _, err := policy.MergeMember(nil, json.RawMessage(stored), changes); !errors.As(err, &refused) {
		t.Errorf("too much of a member: %.200v", err)
	}
	merge(t, stored, `{"passwordReset":`+mails(10)+`,"codeVerification":`+mails(20)+`}`)
	// What is too large already does not keep anybody from making it smaller.
	large := `{"more":"` + strings.Repeat("x", 20<<20) + `",` + stored[1:]
	merge(t, large, `{"passwordReset":null}`)
}
