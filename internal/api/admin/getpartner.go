package admin

import (
	"context"
	"encoding/json"
	"strconv"
	"strings"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/method"
	"github.com/doorward/doorward/internal/site"
	"github.com/doorward/doorward/internal/store"
)

// Members of a partner's stored configuration.
const (
	memberIsTrial           = "isTrial"
	memberDefaultDataCenter = "defaultDataCenter"
	memberCustomData        = "customData"
	memberTenantID          = "tenantID"
	memberAuditRetention    = "auditRetention"
	memberMigrated          = "isMigratedToSoa"
)

// defaultAuditRetention is how long audit records are kept, in months, unless the partner says so.
const defaultAuditRetention = 12

// partnerConfig reads the stored configuration of a partner. One that cannot be read is as good as none.
func partnerConfig(p *site.Partner) config {
	own, err := document.ParseStored(p.Config)
	if err != nil {
		own = &document.Object{}
	}
	return config{own}
}

// number is a whole number of the configuration, or what stands in for it.
func (c config) number(name string, instead int64) int64 {
	v, _ := c.Get(name)
	if n, ok := v.Int64(); ok {
		return n
	}
	return instead
}

// or is a text of the configuration, or what stands in for an empty one.
func (c config) or(name, instead string) string {
	if text := c.text(name); text != "" {
		return text
	}
	return instead
}

// customData is what is shown of a partner that set none: its name.
func customData(p *site.Partner) document.Value {
	initial := object("websiteURL", document.String(""), "companyName", document.String(p.Name))
	return overlaid(initial, partnerConfig(p).Object, memberCustomData)
}

// tenantID is what the partner's tenant is called; one that was never named has its id.
func tenantID(p *site.Partner) string {
	return partnerConfig(p).or(memberTenantID, strconv.FormatInt(p.ID, 10))
}

// GetPartnerParams are the parameters of admin.getPartner.
type GetPartnerParams struct {
	PartnerParams
	// Full adds services and customData.
	Full bool `param:"full"`
	// IncludeSecretKeys is true, partial or false; absent: true. What a caller may see is said by its rights, which put their own value
	// in its place.
	IncludeSecretKeys string `param:"includeSecretKeys"`
}

// GetPartnerResult is the answer of admin.getPartner.
type GetPartnerResult struct {
	PartnerID         int64           `json:"partnerID"`
	IsTrial           bool            `json:"isTrial"`
	IsEnabled         bool            `json:"isEnabled"`
	Services          json.RawMessage `json:"services,omitempty"`
	DefaultDataCenter string          `json:"defaultDataCenter"`
	CustomData        json.RawMessage `json:"customData,omitempty"`
	SecretKey         string          `json:"secretKey,omitempty"`
	AuditRetention    int64           `json:"auditRetention"`
	TenantID          string          `json:"tenantID"`
	// PreviousSecretUntil, ours, is how long the secret before the last rotation is good.
	PreviousSecretUntil string `json:"previousSecretUntil,omitempty"`
}

// getPartner serves admin.getPartner: it returns a partner, with its secret or a part of it.
//
// Servers may call. Another partner's number is refused like a missing right. includeSecretKeys that is none of the three is 400006. Every
// call is in the audit log.
//
// Sources: a client in TypeScript; an exported ACL, whose defaultValues for includeSecretKeys force partial.
//
// Differs: how the original masks a secret is not known. Here the first four characters are shown, the rest are asterisks.
func getPartner(d Deps) *method.Method {
	// A write, so that whoever reads the secret is on the record before it is told.
	spec := changing(aboutPartner("admin.getPartner", "Returns a partner, with its secret or a part of it."))
	return method.New(spec, func(ctx context.Context, c *method.Call[GetPartnerParams]) (*GetPartnerResult, error) {
		p, err := d.partner(ctx, c.Invocation, c.Params.PartnerID)
		if err != nil {
			return nil, err
		}
		secret, err := shownSecret(c.Params.IncludeSecretKeys, p.SecretText)
		if err != nil {
			return nil, err
		}
		own := partnerConfig(p)
		result := &GetPartnerResult{
			PartnerID: p.ID, IsTrial: own.flag(memberIsTrial), IsEnabled: !p.Disabled, TenantID: tenantID(p), SecretKey: secret,
			DefaultDataCenter: own.or(memberDefaultDataCenter, d.DataCenter),
			AuditRetention:    own.number(memberAuditRetention, defaultAuditRetention),
		}
		if until := p.Previous.Until(); until != 0 {
			result.PreviousSecretUntil = until.ISO()
		}
		if c.Params.Full {
			result.Services = overlaid(services(), own.Object, memberServices).AppendJSON(nil)
			result.CustomData = customData(p).AppendJSON(nil)
		}
		return result, nil
	})
}

// shownSecret is what of the secret is shown.
func shownSecret(mode, secret string) (string, error) {
	const shown = 4
	switch strings.ToLower(mode) {
	case "", "true":
		return secret, nil
	case "false":
		return "", nil
	case "partial":
		return secret[:min(shown, len(secret))] + strings.Repeat("*", max(len(secret)-shown, 0)), nil
	}
	return "", gigya.InvalidArgumentBecause("includeSecretKeys", "want true, partial or false")
}

// changePartner changes the record of the partner in one transaction; own is its configuration, which is stored anew.
func (d Deps) changePartner(ctx context.Context, c *method.Invocation, id int64, change func(p *store.Partner, own *document.Object) error) error {
	return d.change(ctx, c, func(tx store.Tx) error {
		record, err := tx.Partner(id)
		if err != nil {
			return err
		}
		own, err := document.ParseStored(record.Config)
		if err != nil {
			return err
		}
		if err := change(record, own); err != nil {
			return err
		}
		record.Config = jsonOf(own)
		return tx.PutPartner(record)
	})
}
