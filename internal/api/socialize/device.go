package socialize

import (
	"encoding/base64"
	"fmt"
	"io"
	"time"

	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/method"
)

// Lives of what a device is given.
const (
	// deviceCookieLife is a year, as the original's cookies.
	deviceCookieLife = 365 * 24 * time.Hour
	// deviceRefresh is when an SDK asks again.
	deviceRefresh = 30 * 24 * time.Hour
	// ticketLife is that of a gmidTicket when the caller names none.
	ticketLife = time.Hour
)

// maxDeviceID bounds an id that a client brings, in bytes.
const maxDeviceID = 128

// ticketKind keeps tickets apart from all other sealed texts.
const ticketKind = "gmid-ticket"

// device is the pair of ids by which one installation of an app, or one browser, is known again. They prove nothing.
type device struct {
	// GMID is the device's id. Mobile SDKs are given the same value as gcid, and send it back as gmid.
	GMID string
	// UCID is the id of the user on this device.
	UCID string
}

// deviceOf returns the ids that the call brought, and makes new ones in place of those that are absent or have no form
// of an id: ids that another server issued are taken, so that a moved app keeps its own.
func deviceOf(c *method.Invocation, random io.Reader) (device, error) {
	d := device{GMID: c.Raw.Get("gmid"), UCID: c.Raw.Get("ucid")}
	if !deviceID(d.GMID) {
		text, err := randomText(random, 24)
		if err != nil {
			return device{}, err
		}
		d.GMID = "gmid.ver4." + text
	}
	if !deviceID(d.UCID) {
		text, err := randomText(random, 16)
		if err != nil {
			return device{}, err
		}
		d.UCID = text
	}
	return d, nil
}

// deviceID tells whether the text has the form of a device id: it goes back into an answer and a cookie.
func deviceID(text string) bool {
	if text == "" || len(text) > maxDeviceID {
		return false
	}
	for i := range len(text) {
		switch c := text[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '_', c == '.', c == '~':
		default:
			return false
		}
	}
	return true
}

func randomText(random io.Reader, n int) (string, error) {
	b := make([]byte, n)
	if _, err := io.ReadFull(random, b); err != nil {
		return "", fmt.Errorf("drawing a device id: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(b), nil
}

// setCookies keeps the ids of a browser on the server's own host. Apps keep theirs themselves.
func (d device) setCookies(c *method.Invocation) {
	if c.TargetEnv() == "mobile" {
		return
	}
	c.Cookies = append(c.Cookies,
		method.Cookie{Name: "gmid", Value: d.GMID, MaxAge: deviceCookieLife},
		method.Cookie{Name: "ucid", Value: d.UCID, MaxAge: deviceCookieLife})
}

// gmidTicket stands for a gmid for a short while, where cookies do not travel.
type gmidTicket struct {
	GMID    string       `json:"g"`
	Expires clock.Millis `json:"e"`
}

// Ticket is a gmidTicket as answers show it.
type Ticket struct {
	GMIDTicket string `json:"gmidTicket,omitempty"`
	// ExpirationTime is in Unix milliseconds.
	ExpirationTime int64 `json:"expirationTime,omitempty"`
}

func (d Deps) ticket(gmid string, now time.Time, life time.Duration) Ticket {
	expires := clock.FromTime(now.Add(life))
	text := d.Tokens.SealJSON(ticketKind, gmidTicket{GMID: gmid, Expires: expires})
	return Ticket{GMIDTicket: text, ExpirationTime: int64(expires)}
}
