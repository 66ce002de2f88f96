package method

import "strings"

// maxName bounds the names of methods and parameters that are looked at, in bytes; a longer one is unknown.
const maxName = 128

// control holds the folded names of the parameters that every method takes, or that clients send to every method and
// that are of no effect where the method does not declare them.
var control = foldedSet(
	"apiKey",
	// Authorization.
	"secret", "userKey", "timestamp", "nonce", "sig", "oauth_token", "login_token", "client_id", "client_secret", "access_token",
	// The form of the answer.
	"format", "callback", "context", "httpStatusCodes", "checkParams", "apiVersion",
	// What the client says of itself.
	"sdk", "sdkBuild", "targetEnv", "authMode", "pageURL", "ctag", "cid", "reportData", "source", "sourceData",
	// The device and its session.
	"gmid", "ucid", "gmidTicket", "hasGmid", "gltexp",
	// Accepted and of no effect.
	"lang", "userKeyType", "dontHandleScreenSet", "ignoreInterruptions", "ignoreApiQueue", "_host", "riskContext", "b",
)

// IsControl tells whether the name, in any letter case, is one that every method takes.
func IsControl(name string) bool {
	var buffer [maxName]byte
	folded, ok := fold(&buffer, name)
	return ok && control[string(folded)]
}

func foldedSet(names ...string) map[string]bool {
	set := make(map[string]bool, len(names))
	for _, name := range names {
		set[strings.ToLower(name)] = true
	}
	return set
}

// fold writes the name in lower case into the buffer. It is false for names that are too long for any to match.
func fold(buffer *[maxName]byte, name string) ([]byte, bool) {
	if len(name) > len(buffer) {
		return nil, false
	}
	for i := range len(name) {
		c := name[i]
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		buffer[i] = c
	}
	return buffer[:len(name)], true
}

func sameName(a, b string) bool { return len(a) == len(b) && strings.EqualFold(a, b) }

// AnyDataCenter tells whether the method answers for sites of every data center. The original's tools ask one data center
// about the sites of all others through these.
func AnyDataCenter(name string) bool {
	return hasFoldedPrefix(name, "admin.") || hasFoldedPrefix(name, "accounts.rba.riskAssessment.")
}

func hasFoldedPrefix(name, prefix string) bool {
	return len(name) >= len(prefix) && strings.EqualFold(name[:len(prefix)], prefix)
}
