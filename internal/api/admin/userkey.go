package admin

import (
	"cmp"
	"context"
	"errors"
	"net/mail"
	"strings"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/method"
	"github.com/doorward/doorward/internal/site"
	"github.com/doorward/doorward/internal/store"
)

// UserKey is a user key or an application as answers show it.
type UserKey struct {
	UserKey string `json:"userKey"`
	// Secret is there for those who asked for it and may see it.
	Secret      string `json:"secret,omitempty"`
	Name        string `json:"name"`
	Description string `json:"description"`
	// Email is that of a person.
	Email   string `json:"email,omitempty"`
	KeyType string `json:"keyType,omitempty"`
	// OwnerPartnerID is the partner of an application.
	OwnerPartnerID int64  `json:"ownerPartnerID,omitempty"`
	Created        string `json:"created"`
	// The members below are ours. Enabled is false for a key whose calls are refused; RSA tells that it may show bearer tokens.
	Enabled    bool     `json:"enabled"`
	RSA        bool     `json:"hasPublicKey"`
	AllowedIPs []string `json:"allowedIPs,omitempty"`
	// PreviousSecretUntil is how long the secret before the last rotation is good.
	PreviousSecretUntil string `json:"previousSecretUntil,omitempty"`
	// PrivateKey and PrivateKeyPKCS8 are the private half of a pair that was just made, in the two forms that clients read.
	PrivateKey      string `json:"privateKey,omitempty"`
	PrivateKeyPKCS8 string `json:"privateKeyPKCS8,omitempty"`
}

// UserKeyResult is the answer of methods about one key.
type UserKeyResult struct {
	User *UserKey `json:"user"`
}

// Members of a key's stored configuration.
const (
	memberEmail   = "email"
	memberKeyType = "keyType"
)

// viewKey shows the key without its secret.
func viewKey(k *store.Key) (*UserKey, error) {
	own, err := document.ParseStored(k.Config)
	if err != nil {
		return nil, err
	}
	read := config{own}
	v := &UserKey{
		UserKey: k.UserKey, Name: k.Name, Description: k.Description, Email: read.text(memberEmail), KeyType: read.text(memberKeyType),
		Created: k.Created.ISO(), Enabled: !k.Disabled, RSA: k.PublicKey != nil,
	}
	if k.Kind == store.KindApplication {
		v.OwnerPartnerID = k.Partner
	}
	if k.PreviousUntil != 0 {
		v.PreviousSecretUntil = k.PreviousUntil.ISO()
	}
	if list, set := own.Get(site.AllowedIPsMember); set {
		v.AllowedIPs, err = textsOf(site.AllowedIPsMember, list)
	}
	return v, err
}

// TargetParams name the key that a call is about.
type TargetParams struct {
	// PartnerID is the partner of the key; absent: the caller's own.
	PartnerID int64 `param:"partnerID"`
	// TargetUserKey is the key.
	TargetUserKey string `param:"targetUserKey,required"`
}

// partnerOrOwn is [Deps.partner] for a call that need not name it.
func (d Deps) partnerOrOwn(ctx context.Context, c *method.Invocation, id int64) (*site.Partner, error) {
	if id == 0 {
		id = ownPartner(c)
	}
	return d.partner(ctx, c, id)
}

// noKey is the answer to a key that there is not, or not in a partner that the caller acts for: which of the two is not told.
func noKey() error {
	return gigya.InvalidArgumentBecause("targetUserKey", "there is no such user key")
}

// targetKey reads the key in the transaction.
func targetKey(tx store.Tx, partner int64, userKey string) (*store.Key, error) {
	k, err := tx.Key(userKey)
	if errors.Is(err, store.ErrNotFound) || err == nil && (k.Partner != partner || k.Revoked != 0) {
		return nil, noKey()
	}
	return k, err
}

// changeKey changes the key of the call in one transaction. The change is told the record; what it leaves is stored.
func (d Deps) changeKey(ctx context.Context, c *method.Invocation, p TargetParams, change func(tx store.Tx, k *store.Key) error) error {
	owner, err := d.partnerOrOwn(ctx, c, p.PartnerID)
	if err != nil {
		return err
	}
	return d.change(ctx, c, func(tx store.Tx) error {
		k, err := targetKey(tx, owner.ID, p.TargetUserKey)
		if err != nil {
			return err
		}
		if err := change(tx, k); err != nil {
			return err
		}
		return tx.PutKey(k)
	})
}

// checkTakeover refuses who would come by the rights of a stronger key: by seeing its secret, or by giving it one that the caller knows.
func (d Deps) checkTakeover(ctx context.Context, c *method.Invocation, partner int64, userKey string) error {
	if c.Caller.Key == nil || c.Caller.Key.UserKey == userKey {
		return nil
	}
	target, err := d.Sites.Key(ctx, userKey)
	if errors.Is(err, store.ErrNotFound) || err == nil && target.Partner != partner {
		return noKey()
	}
	if err != nil {
		return err
	}
	partners, err := d.Sites.PartnersOf(ctx, target)
	if err != nil {
		return err
	}
	for _, id := range partners { // A person may belong to several.
		h, err := d.holder(ctx, c, id)
		if err != nil {
			return err
		}
		if covered, err := h.coversKey(ctx, d, target); err != nil || !covered {
			return cmp.Or(err, beyond("targetUserKey"))
		}
	}
	return nil
}

// setMember puts a text into a configuration; an empty one takes the member away.
func setMember(o *document.Object, name, text string) {
	if text == "" {
		o.Delete(name)
		return
	}
	o.Set(name, document.String(text))
}

// checkEmail refuses what is no address.
func checkEmail(name, text string) error {
	const longest = 254
	address, err := mail.ParseAddress(text)
	if err != nil || address.Address != text || len(text) > longest || strings.ContainsAny(text, " <>\"") {
		return gigya.InvalidArgumentBecause(name, "want an e-mail address")
	}
	return nil
}
