package policy_test

import (
	"encoding/json"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/policy"
)

func mailsOf(t *testing.T, p *policy.Policies) *document.Object {
	t.Helper()
	text, err := p.Mails()
	if err != nil {
		t.Fatal(err)
	}
	return object(t, string(text))
}

func TestMails(t *testing.T) {
	t.Run("of nothing are the default ones in their order", func(t *testing.T) {
		text, err := os.ReadFile("mails.json")
		if err != nil {
			t.Fatal(err)
		}
		got := mailsOf(t, parse(t, nil))
		if diff := cmp.Diff(string(object(t, string(text)).JSON()), string(got.JSON())); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff(policy.MailGroups(), got.Names()); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("the default ones can be stored", func(t *testing.T) {
		all := mailsOf(t, parse(t, nil))
		stored := merge(t, "", string(all.JSON()))
		if diff := cmp.Diff(string(all.JSON()), string(mailsOf(t, parse(t, json.RawMessage(stored))).JSON())); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("are those of the policies, and four more", func(t *testing.T) {
		stored := merge(t, "", `{"magicLink":{"defaultLanguage":"de","emailTemplates":{"de":`+string(document.AppendString(nil, template))+`}},"passwordReset":{"tokenExpiration":60}}`)
		p := parse(t, json.RawMessage(stored))
		got := mailsOf(t, p)
		for path, want := range map[string]string{
			"magicLink.defaultLanguage": `"de"`, "magicLink.urlPlaceHolder": `"$url"`, "passwordReset.tokenExpiration": `60`,
			"passwordReset.requireSecurityCheck": `false`, "codeVerification.codePlaceHolder": `"$code"`,
		} {
			v, _ := got.Lookup(strings.Split(path, "."))
			if string(v.AppendJSON(nil)) != want {
				t.Errorf("%s is %s, want %s", path, v.AppendJSON(nil), want)
			}
		}
		templates, _ := got.Lookup([]string{"magicLink", "emailTemplates"})
		if diff := cmp.Diff([]string{"de"}, templates.Object().Names()); diff != "" {
			t.Error(diff)
		}
		if strings.Contains(string(p.Full()), "magicLink") {
			t.Error("getPolicies shows a group that only holds mails")
		}
	})
}

func TestAMemberOfASiteGroup(t *testing.T) {
	const group = `{"registration":{"requireLoginID":true},"accountOptions":{"verifyEmail":true,"defaultLanguage":"de"},"passwordComplexity":{"minLength":9},` +
		`"emailVerification":{"emailTemplates":{"de":"x","fr":"y"}}}`
	t.Run("has its parent's policies with its own over them", func(t *testing.T) {
		p, err := policy.ParseMember(json.RawMessage(group), json.RawMessage(
			`{"accountOptions":{"verifyEmail":false,"defaultLanguage":"fr"},"passwordComplexity":{"minLength":1},"emailVerification":{"emailTemplates":{"it":"z"}}}`))
		if err != nil {
			t.Fatal(err)
		}
		if p.PasswordComplexity.MinLength != 9 || p.AccountOptions.DefaultLanguage != "de" || p.AccountOptions.VerifyEmail || !p.Registration.RequireLoginID {
			t.Errorf("%s", p.Full())
		}
		v, _ := object(t, string(p.Full())).Lookup([]string{"emailVerification", "emailTemplates"})
		if string(v.AppendJSON(nil)) != `{"it":"z"}` {
			t.Errorf("templates %s", v.AppendJSON(nil))
		}
	})
	t.Run("without values of its own, of a parent without any, keeps to what is group-level", func(t *testing.T) {
		p, err := policy.ParseMember(nil, json.RawMessage(`{"passwordComplexity":{"minLength":1}}`))
		if err != nil || p.PasswordComplexity.MinLength != 6 {
			t.Errorf("%v %v", p, err)
		}
	})
	for _, c := range []struct{ name, changes, want string }{
		{"what it may set", `{"accountOptions":{"verifyEmail":false,"sendWelcomeEmail":true},"security":{"captcha":{"failedLoginThreshold":3}}}`,
			`{"accountOptions":{"verifyEmail":false,"sendWelcomeEmail":true},"security":{"captcha":{"failedLoginThreshold":3}}}`},
		{"what is in force", `{"passwordComplexity":{"minLength":9,"minCharGroups":0,"unknown":1},"accountOptions":{"defaultLanguage":"de","verifyEmail":true},"federation":{}}`,
			`{"accountOptions":{"verifyEmail":true}}`},
		{"the providers of either view", `{"twoFactorAuth":{"providers":[{"name":"gigyaPhone","enabled":true}],"smsProvider":{"message":"m"}}}`, `{"twoFactorAuth":{"smsProvider":{"message":"m"}}}`},
		{"null", `{"passwordComplexity":null,"accountOptions":{"defaultLanguage":null}}`, `{}`},
	} {
		t.Run("stores "+c.name, func(t *testing.T) {
			got, err := policy.MergeMember(json.RawMessage(group), nil, object(t, c.changes))
			if err != nil || string(got) != c.want {
				t.Errorf("%s %v, want %s", got, err, c.want)
			}
		})
	}
	t.Run("cannot set what its parent sets", func(t *testing.T) {
		_, err := policy.MergeMember(json.RawMessage(group), nil, object(t, `{"passwordComplexity":{"minLength":8},"federation":{"allowMultipleIdentities":true},`+
			`"authentication":{"methods":{"password":{"enabled":false}}},"profilePhoto":{"thumbnailWidth":1},`+
			`"registration":{"requireCaptcha":true,"enforceCoppa":true},"accountOptions":{"loginIdentifiers":"username","defaultLanguage":"en","verifyEmail":true},`+
			`"security":{"passwordHistorySize":1},"twoFactorAuth":{"providers":[],"emailProvider":{"providers":[]}}}`))
		var refused *gigya.Error
		const want = "Member sites may not override group-level policies (passwordComplexity,federation,authentication,profilePhoto,registration.enforceCoppa," +
			"accountOptions.loginIdentifiers,accountOptions.defaultLanguage,security.passwordHistorySize,twoFactorAuth.providers,twoFactorAuth.emailProvider.providers)"
		if !errors.As(err, &refused) || refused.Code != gigya.InvalidParameterValue || refused.Details != want {
			t.Errorf("%v", err)
		}
	})
	t.Run("can send back all that it reads", func(t *testing.T) {
		p, err := policy.ParseMember(json.RawMessage(group), nil)
		if err != nil {
			t.Fatal(err)
		}
		valid := slices.DeleteFunc(p.Sections(), func(name string) bool { return name == "emailVerification" }) // Its templates are none.
		changes := &document.Object{}
		for _, name := range valid {
			text, _ := p.Section(name)
			changes.Set(name, document.FromObject(object(t, string(text))))
		}
		stored, err := policy.MergeMember(json.RawMessage(group), nil, changes)
		if err != nil {
			t.Fatal(err)
		}
		again, err := policy.ParseMember(json.RawMessage(group), stored)
		if err != nil || string(again.Full()) != string(p.Full()) {
			t.Errorf("%v\n%s\n%s", err, p.Full(), again.Full())
		}
	})
	t.Run("is judged with what its parent has set", func(t *testing.T) {
		_, err := policy.MergeMember(json.RawMessage(`{"accountOptions":{"preventLoginIDHarvesting":true,"verifyEmail":true}}`), nil, object(t, `{"accountOptions":{"verifyEmail":false}}`))
		var refused *gigya.Error
		if !errors.As(err, &refused) || refused.Code != gigya.InvalidPolicyConfiguration {
			t.Errorf("%v", err)
		}
	})
}
