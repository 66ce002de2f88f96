package audit

import (
	"strconv"
	"strings"
	"time"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/store"
)

// Values of authType.
const (
	AuthPartnerSecret = "partnerSecret"
	AuthUserKey       = "userKey"
	AuthBearer        = "bearer"
	AuthSession       = "session"
	AuthNone          = "none"
)

// AuthType returns the authType of a caller known by the given means (caller.Caller.Via), with or without a key.
func AuthType(via string, key bool) string {
	switch via {
	case "bearer", "oauth":
		return AuthBearer
	case "userKey", "partnerSecret", "signature":
		if key {
			return AuthUserKey
		}
		return AuthPartnerSecret
	case "session":
		return AuthSession
	}
	return AuthNone
}

// Call is a call that was answered, as the log wants it.
type Call struct {
	Time   clock.Millis
	CallID string
	// Duration is the time from the receipt of the call to the writing of the record; 0: not known.
	Duration time.Duration
	// Method is the canonical name.
	Method string
	// APIKey is that of the site, as found or as named. AtPartner: there is no such site, or the call is about none; the record is in the
	// log of the partner.
	APIKey    string
	AtPartner bool
	// Partner is the owner of the site, or else of the key.
	Partner int64
	// UID is the account concerned; empty: none.
	UID string
	// UserKey is the key that authorised the call, or was claimed to; Key describes it when it was proven.
	UserKey string
	Key     *KeyDetails
	// SourceIP is the address of the client.
	SourceIP string
	// Country is the client's, two letters; empty: not known.
	Country  string
	AuthType string
	Params   *gigya.Params
	// Stranger tells that no server credential was proven: of what anybody may send, little is kept.
	Stranger bool
	// Personal is the rule for personal parameters.
	Personal Personal
	// Err is nil for a success.
	Err *gigya.Error
}

// KeyDetails describes a key. EmailDomain is that of its owner's address; the address itself is never written down.
type KeyDetails struct {
	Name, Description, EmailDomain string
}

// bounds are those of params in a record: more parameters and longer texts than these are left out. Records stay for
// good, so that strangers, who may send as much as they like, are given little room.
type bounds struct {
	// params and bytes are those of the whole, value the bytes of one value.
	params, bytes, value int
}

var (
	boundsOfServers   = bounds{params: 256, bytes: 64 << 10, value: 4096}
	boundsOfStrangers = bounds{params: 64, bytes: 4 << 10, value: 1024}
)

// Record returns the call's audit record. Its members are those of the original's entries, in that order; a text that is
// empty is left out. The last one, duration in milliseconds, is ours.
func (c Call) Record() *store.Audit {
	code, message, details := gigya.Code(0), "OK", ""
	if c.Err != nil {
		code, message, details = c.Err.Code, c.Err.Code.Message(), c.Personal.details(c.Err.Details)
	}
	dst := append(make([]byte, 0, 1024), '{')
	dst = member(dst, "@timestamp", c.Time.ISO())
	dst = member(dst, "callID", c.CallID)
	dst = member(dst, "errCode", strconv.Itoa(int(code)))
	dst = member(dst, "endpoint", c.Method)
	dst = member(dst, "errMessage", message)
	dst = member(dst, "errDetails", details)
	dst = member(dst, "userKey", c.UserKey)
	dst = member(dst, "sourceIP", c.SourceIP)
	dst = append(dst, `"params":`...)
	dst = append(c.appendParams(dst), ',')
	dst = member(dst, "uid", c.UID)
	dst = member(dst, "apikey", c.APIKey)
	dst = append(dst, `"httpReq":{`...)
	if c.Params != nil {
		dst = member(dst, "SDK", bounded(c.Params.Get("sdk")))
	}
	dst = append(end(member(dst, "country", c.Country)), ',')
	if c.Key != nil {
		dst = append(dst, `"userKeyDetails":{`...)
		dst = member(dst, "name", c.Key.Name)
		dst = member(dst, "description", c.Key.Description)
		dst = append(end(member(dst, "emailDomain", c.Key.EmailDomain)), ',')
	}
	dst = member(dst, "authType", c.AuthType)
	if c.Duration > 0 {
		dst = strconv.AppendFloat(append(dst, `"duration":`...), float64(c.Duration.Microseconds())/1000, 'f', -1, 64)
	}
	dst = end(dst)
	log := c.APIKey
	if c.AtPartner || log == "" {
		log = store.OwnerOfPartner(c.Partner)
	}
	return &store.Audit{
		Time: c.Time, CallID: c.CallID, APIKey: log, Partner: c.Partner, Method: c.Method, ErrorCode: int(code),
		UserKey: c.UserKey, UID: c.UID, Record: dst,
	}
}

// member appends a text member and a comma, or nothing when the text is empty.
func member(dst []byte, name, text string) []byte {
	if text == "" {
		return dst
	}
	dst = append(document.AppendString(dst, name), ':')
	return append(document.AppendString(dst, text), ',')
}

// end closes an object whose members were appended each with a comma.
func end(dst []byte) []byte {
	if dst[len(dst)-1] == ',' {
		dst = dst[:len(dst)-1]
	}
	return append(dst, '}')
}

// appendParams appends the parameters as an object of texts. Parameters are remembered as they were spelt; the API key
// has a member of its own.
func (c *Call) appendParams(dst []byte) []byte {
	dst = append(dst, '{')
	if c.Params == nil {
		return append(dst, '}')
	}
	most := boundsOfServers
	if c.Stranger {
		most = boundsOfStrangers
	}
	m := masker{longest: most.value, left: maxParsed, personal: &c.Personal}
	start := len(dst)
	for i, p := range c.Params.All() {
		if i == most.params || len(dst)-start > most.bytes {
			break
		}
		if strings.EqualFold(p.Name, "apiKey") {
			continue
		}
		dst = append(document.AppendString(dst, bounded(p.Name)), ':')
		dst = append(document.AppendString(dst, m.safe(p.Name, p.Value)), ',')
	}
	return end(dst)
}

// bounded cuts a text that a caller made up to what a name may have.
func bounded(text string) string {
	const longest = 256
	if len(text) > longest {
		return strings.ToValidUTF8(text[:longest], "")
	}
	return text
}
