package admin

import (
	"context"
	"strconv"

	"github.com/doorward/doorward/internal/method"
)

// CaptchaConfigResult is the answer of admin.captcha.getConfig.
type CaptchaConfigResult struct {
	Config []CaptchaKeys `json:"Config"`
}

// CaptchaKeys are the keys of one type of CAPTCHA.
type CaptchaKeys struct {
	Type   int    `json:"Type"`
	Key    string `json:"Key"`
	Secret string `json:"Secret"`
}

// shownCaptchaTypes are the types that are always there.
const shownCaptchaTypes = 4

// captchaGetConfig serves admin.captcha.getConfig: it returns the CAPTCHA keys of a site.
//
// Servers may call. The types 1 to 4 are always there, with empty texts for what is not set: reCAPTCHA v2, invisible, v3, and
// FunCaptcha. The same keys are shown by admin.getSiteConfig as pairs.
//
// Source: the toolkit, with a recorded answer. Which number is which CAPTCHA is not documented.
func captchaGetConfig(d Deps) *method.Method {
	spec := aboutSite("admin.captcha.getConfig", "Returns the CAPTCHA keys of a site.")
	return method.New(spec, func(ctx context.Context, c *method.Call[method.None]) (*CaptchaConfigResult, error) {
		keys, err := d.captchaKeys(ctx, c.Site, false)
		if err != nil {
			return nil, err
		}
		result := &CaptchaConfigResult{}
		for kind := 1; kind <= maxCaptchaType; kind++ {
			v, set := keys.Get(strconv.Itoa(kind))
			if set || kind <= shownCaptchaTypes {
				result.Config = append(result.Config, CaptchaKeys{Type: kind, Key: member(v, "Key"), Secret: member(v, "Secret")})
			}
		}
		return result, nil
	})
}
