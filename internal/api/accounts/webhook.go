package accounts

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/site"
	"github.com/doorward/doorward/internal/siteconfig"
	"github.com/doorward/doorward/internal/store"
)

// webhookKind is a webhook, by its name. In a site group the parent's fire for all members.
var webhookKind = &siteconfig.Kind{
	Name: "webhook", Of: siteconfig.OfSite, Inherit: siteconfig.ParentIfAbsent, Most: 100, Size: 256 << 10,
	Secrets: []string{"headers.*.value"},
	Shape: siteconfig.Object(
		siteconfig.Member{Name: "url", Shape: targetShape(), Required: true},
		siteconfig.Member{Name: "active", Shape: siteconfig.Flag()},
		siteconfig.Member{Name: "events", Shape: siteconfig.List(len(webhookEvents), siteconfig.OneOf(webhookEvents...)), Required: true},
		siteconfig.Member{Name: "headers", Shape: headersShape()},
		siteconfig.Member{Name: "signingUserKey", Shape: siteconfig.Text(0, 64)},
		siteconfig.Member{Name: "version", Shape: siteconfig.OneOf(webhookVersions...)},
		siteconfig.Member{Name: "include", Shape: siteconfig.OneOf("", "params")},
	),
	Check:    checkWebhook,
	Named:    checkWebhookName,
	Refers:   checkSigner,
	Together: checkWebhooks,
	Summary:  "Webhooks: where events are sent.",
}

// webhookVersions are the forms of a notification.
var webhookVersions = []string{"1.0", "1.1", "2.0", "3.0"}

// webhookEvents are what a webhook can be told of: documented, and in recordings.
var webhookEvents = []string{
	"accountCreated", "accountRegistered", "accountUpdated", "accountLoggedIn", "accountDeleted", "accountLockedOut", "accountMerged",
	"accountProgressed", "accountUidChanged", "sitePreferencesReset", "subscriptionUpdated", "consentUpdated", "communicationUpdated",
	"modelCreated", "modelUpdated", "groupCreated", "groupUpdated", "groupDeleted", "memberAdded", "memberUpdated", "memberRemoved",
	"organizationRequested", "organizationEnteredDraftStage", "organizationEnteredApprovalWorkflow", "organizationActivated",
	"organizationSuspended", "organizationRejected", "organizationWorkflowEnabled", "organizationDeleted", "organizationUpdated",
	"organizationMemberAdded", "organizationMemberRemoved",
}

func checkWebhook(doc json.RawMessage) error {
	events, _ := document.Member(doc, "events")
	var some bool
	_ = document.Elements(events, func([]byte) bool { some = true; return false })
	if !some {
		return gigya.InvalidArgumentBecause("events", "there must be one at least")
	}
	return nil
}

func checkWebhookName(name string, _ json.RawMessage) error {
	const longest = 100
	if len(name) > longest {
		return gigya.InvalidArgumentBecause("name", "has at most 100 bytes")
	}
	return nil
}

// checkSigner refuses a signing key that is not a live one of the site's partner with a secret.
func checkSigner(tx store.Tx, s *site.Site, doc json.RawMessage) error {
	userKey := textOf(doc, "signingUserKey")
	if userKey == "" {
		return nil
	}
	key, err := tx.Key(userKey)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	if err != nil || key.Disabled || key.Revoked != 0 || key.Partner != s.Site.Partner || len(key.Secret) == 0 {
		return gigya.InvalidArgumentBecause("signingUserKey", "must be a user key or application of the partner that is in use and has a secret")
	}
	return nil
}

// checkWebhooks keeps a URL, whose letter case counts, to one webhook.
func checkWebhooks(_ string, doc json.RawMessage, others []siteconfig.Entry) error {
	url := textOf(doc, "url")
	for _, other := range others {
		if textOf(other.Document, "url") == url {
			return gigya.NewError(gigya.UniqueIdentifierExists, "url: another webhook of the site has it")
		}
	}
	return nil
}

// textOf is the text of a member of a document; empty: it has none.
func textOf(doc json.RawMessage, name string) string {
	raw, _ := document.Member(doc, name)
	text, _ := document.Text(raw)
	return text
}

// webhookID is the id of a webhook, in the form of a UUID.
func webhookID(owner, name string) string {
	d := derivedID("webhook", owner, name)
	return strings.Join([]string{d[:8], d[8:12], d[12:16], d[16:20], d[20:]}, "-")
}

// events reads the parameter events: a JSON array, or a comma list.
func events(text string) (document.Value, error) {
	text = strings.TrimSpace(text)
	if strings.HasPrefix(text, "[") {
		return jsonArray("events", text)
	}
	var names []document.Value
	for _, name := range strings.Split(text, ",") {
		if name = strings.TrimSpace(name); name != "" {
			names = append(names, document.String(name))
		}
	}
	return document.ArrayOf(slices.Clip(names)...), nil
}
