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

// SetUserKeyInfoParams are the parameters of admin.setUserKeyInfo. Those that are not sent change nothing.
type SetUserKeyInfoParams struct {
	TargetParams
	Name        *string `param:"name,len=256"`
	Description *string `param:"description"`
	Email       *string `param:"email"`
	KeyType     *string `param:"keyType,len=64"`
	// Enabled is false for a key whose calls are refused until it is enabled again.
	Enabled *bool `param:"enabled"`
	// PublicKey is the PEM text of an RSA public key; empty: the key has none any more.
	PublicKey *string `param:"publicKey,len=16384"`
	// AllowedIPs is a JSON array of the networks that calls of the key may come from; an empty one lifts the limit.
	AllowedIPs string `param:"allowedIPs,len=65536"`
	// Force sets networks that the caller itself is not in.
	Force bool `param:"force"`
}

// setUserKeyInfo serves admin.setUserKeyInfo: it changes an application or a user key. The change holds for its next call.
//
// Servers may call. A key that there is not, or that belongs to another partner, is 400006; so is the last one of the group _admins, if it is to
// be disabled, and networks that would shut the caller out, without force=true. A public key, other networks and enabled=true for a key that
// holds more than the caller are 403007.
func setUserKeyInfo(d Deps) *method.Method {
	spec := changing(extension(aboutPartner("admin.setUserKeyInfo", "Changes an application or a user key.")))
	return method.New(spec, func(ctx context.Context, c *method.Call[SetUserKeyInfoParams]) (method.None, error) {
		p := &c.Params
		change, err := readKeyChange(c)
		if err != nil {
			return method.None{}, err
		}
		if p.opens() {
			owner, err := d.partnerOrOwn(ctx, c.Invocation, p.PartnerID)
			if err != nil {
				return method.None{}, err
			}
			if err := d.checkTakeover(ctx, c.Invocation, owner.ID, p.TargetUserKey); err != nil {
				return method.None{}, err
			}
		}
		return method.None{}, d.changeKey(ctx, c.Invocation, p.TargetParams, func(tx store.Tx, k *store.Key) error {
			if p.Enabled != nil && !*p.Enabled && !k.Disabled {
				if err := checkAdminsWithout(tx, k, "enabled"); err != nil {
					return err
				}
			}
			return change.apply(k)
		})
	})
}

// opens tells whether somebody could call as the key after the change who could not before.
func (p *SetUserKeyInfoParams) opens() bool {
	return p.PublicKey != nil && *p.PublicKey != "" || p.Enabled != nil && *p.Enabled || p.AllowedIPs != ""
}

// keyChange is what a call changes of a key, checked.
type keyChange struct {
	params *SetUserKeyInfoParams
	public []byte
	// networks are the allowed ones; nil: they stay.
	networks []string
}

func readKeyChange(c *method.Call[SetUserKeyInfoParams]) (*keyChange, error) {
	p := &c.Params
	change := &keyChange{params: p}
	if p.Name != nil {
		if err := site.CheckKeyName(*p.Name); err != nil || strings.TrimSpace(*p.Name) == "" {
			return nil, gigya.InvalidArgumentBecause("name", "want 1 to 256 characters and no control characters")
		}
	}
	if p.Email != nil && *p.Email != "" {
		if err := checkEmail("email", *p.Email); err != nil {
			return nil, err
		}
	}
	var err error
	if p.PublicKey != nil && *p.PublicKey != "" {
		if change.public, err = site.ParsePublicKey(*p.PublicKey); err != nil {
			return nil, gigya.InvalidArgumentBecause("publicKey", err.Error())
		}
	}
	if p.AllowedIPs != "" {
		if change.networks, err = readNetworks(p.AllowedIPs); err != nil {
			return nil, err
		}
		self := c.Caller.Key != nil && c.Caller.Key.UserKey == p.TargetUserKey
		if self && !p.Force {
			if err := checkNotShutOut(c.Invocation, change.networks); err != nil {
				return nil, err
			}
		}
	}
	return change, nil
}

func (c *keyChange) apply(k *store.Key) error {
	p := c.params
	if p.Name != nil {
		k.Name = *p.Name
	}
	if p.Description != nil {
		k.Description = *p.Description
	}
	if p.Enabled != nil {
		k.Disabled = !*p.Enabled
	}
	if p.PublicKey != nil {
		if c.public == nil && len(k.Secret) == 0 {
			return gigya.InvalidArgumentBecause("publicKey", "the key has no secret, and would have no credential left")
		}
		k.PublicKey = c.public
	}
	own, err := document.ParseStored(k.Config)
	if err != nil {
		return err
	}
	if p.Email != nil {
		setMember(own, memberEmail, *p.Email)
	}
	if p.KeyType != nil {
		setMember(own, memberKeyType, *p.KeyType)
	}
	setNetworks(own, c.networks)
	k.Config = jsonOf(own)
	return nil
}

// jsonOf is the text that is stored of a configuration; nil for an empty one.
func jsonOf(o *document.Object) []byte {
	if o.Len() == 0 {
		return nil
	}
	return o.JSON()
}
