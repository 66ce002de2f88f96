package admin

import (
	"context"

	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/method"
)

// GetSiteConfigParams are the parameters of admin.getSiteConfig: what is shown beside the rest.
type GetSiteConfigParams struct {
	// IncludeSiteGroupConfig adds siteGroupConfig, and siteGroupOwner to a child.
	IncludeSiteGroupConfig bool `param:"includeSiteGroupConfig"`
	// IncludeGlobalConf adds the configuration of the web SDK.
	IncludeGlobalConf         bool `param:"includeGlobalConf"`
	IncludeServices           bool `param:"includeServices"`
	IncludeSiteID             bool `param:"includeSiteID"`
	IncludeGigyaSettings      bool `param:"includeGigyaSettings"`
	IncludeGlobalSiteSettings bool `param:"includeGlobalSiteSettings"`
	// ExplicitSiteConfig leaves out what the site did not set itself; ExplicitSiteGroupConfig does so for siteGroupConfig.
	ExplicitSiteConfig      bool `param:"explicitSiteConfig"`
	ExplicitSiteGroupConfig bool `param:"explicitSiteGroupConfig"`
}

// getSiteConfig serves admin.getSiteConfig: it returns the configuration of a site, its members beside those of the envelope.
//
// Servers may call. Of what a child of a site group has not set itself, trustedShareURLs, the CAPTCHA keys, settings and globalConf
// come from the parent. siteGroupConfig is an object whenever it is asked for; members are those of a parent that has some. Members that
// were stored and that this server does not know are shown as they are.
//
// Sources: recorded answers of the original's toolkit and accelerator; a client in TypeScript. Which members a child inherits is not
// documented.
func getSiteConfig(d Deps) *method.Method {
	spec := aboutSite("admin.getSiteConfig", "Returns the configuration of a site.")
	return method.New(spec, func(ctx context.Context, c *method.Call[GetSiteConfigParams]) (*document.Object, error) {
		p := &c.Params
		return d.siteConfig(ctx, c.Site, siteScope{
			group: p.IncludeSiteGroupConfig, globalConf: p.IncludeGlobalConf, services: p.IncludeServices, id: p.IncludeSiteID,
			gigya: p.IncludeGigyaSettings, globalSite: p.IncludeGlobalSiteSettings,
			explicit: p.ExplicitSiteConfig, explicitGroup: p.ExplicitSiteGroupConfig,
		})
	})
}
