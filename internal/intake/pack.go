package intake

import (
	"encoding/json"
	"strings"

	"github.com/doorward/doorward/internal/store"
)

// Pack lets go of the text that the account was read from, and of what its documents took while they grew: for a draft that waits
// among many others. It returns the UID.
func (d *Draft) Pack() (uid string) {
	a := d.Account
	documents := []*json.RawMessage{&a.Emails, &a.LoginIDs, &a.Profile, &a.Data, &a.Preferences, &a.Subscriptions, &a.Internal,
		&a.CustomIdentifiers, &a.Identities, &a.More}
	total := 0
	for _, doc := range documents {
		total += len(*doc)
	}
	all := make([]byte, 0, total)
	for _, doc := range documents {
		if from := len(all); len(*doc) > 0 {
			all = append(all, *doc...)
			*doc = all[from:len(all):len(all)]
		}
	}
	s := &a.Secrets
	for _, text := range []*string{&a.UID, &a.LoginProvider, &a.SocialProviders, &a.RegSource, &s.PasswordHash, &s.SecretQuestion, &s.SecretAnswerHash} {
		*text = strings.Clone(*text)
	}
	for _, list := range [][]store.Identifier{d.claims, d.releases, d.identities} {
		for n := range list {
			list[n].Value = strings.Clone(list[n].Value)
		}
	}
	for n := range d.verified {
		d.verified[n] = strings.Clone(d.verified[n])
	}
	return a.UID
}
