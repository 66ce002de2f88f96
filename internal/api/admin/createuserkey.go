package admin

import (
	"context"
	"strings"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/method"
	"github.com/doorward/doorward/internal/site"
	"github.com/doorward/doorward/internal/store"
)

// CreateUserKeyParams are the parameters of admin.createUserKey.
type CreateUserKeyParams struct {
	// Name is how the key is shown.
	Name        string `param:"name,required,len=256"`
	Description string `param:"description"`
	// KeyType is a label: applications are made with highRate.
	KeyType string `param:"keyType,len=64"`
	// OwnerPartnerID makes the key an application of the partner; without it the key is a person's, of the caller's partner.
	OwnerPartnerID int64 `param:"ownerPartnerId"`
	// Email is that of the person.
	Email string `param:"email"`
	// PublicKey is the PEM text of an RSA public key for bearer tokens; CreateKeyPair makes a pair and hands the private half out once.
	PublicKey     string `param:"publicKey,len=16384"`
	CreateKeyPair bool   `param:"createKeyPair"`
}

// createUserKey serves admin.createUserKey: it makes an application, or a user key, with its secret.
//
// Servers may call. The key may do nothing until it is in a permission group. A name that is empty is 400002, one that cannot be one, a
// public key that is none, and both a public key and a pair to be made are 400006.
//
// Sources: public scripts that make applications, which read user.userKey; the guide to application keys.
//
// Differs: user.secret, publicKey, createKeyPair and the private keys in the answer are not documented: the original's console makes
// pairs.
func createUserKey(d Deps) *method.Method {
	spec := changing(aboutPartner("admin.createUserKey", "Creates an application or a user key."))
	return method.New(spec, func(ctx context.Context, c *method.Call[CreateUserKeyParams]) (*UserKeyResult, error) {
		p := &c.Params
		owner, err := d.partnerOrOwn(ctx, c.Invocation, p.OwnerPartnerID)
		if err != nil {
			return nil, err
		}
		key, err := d.newUserKey(owner.ID, p)
		if err != nil {
			return nil, err
		}
		err = d.change(ctx, c.Invocation, func(tx store.Tx) error { return tx.PutKey(key.Record) })
		if err != nil {
			return nil, err
		}
		return shownOnce(key)
	})
}

// shownOnce is the answer to who has just made the key.
func shownOnce(key *site.NewKey) (*UserKeyResult, error) {
	v, err := viewKey(key.Record)
	if err != nil {
		return nil, err
	}
	v.Secret, v.PrivateKey, v.PrivateKeyPKCS8 = key.Secret, key.PKCS1, key.PKCS8
	return &UserKeyResult{User: v}, nil
}

func (d Deps) newUserKey(partner int64, p *CreateUserKeyParams) (*site.NewKey, error) {
	if strings.TrimSpace(p.Name) == "" {
		return nil, gigya.MissingParameter("name")
	}
	o := site.KeyOptions{Partner: partner, Kind: store.KindUser, Name: p.Name, Description: p.Description, RSA: p.CreateKeyPair}
	if p.OwnerPartnerID != 0 {
		o.Kind = store.KindApplication
	}
	if p.PublicKey != "" {
		if p.CreateKeyPair {
			return nil, gigya.InvalidArgumentBecause("createKeyPair", "must not be sent together with publicKey")
		}
		der, err := site.ParsePublicKey(p.PublicKey)
		if err != nil {
			return nil, gigya.InvalidArgumentBecause("publicKey", err.Error())
		}
		o.PublicKey = der
	}
	if p.Email != "" {
		if err := checkEmail("email", p.Email); err != nil {
			return nil, err
		}
	}
	config := &document.Object{}
	setMember(config, memberEmail, p.Email)
	setMember(config, memberKeyType, p.KeyType)
	o.Config = jsonOf(config)
	key, err := d.Factory.NewKey(o)
	if err != nil {
		return nil, gigya.InvalidArgumentBecause("name", err.Error())
	}
	return key, nil
}
