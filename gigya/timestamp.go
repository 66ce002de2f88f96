package gigya

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// RequestWindow is how far the timestamp of a signed request may be from the server's clock, either way. A request that
// is off by exactly so much is still good.
const RequestWindow = 120 * time.Second

// CheckTimestamp reads the timestamp parameter of a signed request, Unix seconds, or milliseconds when it has thirteen
// digits as the npm client sends, and holds it against the clock. Errors: 400002 when it is empty, 400006 when it is no
// number, 403002 when it is further than [RequestWindow] from now. SDKs correct their clock and repeat on 403002 alone.
func CheckTimestamp(text string, now time.Time) (time.Time, error) {
	if text == "" {
		return time.Time{}, MissingParameter("timestamp")
	}
	stamp, ok := parseTimestamp(text)
	if !ok {
		return time.Time{}, InvalidArgument("timestamp")
	}
	if !within(stamp, now, RequestWindow) {
		// Recorded, typing errors included.
		return time.Time{}, NewError(RequestHasExpired, fmt.Sprintf("The requests timestamp skew more than 120 seconds from "+
			"the server time. Please check you server's time and timezone configuration. Server timestamp: %d, "+
			"Request timestamp: %s", now.Unix(), strings.TrimSpace(text)))
	}
	return stamp, nil
}

// TimestampWithin tells whether the timestamp of a signature that was given out, Unix seconds, is no further than window
// from now, earlier or later. A window of zero or less never ends, as in the SDKs that were given no expiration. The PHP
// SDK has 180 seconds.
func TimestampWithin(timestamp string, now time.Time, window time.Duration) bool {
	stamp, ok := parseTimestamp(timestamp)
	return ok && (window <= 0 || within(stamp, now, window))
}

func parseTimestamp(text string) (time.Time, bool) {
	text = strings.TrimSpace(text)
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return time.Time{}, false
	}
	if len(text) == 13 && n > 0 {
		return time.UnixMilli(n), true
	}
	return time.Unix(n, 0), true
}

// within compares whole seconds, as every receiver does. The difference of two int64 could overflow; the bounds cannot.
func within(stamp, now time.Time, window time.Duration) bool {
	s, n, w := stamp.Unix(), now.Unix(), int64(window/time.Second)
	return s >= n-w && s <= n+w
}
