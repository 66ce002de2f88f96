package admin

import (
	"context"
	"encoding/json"

	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/method"
	"github.com/doorward/doorward/internal/store"
)

// RiskProvidersSetConfigParams are the parameters of admin.riskProviders.setConfig.
type RiskProvidersSetConfigParams struct {
	// Config is {configType, config}, in which config is an object, or text that is one: JSON in JSON.
	Config string `param:"config,required,len=65536"`
}

// riskProvidersSetConfig serves admin.riskProviders.setConfig: it keeps the settings of an external risk provider.
//
// Servers may call. What is no JSON object is 400004, a member of another type 400006 with its path.
//
// Source: the toolkit, which sends JSON inside JSON.
func riskProvidersSetConfig(d Deps) *method.Method {
	spec := changing(aboutSite("admin.riskProviders.setConfig", "Keeps the settings of an external risk provider."))
	spec.Partial = "stored; there is no such provider here"
	return method.New(spec, func(ctx context.Context, c *method.Call[RiskProvidersSetConfigParams]) (method.None, error) {
		doc, err := parsedObject("config", c.Params.Config)
		if err != nil {
			return method.None{}, err
		}
		if inner, _ := doc.Get("config"); inner.Kind() == document.KindString {
			read, err := parsedObject("config.config", inner.Str())
			if err != nil {
				return method.None{}, err
			}
			doc.Set("config", document.FromObject(read))
		}
		return method.None{}, d.change(ctx, c.Invocation, func(tx store.Tx) error {
			return d.Config.Put(tx, c.Site, riskProvidersKind, "", json.RawMessage(doc.JSON()))
		})
	})
}
