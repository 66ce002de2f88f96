package accounts

import (
	"context"

	"github.com/doorward/doorward/internal/caller"
	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/method"
	"github.com/doorward/doorward/internal/store"
)

// SetSMSTemplatesParams are the parameters of accounts.sms.templates.set.
type SetSMSTemplatesParams struct {
	// Templates has the members tfa and otp, as accounts.sms.templates.get answers them.
	Templates method.Object `param:"templates,required,len=1048576"`
}

// setSMSTemplates serves accounts.sms.templates.set: replaces the texts of short messages.
//
// Callers: server credentials. tfa or otp that is not sent stays; a sent one is replaced whole. A text without {{code}}, or a
// default language without a text for all countries, is 400006 that names the path.
//
// Source: the toolkit, which sends the whole object.
func setSMSTemplates(d Deps) *method.Method {
	spec := method.Spec{
		Name:    "accounts.sms.templates.set",
		Summary: "Replaces the texts of short messages.",
		Callers: caller.Server,
		Write:   true,
		Partial: "stored; short messages are sent later",
	}
	return method.New(spec, func(ctx context.Context, c *method.Call[SetSMSTemplatesParams]) (method.None, error) {
		sent, err := object("templates", c.Params.Templates)
		if err != nil {
			return method.None{}, err
		}
		return method.None{}, d.Store.Change(ctx, func(tx store.Tx) error {
			present, err := d.Config.GetIn(tx, c.Site, smsTemplatesKind, "")
			if err != nil {
				return err
			}
			doc, err := document.ParseObject(present)
			if err != nil {
				return err
			}
			for name, v := range sent.All() {
				doc.Set(name, v)
			}
			if err := d.Config.Put(tx, c.Site, smsTemplatesKind, "", doc.JSON()); err != nil {
				return err
			}
			return c.Succeed(tx)
		})
	})
}
