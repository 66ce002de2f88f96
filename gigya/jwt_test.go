package gigya_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/doorward/doorward/gigya"
)

func TestParseBearerRefusesWhatIsNotAnRS256Token(t *testing.T) {
	key := readVectors(t).key(t)
	const header, claims = `{"alg":"RS256","typ":"JWT","kid":"K"}`, `{"iat":1700000000,"jti":"j"}`
	sign := func(header, claims string) string {
		token, err := gigya.SignJWT(key, []byte(header), []byte(claims))
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
	good := sign(header, claims)
	parts := strings.Split(good, ".")
	mac := hmac.New(sha256.New, []byte(readVectors(t).RSA.PublicKey))
	confused := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"HS256","kid":"K"}`)) + "." + parts[1]
	mac.Write([]byte(confused))
	confused += "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))

	tests := []struct {
		name, token string
		code        gigya.Code
	}{
		{"good", good, gigya.OK},
		{"jti as a number", sign(header, `{"iat":1700000000,"jti":123}`), gigya.OK},
		{"iat with a fraction", sign(header, `{"iat":1700000000.25,"jti":"j"}`), gigya.OK},
		{"a key brought along is not looked at", sign(`{"alg":"RS256","kid":"K","jwk":{"kty":"RSA"},"jku":"https://evil.example"}`, claims), gigya.OK},
		{"empty", "", gigya.InvalidRequestSignature},
		{"two parts", parts[0] + "." + parts[1], gigya.InvalidRequestSignature},
		{"four parts", good + ".x", gigya.InvalidRequestSignature},
		{"a signature in padded standard Base64", parts[0] + "." + parts[1] + "." + standard(t, parts[2]), gigya.OK},
		{"no signature", parts[0] + "." + parts[1] + ".", gigya.InvalidRequestSignature},
		{"alg none", sign(`{"alg":"none","kid":"K"}`, claims), gigya.InvalidRequestSignature},
		{"alg HS256 with the public key as secret", confused, gigya.InvalidRequestSignature},
		{"alg RS512", sign(`{"alg":"RS512","kid":"K"}`, claims), gigya.InvalidRequestSignature},
		{"alg in other letters", sign(`{"ALG":"RS256","kid":"K"}`, claims), gigya.InvalidRequestSignature},
		{"alg as a list", sign(`{"alg":["RS256"],"kid":"K"}`, claims), gigya.InvalidRequestSignature},
		{"no kid", sign(`{"alg":"RS256"}`, claims), gigya.InvalidRequestSignature},
		{"crit", sign(`{"alg":"RS256","kid":"K","crit":["exp"]}`, claims), gigya.InvalidRequestSignature},
		{"header no object", sign(`["RS256"]`, claims), gigya.InvalidRequestSignature},
		{"header null", sign(`null`, claims), gigya.InvalidRequestSignature},
		{"payload no object", sign(header, `1`), gigya.InvalidRequestSignature},
		{"no jti", sign(header, `{"iat":1700000000}`), gigya.InvalidRequestSignature},
		{"empty jti", sign(header, `{"iat":1700000000,"jti":""}`), gigya.InvalidRequestSignature},
		{"long jti", sign(header, `{"iat":1700000000,"jti":"`+strings.Repeat("j", 257)+`"}`), gigya.InvalidRequestSignature},
		{"exp no number", sign(header, `{"iat":1700000000,"jti":"j","exp":"later"}`), gigya.InvalidRequestSignature},
		{"nbf no number", sign(header, `{"iat":1700000000,"jti":"j","nbf":null}`), gigya.InvalidRequestSignature},
		{"no iat", sign(header, `{"jti":"j"}`), gigya.RequestHasExpired},
		{"iat no number", sign(header, `{"iat":"1700000000","jti":"j"}`), gigya.RequestHasExpired},
		{"iat beyond every clock", sign(header, `{"iat":1e300,"jti":"j"}`), gigya.RequestHasExpired},
		{"100 KB", sign(header, `{"iat":1700000000,"jti":"j","x":"`+strings.Repeat("x", 100<<10)+`"}`), gigya.InvalidRequestSignature},
		{"not Base64", "%%%." + parts[1] + "." + parts[2], gigya.InvalidRequestSignature},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b, err := gigya.ParseBearer(tt.token)
			if codeOf(t, err) != tt.code {
				t.Fatalf("got %v, want %d", err, int(tt.code))
			}
			if err == nil {
				if err := b.Verify(&key.PublicKey); err != nil {
					t.Error(err)
				}
				if err := b.Verify(nil); codeOf(t, err) != gigya.InvalidRequestSignature {
					t.Errorf("without a key: %v", err)
				}
			} else if len(tt.token) > 10 && strings.Contains(err.Error(), tt.token) {
				t.Error("the error repeats the token")
			}
		})
	}
}

func TestBearerTime(t *testing.T) {
	at := func(s int64) time.Time {
		if s == 0 {
			return time.Time{}
		}
		return time.Unix(1700000000+s, 0)
	}
	tests := []struct {
		name                    string
		issued, expires, before int64
		good                    bool
	}{
		{"now", 1, 0, 0, true},
		{"the oldest", -300, 0, 0, true},
		{"too old", -301, 0, 0, false},
		{"the newest", 120, 0, 0, true},
		{"too new", 121, 0, 0, false},
		{"not expired", 1, 2, 0, true},
		{"expired", -5, -1, 0, false},
		{"not before soon", 1, 0, 120, true},
		{"not before later", 1, 0, 121, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := gigya.Bearer{IssuedAt: at(tt.issued), Expires: at(tt.expires), NotBefore: at(tt.before)}
			err := b.CheckTime(time.Unix(1700000000, 0), 300*time.Second, 120*time.Second)
			if (err == nil) != tt.good {
				t.Errorf("got %v", err)
			}
			if err != nil && codeOf(t, err) != gigya.RequestHasExpired {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestParseDynamicSession(t *testing.T) {
	key := readVectors(t).key(t)
	const token = "st2.s.x.y.sc3"
	expires := time.Unix(1700000300, 0)
	partner := gigya.SignDynamicSession(testKey, token, expires, "")
	user := gigya.SignDynamicSession(testKey, token+"|rest", expires, "AKtest0User1Key2")
	for name, value := range map[string]string{
		"partner":                  partner,
		"partner, percent-encoded": url.QueryEscape(partner),
		"partner, URL-safe":        "1700000300_" + strings.NewReplacer("+", "-", "/", "_").Replace(partner[11:]),
		"user key":                 user,
		"user key, no padding":     strings.TrimRight(user, "="),
	} {
		d, err := gigya.ParseDynamicSession(value)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if !d.Verify(testKey, token) || !d.Expires.Equal(expires) {
			t.Errorf("%s: not verified: %+v", name, d)
		}
		if d.VerifyRSA(&key.PublicKey, token) {
			t.Errorf("%s: verified as a JWT", name)
		}
	}
	later := strings.Replace(partner, "1700000300", "1700000301", 1)
	if d, err := gigya.ParseDynamicSession(later); err != nil || d.Verify(testKey, token) {
		t.Errorf("a longer life was accepted: %v", err)
	}
	jwt := func(claims string) string {
		value, err := gigya.SignJWT(key, []byte(`{"alg":"RS256","kid":"K"}`), []byte(claims))
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
	for _, value := range []string{
		"", "_", "1700000300", "1700000300_", "x_" + partner[11:], "-1_" + partner[11:], "1700000300_K_", "1700000300__" + partner[11:],
		"1700000300_!!!", "1700000300_AAAA", "99999999999999999999_" + partner[11:], "%zz", "a.b.c", strings.Repeat("1", 30000),
		jwt(`{"sub":"t","exp":1700000300,"aud":"other"}`), jwt(`{"sub":"t","exp":1700000300}`), jwt(`{"sub":"t","aud":"gltexp"}`),
		jwt(`{"exp":1700000300,"aud":"gltexp"}`), jwt(`{"sub":"","exp":1700000300,"aud":"gltexp"}`),
	} {
		if _, err := gigya.ParseDynamicSession(value); codeOf(t, err) != gigya.SessionHasExpired {
			t.Errorf("%.60q: got %v", value, err)
		}
	}
}

func FuzzParseBearer(f *testing.F) {
	all := readVectors(f)
	key := all.key(f)
	for _, v := range all.RSA.Tokens {
		f.Add(strings.TrimPrefix(v.Authorization, "Bearer "))
	}
	f.Add(all.IDToken.Minimal.IDToken)
	f.Add("e30.e30.e30")
	f.Add("eyJhbGciOiJSUzI1NiIsImtpZCI6IksifQ.eyJpYXQiOjEsImp0aSI6MX0.AA")
	known := map[string]bool{}
	for _, v := range all.RSA.Tokens[:3] {
		known[v.Payload] = true
	}
	f.Fuzz(func(t *testing.T, token string) {
		gigya.ParseDynamicSession(token)
		b, err := gigya.ParseBearer(token)
		if err != nil {
			codeOf(t, err)
			return
		}
		if b.KeyID == "" || b.JTI == "" || b.Algorithm != "RS256" || !json.Valid(b.Claims) || len(token) > gigya.MaxJWT {
			t.Errorf("accepted %+v", b)
		}
		if b.Verify(&key.PublicKey) == nil && !known[string(b.Claims)] {
			t.Errorf("a forgery verifies: %s", token)
		}
	})
}

// Whatever is changed in the text of a signature, the answer is the same: no letter is without meaning.
func TestNoOtherTextOfASignatureIsTaken(t *testing.T) {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	key := readVectors(t).key(t)
	good, err := gigya.SignBearer(key, "K", "j", time.Unix(1700000000, 0))
	if err != nil {
		t.Fatal(err)
	}
	verify := func(token string) error {
		b, err := gigya.ParseBearer(token)
		if err != nil {
			return err
		}
		return b.Verify(&key.PublicKey)
	}
	if err := verify(good); err != nil {
		t.Fatal(err)
	}
	last := len(good) - 1
	tampered := []string{good[:last], good + "A", good[:last-1], good + "=A", good + "\n"}
	for _, at := range []int{strings.LastIndexByte(good, '.') + 1, last - 1, last} {
		for _, letter := range letters + "+/=.~ " {
			if text := good[:at] + string(letter) + good[at+1:]; text != good {
				tampered = append(tampered, text)
			}
		}
	}
	for _, text := range tampered {
		if code := codeOf(t, verify(text)); code != gigya.InvalidRequestSignature {
			t.Errorf("…%q is answered %d", text[last-8:], code)
		}
	}
}

// standard rewrites Base64 of the URL alphabet in the standard one, padded.
func standard(t *testing.T, text string) string {
	t.Helper()
	data, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(data)
}
