package admin

import (
	"context"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/method"
	"github.com/doorward/doorward/internal/siteconfig"
	"github.com/doorward/doorward/internal/store"
)

// UpdatePartnerParams are the parameters of admin.updatePartner. Those that are not sent change nothing.
type UpdatePartnerParams struct {
	PartnerParams
	DefaultDataCenter string `param:"defaultDataCenter"`
	// IsEnabled is false for a partner whose sites and keys are all refused.
	IsEnabled *bool `param:"isEnabled"`
	IsTrial   *bool `param:"isTrial"`
	// IsMigratedToSoa is kept and shown again.
	IsMigratedToSoa *bool  `param:"isMigratedToSoa"`
	TenantID        string `param:"tenantID,len=128"`
	// Services is a JSON object that is laid over the stored one, null taking a member away.
	Services string `param:"services,len=65536"`
	// AuditRetention is how long audit records are kept, in months.
	AuditRetention *int64 `param:"auditRetention,min=1,max=1200"`
	// CustomData is a JSON object {websiteURL, companyName} that is laid over the stored one.
	CustomData string `param:"customData,len=65536"`
}

var customDataShape = siteconfig.Object(
	siteconfig.Member{Name: "websiteURL", Shape: siteconfig.Text(0, 2048)},
	siteconfig.Member{Name: "companyName", Shape: siteconfig.Text(0, 256)},
)

// updatePartner serves admin.updatePartner: it changes settings of a partner.
//
// Servers may call. Only what is sent changes, and all of it or none. A value that cannot be is 400006. isEnabled=false refuses the caller's
// next call too: the command line enables a partner again.
//
// Source: a client in TypeScript. customData is ours.
func updatePartner(d Deps) *method.Method {
	spec := changing(aboutPartner("admin.updatePartner", "Changes settings of a partner."))
	return method.New(spec, func(ctx context.Context, c *method.Call[UpdatePartnerParams]) (method.None, error) {
		p := &c.Params
		owner, err := d.partner(ctx, c.Invocation, p.PartnerID)
		if err != nil {
			return method.None{}, err
		}
		sent, err := d.readPartnerChange(p)
		if err != nil {
			return method.None{}, err
		}
		return method.None{}, d.changePartner(ctx, c.Invocation, owner.ID, func(record *store.Partner, own *document.Object) error {
			if p.IsEnabled != nil {
				record.Disabled = !*p.IsEnabled
			}
			for name, value := range sent.All() {
				own.Set(name, laidOver(own, name, value))
			}
			return nil
		})
	})
}

// laidOver is the value; an object is laid over the one that is stored under the name, null taking a member away.
func laidOver(own *document.Object, name string, value document.Value) document.Value {
	present, set := own.Get(name)
	if value.Kind() != document.KindObject {
		return value
	}
	merged := &document.Object{}
	if set && present.Kind() == document.KindObject {
		merged = present.Object()
	}
	document.MergeFlat(merged, value.Object())
	return document.FromObject(merged)
}

// readPartnerChange returns what goes into the configuration.
func (d Deps) readPartnerChange(p *UpdatePartnerParams) (*document.Object, error) {
	sent := &document.Object{}
	if p.DefaultDataCenter != "" {
		if !d.knownDataCenter(p.DefaultDataCenter) {
			return nil, gigya.InvalidArgumentBecause(memberDefaultDataCenter, "Datacenter is invalid")
		}
		sent.Set(memberDefaultDataCenter, document.String(p.DefaultDataCenter))
	}
	for _, flag := range []struct {
		name  string
		value *bool
	}{{memberIsTrial, p.IsTrial}, {memberMigrated, p.IsMigratedToSoa}} {
		if flag.value != nil {
			sent.Set(flag.name, document.Boolean(*flag.value))
		}
	}
	if p.TenantID != "" {
		sent.Set(memberTenantID, document.String(p.TenantID))
	}
	if p.AuditRetention != nil {
		sent.Set(memberAuditRetention, document.Int(*p.AuditRetention))
	}
	for _, o := range []struct {
		name, text string
		shape      *siteconfig.Shape
	}{{memberServices, p.Services, servicesShape}, {memberCustomData, p.CustomData, customDataShape}} {
		if o.text == "" {
			continue
		}
		value, err := parsed(o.name, o.text)
		if err != nil {
			return nil, err
		}
		if err := o.shape.Check(o.name, value); err != nil {
			return nil, err
		}
		sent.Set(o.name, value)
	}
	return sent, nil
}
