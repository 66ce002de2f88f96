package gigya

import (
	"encoding/base64"
	"strconv"
	"strings"
	"time"
)

// SignUID returns UIDSignature: what an answer carries so that the receiving site can check that the UID came from the
// server. The timestamp is signatureTimestamp, Unix seconds as text. The key is the partner's secret, decoded; after an
// exchange it is the user key's.
func SignUID(key []byte, timestamp, uid string) string {
	return base64.StdEncoding.EncodeToString(sum(key, timestamp, "_", uid))
}

// VerifyUID tells in constant time whether sig is the UID's signature. The age is another question: [TimestampWithin].
func VerifyUID(key []byte, timestamp, uid, sig string) bool {
	return equalSum(sum(key, timestamp, "_", uid), sig)
}

// SignFriend returns friendshipSignature, the proof that two users are friends.
func SignFriend(key []byte, timestamp, friendUID, uid string) string {
	return base64.StdEncoding.EncodeToString(sum(key, timestamp, "_", friendUID, "_", uid))
}

// VerifyFriend tells in constant time whether sig is the signature of the friendship.
func VerifyFriend(key []byte, timestamp, friendUID, uid, sig string) bool {
	return equalSum(sum(key, timestamp, "_", friendUID, "_", uid), sig)
}

// SignQuery returns querySig: a server's permission for a client to run exactly this search until expTime, which is Unix
// time in milliseconds or seconds as text.
func SignQuery(key []byte, query, expTime string) string {
	return base64.StdEncoding.EncodeToString(sum(key, query, "_", expTime))
}

// VerifyQuery checks querySig and expTime of a search. Errors: 400002 when one is missing, 400006 when expTime is no
// number, 403002 when it has passed, 403003 when the signature is another.
func VerifyQuery(key []byte, sig, query, expTime string, now time.Time) error {
	switch {
	case sig == "":
		return MissingParameter("querySig")
	case expTime == "":
		return MissingParameter("expTime")
	}
	n, err := strconv.ParseInt(strings.TrimSpace(expTime), 10, 64)
	if err != nil {
		return InvalidArgument("expTime")
	}
	// The reference says milliseconds in one place and seconds in another. Seconds reach this bound in the year 5138,
	// milliseconds passed it in 1973.
	const leastMilliseconds = 100_000_000_000
	expires := time.Unix(n, 0)
	if n >= leastMilliseconds {
		expires = time.UnixMilli(n)
	}
	if now.After(expires) {
		return NewError(RequestHasExpired, "")
	}
	if !equalSum(sum(key, query, "_", expTime), sig) {
		return NewError(InvalidRequestSignature, "")
	}
	return nil
}
