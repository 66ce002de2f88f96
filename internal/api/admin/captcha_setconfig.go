package admin

import (
	"context"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/method"
	"github.com/doorward/doorward/internal/siteconfig"
	"github.com/doorward/doorward/internal/store"
)

// CaptchaSetConfigParams are the parameters of admin.captcha.setConfig.
type CaptchaSetConfigParams struct {
	// Config is a JSON array as getConfig returns it.
	Config string `param:"Config,required,len=65536"`
}

// captchaEntries is the shape of the parameter Config.
var captchaEntries = siteconfig.List(maxCaptchaType, siteconfig.Object(
	siteconfig.Member{Name: "Type", Shape: siteconfig.Whole(1, maxCaptchaType), Required: true},
	siteconfig.Member{Name: "Key", Shape: siteconfig.Text(0, 1024)},
	siteconfig.Member{Name: "Secret", Shape: siteconfig.Text(0, 1024)},
))

// captchaSetConfig serves admin.captcha.setConfig: it sets the CAPTCHA keys of the types that are sent.
//
// Servers may call. What is no array is 400004 or 400006, a type that is none 400006 with its path; nothing changes then.
//
// Source: the toolkit.
func captchaSetConfig(d Deps) *method.Method {
	spec := changing(aboutSite("admin.captcha.setConfig", "Sets CAPTCHA keys of a site."))
	spec.Partial = "stored; CAPTCHAs are not verified yet"
	return method.New(spec, func(ctx context.Context, c *method.Call[CaptchaSetConfigParams]) (method.None, error) {
		sent, err := captchaTypes(c.Params.Config)
		if err != nil {
			return method.None{}, err
		}
		return method.None{}, d.change(ctx, c.Invocation, func(tx store.Tx) error {
			if sent.Len() == 0 {
				return nil
			}
			return d.putCaptcha(tx, c.Site, sent)
		})
	})
}

// captchaTypes reads the keys by their types.
func captchaTypes(text string) (*document.Object, error) {
	value, err := parsed("Config", text)
	if err != nil {
		return nil, err
	}
	if err := captchaEntries.Check("Config", value); err != nil {
		return nil, err
	}
	sent := &document.Object{}
	for i, item := range value.Items() {
		kind, _ := item.Object().Get("Type")
		name := kind.Num()
		if _, twice := sent.Get(name); twice {
			return nil, gigya.InvalidArgumentBecause(element("Config", i)+".Type", "is there twice")
		}
		sent.Set(name, object("Key", document.String(member(item, "Key")), "Secret", document.String(member(item, "Secret"))))
	}
	return sent, nil
}
