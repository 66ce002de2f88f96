package accounts

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/netip"
	"net/url"
	"strings"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/consent"
	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/method"
	"github.com/doorward/doorward/internal/siteconfig"
	"github.com/doorward/doorward/internal/store"
)

// Kinds are the configuration objects of the folder's methods. Mail templates are none of them: they are policies.
func Kinds() []*siteconfig.Kind {
	return []*siteconfig.Kind{
		screenSetKind, smsTemplatesKind, webhookKind, extensionKind,
		consent.Kind, rbaPolicyKind, riskAssessmentKind, channelKind, topicKind,
	}
}

// headersShape are HTTP headers that an operator adds to what the server sends. Their values are secrets as a rule.
func headersShape() *siteconfig.Shape {
	const most, longest = 20, 4096
	return siteconfig.List(most, siteconfig.Object(
		siteconfig.Member{Name: "name", Required: true, Shape: siteconfig.TextThat(
			"the name of a header that is not the server's own", ownHeader)},
		siteconfig.Member{Name: "value", Required: true, Shape: siteconfig.TextThat(
			"a text of at most 4096 bytes without control characters", func(text string) bool {
				return len(text) <= longest && !strings.ContainsFunc(text, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f })
			})},
	))
}

// ownHeader tells whether an operator may set the header: it is a token of HTTP, and none that the server or the connection
// depends on.
func ownHeader(name string) bool {
	const longest = 128
	if name == "" || len(name) > longest || strings.Trim(name,
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!#$%&'*+-.^_`|~") != "" {
		return false
	}
	switch folded := strings.ToLower(name); folded {
	case "host", "content-type", "content-length", "content-encoding", "transfer-encoding", "connection", "te", "trailer", "upgrade",
		"expect", "keep-alive", "proxy-connection":
		return false
	default:
		return !strings.HasPrefix(folded, "x-gigya-sig-")
	}
}

// targetShape is a URL that the server calls: https, or http on the machine itself.
func targetShape() *siteconfig.Shape {
	return siteconfig.TextThat("an https URL of at most 2048 bytes with a host, without user, password and fragment (http for the machine itself)", isTarget)
}

func isTarget(text string) bool {
	const longest = 2048
	u, err := url.Parse(text)
	if err != nil || len(text) > longest || u.Hostname() == "" || u.User != nil || u.Fragment != "" || u.Opaque != "" ||
		strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r == 0x7f || r == '\\' }) {
		return false
	}
	return u.Scheme == "https" || u.Scheme == "http" && isLoopback(u.Hostname())
}

// isLoopback tells whether the host of a URL is the machine itself.
func isLoopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	address, err := netip.ParseAddr(host)
	return err == nil && address.IsLoopback()
}

// derivedID is the id of a named object: the same text for the same object, so that it needs no place in the object itself.
// It is of 32 hexadecimal digits.
func derivedID(kind, owner, name string) string {
	sum := sha256.Sum256([]byte(kind + "|" + owner + "|" + name))
	return hex.EncodeToString(sum[:16])
}

// ownerOf is the API key of the site that stored the entry: the call's own, or the parent of its group.
func ownerOf(c *method.Invocation, e *siteconfig.Entry) string {
	if e.Own {
		return c.Site.APIKey
	}
	return c.Site.Group
}

// jsonArray is a parameter that holds a JSON array; other texts are 400004.
func jsonArray(name, text string) (document.Value, error) {
	v, err := document.Parse([]byte(text))
	if err != nil || v.Kind() != document.KindArray {
		return document.Value{}, gigya.InvalidFormat(name, "want a JSON array")
	}
	return v, nil
}

// shownHeaders returns headers as the caller may see them: the values only if it may also set them, at the site that has.
func (d Deps) shownHeaders(
	ctx context.Context, c *method.Invocation, k *siteconfig.Kind, owner string, doc json.RawMessage, setter string,
) (*document.Object, error) {
	may, err := c.MayAt(ctx, d.Sites, owner, setter)
	if err != nil {
		return nil, err
	}
	if !may {
		doc = k.WithoutSecrets(doc)
	}
	return document.ParseObject(doc)
}

// notFound turns a missing object into 404000.
func notFound(err error, what string) error {
	if errors.Is(err, store.ErrNotFound) {
		return gigya.NewError(gigya.NotFound, "There is no "+what+" of this name")
	}
	return err
}
