package admin

import (
	"context"
	"slices"
	"strings"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/method"
	"github.com/doorward/doorward/internal/site"
	"github.com/doorward/doorward/internal/store"
)

// CreateSiteParams are the parameters of admin.createSite.
type CreateSiteParams struct {
	PartnerParams
	// BaseDomain is the site's name: as a rule a bare domain, but any text will do.
	BaseDomain  string `param:"baseDomain,required"`
	Description string `param:"description"`
	// DataCenter is the site's label for life; absent: the partner's, else the server's.
	DataCenter string `param:"dataCenter"`
	// IsGlobalSite and SecondaryDataCenters are kept and shown again.
	IsGlobalSite         bool   `param:"isGlobalSite"`
	SecondaryDataCenters string `param:"secondaryDataCenters,len=8192"`
}

// CreateSiteResult is the answer of admin.createSite.
type CreateSiteResult struct {
	APIKey string `json:"apiKey"`
	SiteID int64  `json:"siteID"`
}

// createSite serves admin.createSite: it makes a site, which the very next call can use.
//
// Servers may call. Two sites of one base domain are no error: scripts ask getUserSites first. An unknown data center is 400006
// with the recorded text, and so is a base domain that cannot be one.
//
// Sources: the site deployer of the original's toolkit, with its recorded answers; public scripts.
//
// Differs: an unknown data center is 400006 and not 500001, which clients take for a passing fault and repeat twenty times.
func createSite(d Deps) *method.Method {
	spec := changing(aboutPartner("admin.createSite", "Creates a site."))
	return method.New(spec, func(ctx context.Context, c *method.Call[CreateSiteParams]) (*CreateSiteResult, error) {
		record, err := d.newSite(ctx, c)
		if err != nil {
			return nil, err
		}
		err = d.change(ctx, c.Invocation, func(tx store.Tx) error { return tx.PutSite(record) })
		if err != nil {
			return nil, err
		}
		return &CreateSiteResult{APIKey: record.APIKey, SiteID: record.SiteID}, nil
	})
}

func (d Deps) newSite(ctx context.Context, c *method.Call[CreateSiteParams]) (*store.Site, error) {
	p := &c.Params
	owner, err := d.partner(ctx, c.Invocation, p.PartnerID)
	if err != nil {
		return nil, err
	}
	if p.DataCenter == "" {
		if p.DataCenter = partnerConfig(owner).text(memberDefaultDataCenter); p.DataCenter == "" {
			p.DataCenter = d.DataCenter
		}
	}
	if !d.knownDataCenter(p.DataCenter) {
		return nil, gigya.NewError(gigya.InvalidParameterValue, "Datacenter is invalid")
	}
	record, err := d.Factory.NewSite(site.SiteOptions{
		Partner: owner.ID, BaseDomain: p.BaseDomain, Description: p.Description, DataCenter: strings.ToLower(p.DataCenter),
	})
	if err != nil {
		return nil, gigya.InvalidArgumentBecause("baseDomain", err.Error())
	}
	config := &document.Object{}
	if p.IsGlobalSite {
		config.Set("isGlobalSite", document.Boolean(true))
	}
	if p.SecondaryDataCenters != "" {
		list, err := d.secondaryDataCenters(p.SecondaryDataCenters)
		if err != nil {
			return nil, err
		}
		global := &document.Object{}
		global.Set("secondaryDatacenters", list)
		config.Set("globalSiteSettings", document.FromObject(global))
	}
	record.Config = jsonOf(config)
	return record, nil
}

// originalDataCenters are the labels of the original's data centers.
var originalDataCenters = []string{"us1", "eu1", "eu2", "au1", "cn1", "ru1", "il1", "global"}

// knownDataCenter tells whether a site may have the label, in any letter case.
func (d Deps) knownDataCenter(label string) bool {
	label = strings.ToLower(label)
	return label == d.DataCenter || slices.Contains(originalDataCenters, label) || slices.Contains(d.DataCenters, label)
}

func (d Deps) secondaryDataCenters(text string) (document.Value, error) {
	list, err := textList("secondaryDataCenters", text)
	if err != nil {
		return document.Value{}, err
	}
	for i, label := range list {
		if !d.knownDataCenter(label) {
			return document.Value{}, gigya.InvalidArgumentBecause(element("secondaryDataCenters", i), "Datacenter is invalid")
		}
	}
	return document.Texts(list), nil
}
