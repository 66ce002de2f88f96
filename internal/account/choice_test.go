package account_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/account"
)

func TestConsentsAndSubscriptionsAreThoseOfTheSchema(t *testing.T) {
	s := siteWith(t, ``, `{"preferencesSchema":{"fields":{"terms.tos":{},"ads":{}}},"subscriptionsSchema":{"fields":{"news":{"email":{}}}}}`)
	const unknown = "unknown field: "
	for name, test := range map[string]struct {
		preferences, subscriptions string
		known                      bool
		want                       []string
	}{
		"all known":                   {`{"terms":{"tos":{"isConsentGranted":true}},"ads.isConsentGranted":false}`, `{"news":{"email":{"isSubscribed":true}}}`, true, nil},
		"unknown consent":             {`{"terms":{"other":{"isConsentGranted":true}}}`, `{}`, true, []string{"terms.other.isConsentGranted"}},
		"the consent above":           {`{"terms":{"isConsentGranted":true}}`, `{}`, true, []string{"terms.isConsentGranted"}},
		"the consent below":           {`{"ads":{"x":{"isConsentGranted":true}}}`, `{}`, true, []string{"ads.x.isConsentGranted"}},
		"a consent of no name":        {`{"isConsentGranted":true}`, `{}`, true, []string{"isConsentGranted"}},
		"another letter case":         {`{"Terms":{"tos":{"isConsentGranted":true}}}`, `{}`, true, []string{"Terms.tos.isConsentGranted"}},
		"unknown channel":             {`{}`, `{"news":{"sms":{"isSubscribed":true}}}`, true, []string{"news.sms.isSubscribed"}},
		"a subscription of no name":   {`{}`, `{"isSubscribed":true,"news":{"isSubscribed":true}}`, true, []string{"isSubscribed", "news.isSubscribed"}},
		"nothing that is chosen":      {`{"terms":{"other":{"tags":[]}},"x":1}`, `{"y":{}}`, true, nil},
		"unknown ones of an import":   {`{"terms":{"other":{"isConsentGranted":true}}}`, `{"x":{"isSubscribed":false}}`, false, nil},
		"an unknown one and its type": {`{"x":{"isConsentGranted":1}}`, `{}`, true, []string{"x.isConsentGranted"}},
	} {
		t.Run(name, func(t *testing.T) {
			a := zoe(t)
			out, err := account.Apply(a, &account.Change{Preferences: parsed(t, test.preferences), Subscriptions: parsed(t, test.subscriptions)},
				account.Rules{Site: s, Now: made, KnownChoices: test.known, Owner: nobody})
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, item := range out.Items {
				if item.ErrorCode != gigya.DynamicFieldsValidationError || !strings.HasSuffix(item.FieldName, strings.TrimPrefix(item.Message, unknown)) {
					t.Errorf("%+v", item)
				}
				got = append(got, strings.TrimPrefix(item.Message, unknown))
			}
			if diff := cmp.Diff(fmt.Sprint(test.want), fmt.Sprint(got)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestTagsOfNoConsentOrSubscriptionAreNotKept(t *testing.T) {
	s := siteWith(t, ``, `{"preferencesSchema":{"fields":{"terms.tos":{}}},"subscriptionsSchema":{"fields":{"news":{"email":{}}}}}`)
	for known, want := range map[bool][2]string{
		true:  {`{"terms":{"tos":{"tags":["a"]}}}`, `{"news":{"email":{"tags":["b"]}}}`},
		false: {`{"terms":{"tos":{"tags":["a"]},"tags":["c"]},"x":{"tags":["d"]}}`, `{"news":{"email":{"tags":["b"]},"tags":["e"]}}`},
	} {
		a := zoe(t)
		out, err := account.Apply(a, &account.Change{
			Preferences:   parsed(t, `{"terms":{"tos":{"tags":["a"]},"tags":["c"]},"x":{"tags":["d"]}}`),
			Subscriptions: parsed(t, `{"news":{"email":{"tags":["b"]},"tags":["e"]}}`),
		}, account.Rules{Site: s, Now: made, KnownChoices: known, Owner: nobody})
		if err != nil || len(out.Items) > 0 {
			t.Fatalf("%v, %+v", err, out.Items)
		}
		if diff := cmp.Diff(want, [2]string{string(a.Preferences), string(a.Subscriptions)}); diff != "" {
			t.Errorf("known %v: %s", known, diff)
		}
	}
}
