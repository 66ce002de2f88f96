package gigya_test

import (
	"crypto/rsa"
	"crypto/sha1"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/url"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/doorward/doorward/gigya"
)

// vectors is testdata/vectors.json.
type vectors struct {
	Requests []requestVector `json:"request_signatures"`
	Variants []struct {
		Name           string            `json:"name"`
		Case           string            `json:"case"`
		ReceivedParams map[string]string `json:"received_params"`
		BaseString     string            `json:"base_string"`
		Sig            string            `json:"sig"`
	} `json:"request_signature_variants"`
	UIDs []struct {
		UID, SignatureTimestamp, Secret, UIDSignature string
		BaseString                                    string `json:"base_string"`
	} `json:"uid_signatures"`
	Friends []struct {
		UID, FriendUID, SignatureTimestamp, Secret, FriendshipSignature string
	} `json:"friend_signatures"`
	Windows []struct {
		Now                int64  `json:"now"`
		SignatureTimestamp string `json:"signatureTimestamp"`
		Window             *int   `json:"window_seconds"`
		Valid              bool   `json:"timestamp_valid"`
	} `json:"uid_signature_windows"`
	Cookies []struct {
		LoginToken  string  `json:"login_token"`
		Expires     int64   `json:"expires"`
		UserKey     *string `json:"userKey"`
		Secret      string  `json:"secret"`
		CookieValue string  `json:"cookie_value"`
	} `json:"dynamic_session_cookies"`
	RSA struct {
		PKCS8     string `json:"private_key_pkcs8_pem"`
		PKCS1     string `json:"private_key_pkcs1_pem"`
		PublicKey string `json:"public_key_pem"`
		Tokens    []struct {
			Client, Header, Payload, Authorization, Expect string
		} `json:"tokens"`
	} `json:"rsa_bearer"`
	IDToken struct {
		Kid        string        `json:"kid"`
		Minimal    idTokenVector `json:"minimal"`
		WithFields idTokenVector `json:"with_fields"`
		Gltexp     struct {
			Payload string `json:"payload_json"`
			Value   string `json:"value"`
		} `json:"gltexp_rsa"`
	} `json:"id_token"`
	Timestamps []struct {
		Now               int64
		Timestamp, Expect string
	} `json:"timestamps"`
}

type requestVector struct {
	Name       string            `json:"name"`
	HTTPMethod string            `json:"http_method"`
	URL        string            `json:"url"`
	Params     map[string]string `json:"params"`
	Secret     string            `json:"secret"`
	BaseString string            `json:"base_string"`
	Sig        string            `json:"sig"`
	SigURLSafe string            `json:"sig_url_safe_base64"`
	Percent20  string            `json:"body_percent20"`
	Plus       string            `json:"body_plus"`
}

type idTokenVector struct {
	Header, Payload string
	IDToken         string `json:"id_token"`
}

