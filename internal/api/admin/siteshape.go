package admin

import (
	"errors"
	"net/url"
	"strings"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/site"
	"github.com/doorward/doorward/internal/siteconfig"
)

// Shapes of the objects of a site's configuration. Members that they do not name are kept.
var (
	captchaProviders = siteconfig.OneOf("Google", "FunCaptcha")
	anyObject        = siteconfig.AnyObject(64 << 10)
	settingsShape    = siteconfig.Object(
		siteconfig.Member{Name: "CNAME", Shape: siteconfig.Text(0, 253)},
		siteconfig.Member{Name: "shortURLDomain", Shape: siteconfig.Text(0, 253)},
		siteconfig.Member{Name: "shortURLRedirMethod", Shape: siteconfig.Text(0, 32)},
		siteconfig.Member{Name: "encryptPII", Shape: siteconfig.Flag()},
	)
	groupShape = siteconfig.Object(
		siteconfig.Member{Name: "enableSSO", Shape: siteconfig.Flag()},
		siteconfig.Member{Name: "SSOSegment", Shape: siteconfig.Text(0, 64)},
	)
	servicesShape = siteconfig.AnyObject(64 << 10)
	gigyaShape    = siteconfig.Object(
		siteconfig.Member{Name: "dsSize", Shape: siteconfig.Text(0, 64)},
		siteconfig.Member{Name: "enableSSLForCNAME", Shape: siteconfig.Flag()},
		siteconfig.Member{Name: "customAPIDomainPrefix", Shape: siteconfig.TextThat("a label of a domain, such as login", validDomainLabel)},
	)
)

// maxPatterns bounds the patterns of one list.
const maxPatterns = 1000

// patterns reads a JSON array of patterns of pages; the error has the path of the first that is none.
func patterns(name, text string) ([]string, error) {
	list, err := textList(name, text)
	if err != nil {
		return nil, err
	}
	if len(list) > maxPatterns {
		return nil, gigya.InvalidArgumentBecause(name, "at most 1000 patterns")
	}
	for i, pattern := range list {
		if _, err := site.ParseTrustedURL(pattern); err != nil {
			return nil, gigya.InvalidArgumentBecause(element(name, i), err.Error())
		}
	}
	return list, nil
}

func checkWebAddress(text string) error {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil {
		return errors.New("want an address that begins with http:// or https://")
	}
	return nil
}

func checkDomainLabel(text string) error {
	if !validDomainLabel(text) {
		return errors.New("want a label of a domain, such as login")
	}
	return nil
}

// validDomainLabel tells whether the text can stand before the dot of a domain; an empty one is none set.
func validDomainLabel(text string) bool {
	const longest = 63
	return len(text) <= longest && !strings.HasPrefix(text, "-") && !strings.HasSuffix(text, "-") &&
		strings.Trim(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-") == ""
}
