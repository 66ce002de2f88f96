package admin

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/method"
	"github.com/doorward/doorward/internal/siteconfig"
	"github.com/doorward/doorward/internal/store"
)

// riskConfigShape is what is known of the settings of a risk provider.
var riskConfigShape = siteconfig.Object(
	siteconfig.Member{Name: "subscriberId", Shape: siteconfig.Text(0, 1024)},
	siteconfig.Member{Name: "account", Shape: siteconfig.Text(0, 1024)},
	siteconfig.Member{Name: "environment", Shape: siteconfig.Whole(0, 1<<31-1)},
	siteconfig.Member{Name: "integrationPoint", Shape: siteconfig.Text(0, 1024)},
)

// riskProvidersKind holds the settings of an external risk provider: {configType, config}.
var riskProvidersKind = &siteconfig.Kind{
	Name: "riskProviders", Of: siteconfig.OfSite, Single: true, Inherit: siteconfig.ParentIfAbsent, Size: 64 << 10,
	Shape: siteconfig.Object(
		siteconfig.Member{Name: "configType", Shape: siteconfig.Whole(0, 1<<31-1)},
		siteconfig.Member{Name: "config", Shape: riskConfigShape, Required: true},
	),
	Summary: "The settings of an external risk provider. They are kept and of no effect.",
}

// RiskProvidersResult is the answer of admin.riskProviders.getConfig.
type RiskProvidersResult struct {
	Config     json.RawMessage `json:"config"`
	ConfigType json.RawMessage `json:"configType"`
	SiteID     int64           `json:"siteId"`
}

// noRiskProvider is what is shown of a site that has set nothing.
const noRiskProvider = `{"subscriberId":"","account":"","environment":0,"integrationPoint":""}`

// riskProvidersGetConfig serves admin.riskProviders.getConfig: it returns the settings of an external risk provider.
//
// Servers may call. There is no such provider here: the settings are kept, so that configurations can be copied.
//
// Source: the toolkit, with a recorded answer.
func riskProvidersGetConfig(d Deps) *method.Method {
	spec := aboutSite("admin.riskProviders.getConfig", "Returns the settings of an external risk provider.")
	return method.New(spec, func(ctx context.Context, c *method.Call[method.None]) (*RiskProvidersResult, error) {
		result := &RiskProvidersResult{Config: json.RawMessage(noRiskProvider), ConfigType: json.RawMessage("0"), SiteID: c.Site.SiteID}
		text, err := d.Config.Get(ctx, c.Site, riskProvidersKind, "")
		if errors.Is(err, store.ErrNotFound) {
			return result, nil
		}
		if err != nil {
			return nil, err
		}
		if config, ok := document.Member(text, "config"); ok {
			result.Config = config
		}
		if kind, ok := document.Member(text, "configType"); ok {
			result.ConfigType = kind
		}
		return result, nil
	})
}