func readVectors(t testing.TB) *vectors {
	t.Helper()
	text, err := os.ReadFile("testdata/vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	v := new(vectors)
	if err := json.Unmarshal(text, v); err != nil {
		t.Fatal(err)
	}
	return v
}

func (v *vectors) key(t testing.TB) *rsa.PrivateKey {
	t.Helper()
	block, _ := pem.Decode([]byte(v.RSA.PKCS1))
	key, err := x509.ParsePKCS1PrivateKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func secret(t testing.TB, text string) []byte {
	t.Helper()
	key, err := gigya.DecodeSecret(text)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func list(params map[string]string) []gigya.Param {
	var l []gigya.Param
	for name, value := range params {
		l = append(l, gigya.Param{Name: name, Value: value})
	}
	return l
}

// received is the request as a server sees it.
func (r requestVector) received(t testing.TB, params []gigya.Param) gigya.SignedRequest {
	t.Helper()
	u, err := url.Parse(r.URL)
	if err != nil {
		t.Fatal(err)
	}
	return gigya.SignedRequest{
		HTTPMethod: r.HTTPMethod, Schemes: []string{u.Scheme}, Hosts: []string{u.Host}, Path: u.EscapedPath(), Params: params,
	}
}

func TestRequestSignatureVectors(t *testing.T) {
	for _, v := range readVectors(t).Requests {
		t.Run(v.Name, func(t *testing.T) {
			key := secret(t, v.Secret)
			base := gigya.BaseString(v.HTTPMethod, v.URL, list(v.Params))
			if base != v.BaseString {
				t.Fatalf("base string:\ngot  %s\nwant %s", base, v.BaseString)
			}
			if got := gigya.Signature(key, base); got != v.Sig {
				t.Errorf("signature: got %s, want %s", got, v.Sig)
			}
			request := v.received(t, list(v.Params))
			if request.BaseString() != v.BaseString {
				t.Error("the base string of the received request differs")
			}
			for _, sig := range []string{v.Sig, v.SigURLSafe, strings.TrimRight(v.Sig, "=")} {
				if sig != "" && !gigya.VerifySignature(key, sig, request) {
					t.Errorf("%s was refused", sig)
				}
			}
			for _, sig := range []string{"", "=", v.Sig[1:], "A" + v.Sig, "AAAAAAAAAAAAAAAAAAAAAAAAAAA=", v.Sig + "x"} {
				if gigya.VerifySignature(key, sig, request) {
					t.Errorf("%q was accepted", sig)
				}
			}
			if gigya.VerifySignature(append(key, 'x'), v.Sig, request) {
				t.Error("another key was accepted")
			}
			for _, body := range []string{v.Percent20, v.Plus} {
				if body == "" {
					continue
				}
				params, err := gigya.Decode(gigya.DecodeRequest{
					ContentType: "application/x-www-form-urlencoded", Body: strings.NewReader(body),
				})
				if err != nil {
					t.Fatal(err)
				}
				want := map[string]string{"sig": v.Sig}
				for name, value := range v.Params {
					want[name] = value
				}
				got := map[string]string{}
				for _, p := range params.All() {
					got[p.Name] = p.Value
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("body (-want +got):\n%s", diff)
				}
				if !gigya.VerifySignature(key, params.Get("sig"), v.received(t, params.All())) {
					t.Errorf("the body's own signature was refused: %s", body)
				}
			}
		})
	}
}

func TestRequestSignatureVariantVectors(t *testing.T) {
	all := readVectors(t)
	cases := map[string]requestVector{}
	for _, v := range all.Requests {
		cases[v.Name] = v
	}
	for _, v := range all.Variants {
		t.Run(v.Name, func(t *testing.T) {
			c, ok := cases[v.Case]
			if !ok {
				t.Fatalf("no case %s", v.Case)
			}
			params := c.Params
			if v.ReceivedParams != nil {
				params = v.ReceivedParams
			}
			key := secret(t, c.Secret)
			if got := gigya.Signature(key, v.BaseString); got != v.Sig {
				t.Fatalf("the vector is wrong in itself: %s", got)
			}
			if !gigya.VerifySignature(key, v.Sig, c.received(t, list(params))) {
				t.Error("refused")
			}
		})
	}
}

func TestUIDSignatureVectors(t *testing.T) {
	for i, v := range readVectors(t).UIDs {
		t.Run(fmt.Sprint(i, " ", v.UID), func(t *testing.T) {
			key := secret(t, v.Secret)
			if got := gigya.SignUID(key, v.SignatureTimestamp, v.UID); got != v.UIDSignature {
				t.Errorf("got %s, want %s", got, v.UIDSignature)
			}
			if !gigya.VerifyUID(key, v.SignatureTimestamp, v.UID, v.UIDSignature) {
				t.Error("refused")
			}
			if gigya.VerifyUID(key, v.SignatureTimestamp, v.UID+"x", v.UIDSignature) ||
				gigya.VerifyUID(key, v.SignatureTimestamp+"1", v.UID, v.UIDSignature) ||
				gigya.VerifyUID(key, v.SignatureTimestamp, v.UID, "") {
				t.Error("a forgery was accepted")
			}
		})
	}
}

func TestFriendSignatureVectors(t *testing.T) {
	for _, v := range readVectors(t).Friends {
		key := secret(t, v.Secret)
		if got := gigya.SignFriend(key, v.SignatureTimestamp, v.FriendUID, v.UID); got != v.FriendshipSignature {
			t.Errorf("got %s, want %s", got, v.FriendshipSignature)
		}
		if !gigya.VerifyFriend(key, v.SignatureTimestamp, v.FriendUID, v.UID, v.FriendshipSignature) {
			t.Error("refused")
		}
		if gigya.VerifyFriend(key, v.SignatureTimestamp, v.UID, v.FriendUID, v.FriendshipSignature) {
			t.Error("accepted the other way round")
		}
	}
}

func TestUIDSignatureWindowVectors(t *testing.T) {
	for _, v := range readVectors(t).Windows {
		var window time.Duration
		if v.Window != nil {
			window = time.Duration(*v.Window) * time.Second
		}
		if got := gigya.TimestampWithin(v.SignatureTimestamp, time.Unix(v.Now, 0), window); got != v.Valid {
			t.Errorf("%s at %d within %s: got %t", v.SignatureTimestamp, v.Now, window, got)
		}
	}
}

func TestTimestampVectors(t *testing.T) {
	for _, v := range readVectors(t).Timestamps {
		t.Run(v.Timestamp, func(t *testing.T) {
			_, err := gigya.CheckTimestamp(v.Timestamp, time.Unix(v.Now, 0))
			want, _, _ := strings.Cut(v.Expect, " ")
			want = strings.TrimSuffix(want, ":")
			got := "ok"
			if err != nil {
				got = strconv.Itoa(int(codeOf(t, err)))
			}
			if got != want {
				t.Errorf("got %s, want %s", got, want)
			}
		})
	}
}

func TestDynamicSessionVectors(t *testing.T) {
	for _, v := range readVectors(t).Cookies {
		key, userKey := secret(t, v.Secret), ""
		if v.UserKey != nil {
			userKey = *v.UserKey
		}
		if got := gigya.SignDynamicSession(key, v.LoginToken, time.Unix(v.Expires, 0), userKey); got != v.CookieValue {
			t.Errorf("got %s, want %s", got, v.CookieValue)
		}
		d, err := gigya.ParseDynamicSession(v.CookieValue)
		if err != nil {
			t.Fatal(err)
		}
		if d.UserKey != userKey || d.Expires.Unix() != v.Expires || d.RSA() {
			t.Errorf("parsed as %+v", d)
		}
		if !d.Verify(key, v.LoginToken) || !d.Verify(key, v.LoginToken+"|more") {
			t.Error("refused")
		}
		if d.Verify(key, v.LoginToken+"x") || d.Verify([]byte("other"), v.LoginToken) {
			t.Error("a forgery was accepted")
		}
	}
}

func TestRSABearerVectors(t *testing.T) {
	all := readVectors(t)
	key := all.key(t)
	block, _ := pem.Decode([]byte(all.RSA.PKCS8))
	if other, err := x509.ParsePKCS8PrivateKey(block.Bytes); err != nil || !key.Equal(other) {
		t.Fatalf("the two private keys differ: %v", err)
	}
	block, _ = pem.Decode([]byte(all.RSA.PublicKey))
	if other, err := x509.ParsePKIXPublicKey(block.Bytes); err != nil || !key.PublicKey.Equal(other) {
		t.Fatalf("the public key differs: %v", err)
	}
	now := time.Unix(1700000000, 0)
	for _, v := range all.RSA.Tokens {
		t.Run(v.Client, func(t *testing.T) {
			token := strings.TrimPrefix(v.Authorization, "Bearer ")
			b, err := gigya.ParseBearer(token)
			if err == nil {
				err = b.Verify(&key.PublicKey)
			}
			if strings.HasPrefix(v.Expect, "403003") {
				if codeOf(t, err) != gigya.InvalidRequestSignature {
					t.Errorf("got %v, want %s", err, v.Expect)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if err := b.CheckTime(now, 300*time.Second, 120*time.Second); err != nil {
				t.Error(err)
			}
			if b.KeyID != "AKtest0User1Key2" || b.Algorithm != "RS256" || !b.IssuedAt.Equal(now) ||
				!strings.Contains(v.Payload, b.JTI) || string(b.Claims) != v.Payload {
				t.Errorf("parsed as %+v", b)
			}
			again, err := gigya.SignJWT(key, []byte(v.Header), []byte(v.Payload))
			if err != nil {
				t.Fatal(err)
			}
			if standard := strings.NewReplacer("+", "-", "/", "_", "=", "").Replace(token); again != standard &&
				!strings.Contains(token, "=") {
				t.Errorf("signed again: %s", again)
			}
		})
	}
	token, err := gigya.SignBearer(key, "AKtest0User1Key2", "0f8fad5b-d9cb-469f-a165-70867728950e", now)
	if err != nil || "Bearer "+token != all.RSA.Tokens[0].Authorization {
		t.Errorf("SignBearer made %s, %v", token, err)
	}
}

func TestIDTokenVectors(t *testing.T) {
	all := readVectors(t)
	key := all.key(t)
	der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	kid := base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "%X", sha1.Sum(der)))
	if kid != all.IDToken.Kid {
		t.Errorf("kid: got %s, want %s", kid, all.IDToken.Kid)
	}
	for _, v := range []idTokenVector{all.IDToken.Minimal, all.IDToken.WithFields} {
		token, err := gigya.SignJWT(key, []byte(v.Header), []byte(v.Payload))
		if err != nil {
			t.Fatal(err)
		}
		if token != v.IDToken {
			t.Errorf("got %s, want %s", token, v.IDToken)
		}
		parsed, err := gigya.ParseJWT(v.IDToken)
		if err != nil {
			t.Fatal(err)
		}
		if err := parsed.Verify(&key.PublicKey); err != nil {
			t.Error(err)
		}
		if parsed.KeyID != kid || string(parsed.Claims) != v.Payload {
			t.Errorf("parsed as %s %s", parsed.KeyID, parsed.Claims)
		}
	}
}

func TestDynamicSessionJWTVector(t *testing.T) {
	all := readVectors(t)
	key := all.key(t)
	const token = "st2.s.AcbHexample_login-token"
	issued, expires := time.Unix(1700000000, 0), time.Unix(1700000300, 0)
	value, err := gigya.SignDynamicSessionRSA(key, token+"|x", issued, expires, "AKtest0User1Key2")
	if err != nil {
		t.Fatal(err)
	}
	if value != all.IDToken.Gltexp.Value {
		t.Errorf("got %s", value)
	}
	d, err := gigya.ParseDynamicSession(all.IDToken.Gltexp.Value)
	if err != nil {
		t.Fatal(err)
	}
	if !d.RSA() || d.UserKey != "AKtest0User1Key2" || !d.Expires.Equal(expires) {
		t.Errorf("parsed as %+v", d)
	}
	if !d.VerifyRSA(&key.PublicKey, token) || d.VerifyRSA(&key.PublicKey, token+"x") || d.Verify([]byte("k"), token) {
		t.Error("verification is wrong")
	}
}
