package admin

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/method"
	"github.com/doorward/doorward/internal/site"
)

// ConsolePartner is a partner as the console's calls show it: unlike everywhere else, names begin with a capital letter.
type ConsolePartner struct {
	PartnerID         int64           `json:"PartnerID"`
	Name              string          `json:"Name"`
	Enabled           bool            `json:"Enabled"`
	Invalidated       bool            `json:"Invalidated"`
	Homepage          string          `json:"Homepage"`
	IsPaying          bool            `json:"IsPaying"`
	IsCDP             bool            `json:"IsCDP"`
	Created           string          `json:"Created"`
	LastUpdated       string          `json:"LastUpdated"`
	DefaultDataCenter string          `json:"DefaultDataCenter"`
	Licenses          json.RawMessage `json:"Licenses"`
	IsMigratedToSoa   bool            `json:"IsMigratedToSoa"`
	IsSapCustomer     bool            `json:"IsSapCustomer"`
	TenantID          string          `json:"TenantID"`
	AuditRetention    int64           `json:"AuditRetention"`
}

// ConsolePartnerEntry is a partner with a status of its own, so that one that cannot be read does not fail the list.
type ConsolePartnerEntry struct {
	Partner      ConsolePartner `json:"partner"`
	ErrorCode    int            `json:"errorCode"`
	StatusCode   int            `json:"statusCode"`
	ErrorMessage string         `json:"errorMessage"`
}

// ConsolePartnersResult is the answer of admin.console.getPartners.
type ConsolePartnersResult struct {
	Partners []ConsolePartnerEntry `json:"partners"`
}

// consoleGetPartners serves admin.console.getPartners: it lists the partners that the caller sees: those in one of whose groups its key
// is.
//
// Servers may call, without an apiKey.
//
// Source: the toolkit, with a recorded answer: clients pass over entries whose errorCode is not 0 or whose IsCDP is true.
func consoleGetPartners(d Deps) *method.Method {
	spec := aboutPartner("admin.console.getPartners", "Lists the partners that the caller sees.")
	spec.Anywhere = true
	return method.New(spec, func(ctx context.Context, c *method.Call[method.None]) (*ConsolePartnersResult, error) {
		ids, err := d.callersPartners(ctx, c.Invocation)
		if err != nil {
			return nil, err
		}
		result := &ConsolePartnersResult{Partners: []ConsolePartnerEntry{}}
		for _, id := range ids {
			p, err := d.Sites.PartnerByID(ctx, id)
			if err != nil {
				return nil, err
			}
			const ok = 200
			result.Partners = append(result.Partners, ConsolePartnerEntry{Partner: d.consolePartner(p), StatusCode: ok, ErrorMessage: "OK"})
		}
		return result, nil
	})
}

func (d Deps) consolePartner(p *site.Partner) ConsolePartner {
	own := partnerConfig(p)
	created := zoneless(p.Created)
	return ConsolePartner{
		PartnerID: p.ID, Name: p.Name, Enabled: !p.Disabled, Homepage: member(customData(p), "websiteURL"), IsPaying: !own.flag(memberIsTrial),
		Created: created, LastUpdated: created, DefaultDataCenter: own.or(memberDefaultDataCenter, d.DataCenter),
		Licenses: licenses(overlaid(services(), own.Object, memberServices)), IsMigratedToSoa: own.flag(memberMigrated),
		TenantID: tenantID(p), AuditRetention: own.number(memberAuditRetention, defaultAuditRetention),
	}
}

// zoneless is a time as this call writes it: without a zone.
func zoneless(t clock.Millis) string { return strings.TrimSuffix(t.ISO(), "Z") }

// licenses are services, with the names that this call has: {accounts: {Enabled, Features}}.
func licenses(services document.Value) json.RawMessage {
	shown := &document.Object{}
	for name, v := range services.Object().All() {
		o := v.Object()
		if o == nil {
			continue
		}
		enabled, _ := o.Get("enabled")
		entry := &document.Object{}
		entry.Set("Enabled", document.Boolean(enabled.Bool()))
		if features, set := o.Get("features"); set {
			entry.Set("Features", features)
		}
		shown.Set(name, document.FromObject(entry))
	}
	return shown.JSON()
}
