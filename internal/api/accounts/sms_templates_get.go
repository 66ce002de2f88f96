package accounts

import (
	"context"
	"encoding/json"

	"github.com/doorward/doorward/internal/caller"
	"github.com/doorward/doorward/internal/method"
)

// SMSTemplatesResult is the answer of accounts.sms.templates.get.
type SMSTemplatesResult struct {
	// Templates has the members tfa and otp.
	Templates json.RawMessage `json:"templates"`
}

// getSMSTemplates serves accounts.sms.templates.get: the texts of short messages, those of its group's parent or the default
// ones where a site has set none.
//
// Callers: server credentials.
//
// Source: recorded fixtures of the toolkit.
func getSMSTemplates(d Deps) *method.Method {
	spec := method.Spec{
		Name:    "accounts.sms.templates.get",
		Summary: "Returns the texts of short messages.",
		Callers: caller.Server,
	}
	return method.New(spec, func(ctx context.Context, c *method.Call[method.None]) (*SMSTemplatesResult, error) {
		doc, err := d.Config.Get(ctx, c.Site, smsTemplatesKind, "")
		return &SMSTemplatesResult{doc}, err
	})
}
