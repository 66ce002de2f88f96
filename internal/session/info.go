package session

import "strconv"

// CookieName returns the name of the login cookie of a site.
func CookieName(apiKey string) string { return "glt_" + apiKey }

// ProofCookieName returns the name of the cookie in which a site proves that a Dynamic session goes on.
func ProofCookieName(apiKey string) string { return "gltexp_" + apiKey }

// BrowserInfo is sessionInfo for targetEnv browser: the page's server sets the cookie.
type BrowserInfo struct {
	CookieName  string `json:"cookieName"`
	CookieValue string `json:"cookieValue"`
	// CookieDomain and CookiePath are answered by notifyLogin alone.
	CookieDomain string `json:"cookieDomain,omitempty"`
	CookiePath   string `json:"cookiePath,omitempty"`
	// ExpiresIn is there for sessions of a fixed number of seconds.
	ExpiresIn string `json:"expires_in,omitempty"`
}

// MobileInfo is sessionInfo for targetEnv mobile.
type MobileInfo struct {
	SessionToken  string `json:"sessionToken"`
	SessionSecret string `json:"sessionSecret"`
	// ExpiresIn is a text: as a number it breaks every call of the Swift SDK. "0": no end.
	ExpiresIn string `json:"expires_in"`
}

// SDKInfo is sessionInfo for targetEnv jssdk: the script writes the cookie.
type SDKInfo struct {
	LoginToken string `json:"login_token"`
	// ExpiresIn "0" is a browser session.
	ExpiresIn string `json:"expires_in"`
}

// InterruptionInfo is sessionInfo in an interruption answer: the life of the regToken.
type InterruptionInfo struct {
	ExpiresIn string `json:"expires_in"`
}

// Interrupted returns the sessionInfo of an interruption whose regToken lives for the number of seconds.
func Interrupted(seconds int64) InterruptionInfo {
	return InterruptionInfo{ExpiresIn: strconv.FormatInt(seconds, 10)}
}

// Info returns sessionInfo as the targetEnv wants it: a [MobileInfo], an [SDKInfo], or a [BrowserInfo] for everything
// else. A session that was not opened as a mobile one has no secret to show: its caller opens it with Mobile set when
// targetEnv is mobile.
func (o Opened) Info(targetEnv string) any {
	switch targetEnv {
	case "mobile":
		return MobileInfo{SessionToken: o.Token, SessionSecret: o.Secret, ExpiresIn: o.expiresIn()}
	case "jssdk":
		return SDKInfo{LoginToken: o.Token, ExpiresIn: o.expiresIn()}
	}
	info := BrowserInfo{CookieName: CookieName(o.Session.Site), CookieValue: o.Token}
	if o.Expiration > 0 {
		info.ExpiresIn = o.expiresIn()
	}
	return info
}

// expiresIn is "0" for everything but a fixed number of seconds: neither a browser session nor one without end has a
// time that a client could count down, and the end of a Dynamic one is in the site's cookie.
func (o Opened) expiresIn() string { return strconv.FormatInt(max(o.Expiration, 0), 10) }
