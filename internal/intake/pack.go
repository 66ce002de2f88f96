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
	texts := append(make([]*string, 0, 16), &a.UID, &a.LoginProvider, &a.SocialProviders, &a.RegSource, &s.PasswordHash, &s.SecretQuestion, &s.SecretAnswerHash, &d.told)
	for _, list := range [][]store.Identifier{d.claims, d.releases, d.identities} {
		for n := range list {
			texts = append(texts, &list[n].Value)
		}
	}
	for n := range d.verified {
		texts = append(texts, &d.verified[n])
	}
	cloneTogether(texts)
	return a.UID
}

// cloneTogether gives the texts memory of their own, one piece for all of them.
func cloneTogether(texts []*string) {
	var b strings.Builder
	total := 0
	for _, text := range texts {
		total += len(*text)
	}
	b.Grow(total)
	for _, text := range texts {
		b.WriteString(*text)
	}
	all := b.String()
	for _, text := range texts {
		*text, all = all[:len(*text)], all[len(*text):]
	}
}
