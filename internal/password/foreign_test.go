package password_test

import (
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/doorward/doorward/internal/password"
)

// vector is one of testdata/foreign.json, which other programs made.
type vector struct {
	By       string `json:"by"`
	Password string `json:"password"`
	Compound string `json:"compoundHashedPassword"`
	Hash     string `json:"hashedPassword"`
	Settings struct {
		Algorithm    string `json:"algorithm"`
		Rounds       int64  `json:"rounds"`
		Salt         string `json:"salt"`
		Format       string `json:"format"`
		BinaryFormat string `json:"binaryFormat"`
	} `json:"hashSettings"`
}

func vectors(t testing.TB) []vector {
	t.Helper()
	text, err := os.ReadFile("testdata/foreign.json")
	if err != nil {
		t.Fatal(err)
	}
	var all []vector
	if err := json.Unmarshal(text, &all); err != nil {
		t.Fatal(err)
	}
	return all
}

// encoded is the text that is stored for the vector.
func (v vector) encoded() (string, error) {
	if v.Compound != "" {
		return password.Compound(v.Compound)
	}
	return password.Foreign(v.Hash, password.Settings{
		Algorithm: v.Settings.Algorithm, Rounds: v.Settings.Rounds, Salt: v.Settings.Salt,
		Format: v.Settings.Format, BinaryFormat: v.Settings.BinaryFormat,
	})
}

func TestHashesOfOtherSystemsAreCheckedAndReplaced(t *testing.T) {
	h := cheapHasher()
	seen := map[string]bool{}
	for _, v := range vectors(t) {
		encoded, err := v.encoded()
		if err != nil {
			t.Errorf("%+v: %v", v, err)
			continue
		}
		seen[strings.Split(encoded, "$")[1]] = true
		seen[v.Settings.Algorithm] = true
		if err := password.Check(encoded); err != nil {
			t.Errorf("%+v: its stored text is refused: %v", v, err)
		}
		if ok, rehash, err := h.Verify(t.Context(), encoded, v.Password); !ok || !rehash || err != nil {
			t.Errorf("%+v: ok %v, rehash %v, error %v", v, ok, rehash, err)
		}
		// bcrypt takes 72 bytes: what is wrong must be wrong among them.
		for _, wrong := range []string{"!" + v.Password, strings.ToUpper(v.Password) + "!"} {
			if ok, rehash, err := h.Verify(t.Context(), encoded, wrong); ok || rehash || err != nil {
				t.Errorf("%+v, wrong password: ok %v, rehash %v, error %v", v, ok, rehash, err)
			}
		}
	}
	for _, name := range append(password.Algorithms(), "1", "2a", "2b", "2y", "S") {
		if !seen[name] && name != "custom" { // Which is whatever a service makes.
			t.Errorf("no vector of another program for %s", name)
		}
	}
}

func TestWhatAStoredHashIsExplainedAsMakesItAgain(t *testing.T) {
	for _, v := range vectors(t) {
		encoded, err := v.encoded()
		if err != nil {
			t.Fatal(err)
		}
		hash, settings, ok := password.Explain(encoded)
		if !ok {
			t.Errorf("%+v cannot be explained", v)
			continue
		}
		again := ""
		if settings.Algorithm == "" {
			again, err = password.Compound(hash)
		} else {
			again, err = password.Foreign(hash, settings)
		}
		if err != nil || again != encoded {
			t.Errorf("%+v: %q became %q (%v)", v, encoded, again, err)
		}
	}
	for _, none := range []string{"", "plain", "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4"} {
		if _, _, ok := password.Explain(none); ok {
			t.Errorf("%q is explained", none)
		}
	}
}

const (
	md5Hash    = "AAAAAAAAAAAAAAAAAAAAAA=="
	sha1Hash   = "AAAAAAAAAAAAAAAAAAAAAAAAAAA="
	sha512Hash = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=="
)

func TestForeignHashesOutOfBoundsAreRefused(t *testing.T) {
	type s = password.Settings
	long := strings.Repeat("A", 300)
	for name, test := range map[string]struct {
		hash     string
		settings s
		want     string
	}{
		"no algorithm":               {md5Hash, s{}, "algorithm: is missing"},
		"an unknown one":             {md5Hash, s{Algorithm: "rot13"}, "algorithm: want one of bcrypt, custom, drupal, md5, "},
		"a URL":                      {md5Hash, s{Algorithm: "md5", URL: "http://127.0.0.1/"}, "URL: belongs to"},
		"no hash":                    {"", s{Algorithm: "md5"}, "hashedPassword: is missing"},
		"a hash of another length":   {md5Hash, s{Algorithm: "sha1"}, "hashedPassword: want 20 bytes for sha1"},
		"a hexadecimal hash":         {"00000000000000000000000000000000", s{Algorithm: "md5"}, "hashedPassword: want 16 bytes"},
		"Base64 of hexadecimal":      {"MDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDA=", s{Algorithm: "md5"}, "is Base64 of a hexadecimal text"},
		"no Base64":                  {"§§§§", s{Algorithm: "md5"}, "hashedPassword: want Base64"},
		"a line end in it":           {"AAAAAAAAAAAA\nAAAAAAAAAA==", s{Algorithm: "md5"}, "hashedPassword: want Base64"},
		"more than 512 bits":         {strings.Repeat("A", 88), s{Algorithm: "pbkdf2", Salt: "AAAA"}, "hashedPassword: want 16 to 64 bytes"},
		"a tiny hash":                {"AAAA", s{Algorithm: "pbkdf2", Salt: "AAAA"}, "hashedPassword: want 16 to 64 bytes"},
		"negative rounds":            {md5Hash, s{Algorithm: "md5", Rounds: -1}, "rounds: want a positive number"},
		"a minute of rounds":         {sha512Hash, s{Algorithm: "sha512", Rounds: 1 << 40}, "rounds: at most 500000"},
		"rounds that wrap":           {sha512Hash, s{Algorithm: "sha512", Rounds: 1<<62 + 1}, "rounds: at most 500000"},
		"10^9 rounds of pbkdf2":      {sha512Hash, s{Algorithm: "pbkdf2_sha512", Rounds: 1e9, Salt: "AAAA"}, "rounds: at most 500000"},
		"rounds times blocks":        {sha512Hash, s{Algorithm: "pbkdf2", Rounds: 1_000_000, Salt: "AAAA"}, "rounds: at most 375000"},
		"rounds with the password":   {sha512Hash, s{Algorithm: "symphony2", Rounds: 200_000}, "rounds: at most 131072"},
		"pbkdf2 without salt":        {sha1Hash, s{Algorithm: "pbkdf2"}, "salt: is missing"},
		"a salt of 1025 bits":        {md5Hash, s{Algorithm: "md5", Salt: strings.Repeat("AAAA", 43)}, "salt: at most 1024 bits"},
		"a long salt":                {md5Hash, s{Algorithm: "md5", Salt: strings.Repeat("A", 4000)}, "salt: at most 1024 bits"},
		"a clear salt, no format":    {md5Hash, s{Algorithm: "md5", Salt: "salt!"}, "salt: want Base64"},
		"a clear salt too long":      {md5Hash, s{Algorithm: "md5", Salt: long, Format: "$salt$password"}, "salt: at most 1024 bits"},
		"a long format":              {md5Hash, s{Algorithm: "md5", Format: "$password" + long}, "format: at most 256 bytes"},
		"a format without password":  {md5Hash, s{Algorithm: "md5", Format: "pepper"}, "format: want $password"},
		"a format that drops salt":   {md5Hash, s{Algorithm: "md5", Salt: "AAAA", Format: "$password"}, "format: want $salt"},
		"a format without its salt":  {md5Hash, s{Algorithm: "md5", Format: "$salt$password"}, "salt: is missing"},
		"two formats":                {md5Hash, s{Algorithm: "md5", Format: "$password", BinaryFormat: "$password:utf8"}, "binaryFormat: cannot stand beside format"},
		"a format of pbkdf2":         {sha1Hash, s{Algorithm: "pbkdf2", Salt: "AAAA", Format: "$password"}, "format: pbkdf2 takes none"},
		"a long binary format":       {md5Hash, s{Algorithm: "md5", BinaryFormat: "$0x" + long}, "binaryFormat: at most 256 bytes"},
		"an unknown encoding":        {md5Hash, s{Algorithm: "md5", BinaryFormat: "$password:ebcdic"}, "binaryFormat: want $password: with"},
		"an unknown place":           {md5Hash, s{Algorithm: "md5", BinaryFormat: "$password:utf8$pepper:utf8"}, "binaryFormat: want $password:<enc>"},
		"half a byte":                {md5Hash, s{Algorithm: "md5", BinaryFormat: "$password:utf8$0xabc"}, "binaryFormat: want pairs"},
		"text between":               {md5Hash, s{Algorithm: "md5", BinaryFormat: "x$password:utf8"}, "binaryFormat: want $password:<enc>"},
		"a salt in another encoding": {md5Hash, s{Algorithm: "md5", Salt: "xyz", BinaryFormat: "$salt:hex$password:utf8"}, "salt: is not in the form that binaryFormat says: hex"},
		"bcrypt, no power of two":    {"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", s{Algorithm: "bcrypt", Salt: "AAAAAAAAAAAAAAAAAAAAAA==", Rounds: 100}, "rounds: want a power of two"},
		"bcrypt 2^31":                {"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", s{Algorithm: "bcrypt", Salt: "AAAAAAAAAAAAAAAAAAAAAA==", Rounds: 1 << 31}, "rounds: want a power of two from 16 to 16384"},
		"a text in the raw member":   {"$2a$05$abcdefghijklmnopqrstuu", s{Algorithm: "bcrypt"}, "goes into compoundHashedPassword"},
		"md5_crypt, long salt":       {md5Hash, s{Algorithm: "md5_crypt", Salt: "MTIzNDU2Nzg5"}, "salt: want up to 8 bytes"},
		"md5_crypt, a salt of $":     {md5Hash, s{Algorithm: "md5_crypt", Salt: "JCQ="}, "salt: cannot be that"},
		"md5_crypt, other rounds":    {md5Hash, s{Algorithm: "md5_crypt", Salt: "AAAA", Rounds: 5000}, "rounds: md5_crypt always has 1000"},
		"SAP without its head":       {sha1Hash, s{Algorithm: "sap_abap"}, "hashedPassword: want the stored text"},
		"SAP with 10^9 rounds":       {"{x-issha, 1000000000}" + sha512Hash, s{Algorithm: "sap_abap"}, "rounds: at most 131072"},
		"SAP with settings":          {"{x-issha, 1024}" + sha512Hash, s{Algorithm: "sap_abap", Rounds: 5}, "takes no settings"},
		"double salting, rounds":     {md5Hash, s{Algorithm: "md5_double_salted", Salt: "AAAA", Rounds: 2}, "rounds: at most 1"},
	} {
		t.Run(name, func(t *testing.T) {
			encoded, err := password.Foreign(test.hash, test.settings)
			var refused *password.SettingError
			if !errors.As(err, &refused) || !strings.Contains(err.Error(), test.want) {
				t.Fatalf("%q, error %v, want one that contains %q", encoded, err, test.want)
			}
			if test.settings.Salt != "" && len(test.settings.Salt) > 8 && strings.Contains(err.Error(), test.settings.Salt) {
				t.Error("the error repeats the salt")
			}
		})
	}
}

func TestCompoundHashesOutOfBoundsAreRefused(t *testing.T) {
	const bcrypt = "abcdefghijklmnopqrstuuabcdefghijklmnopqrstuvwxyz01234"
	for name, text := range map[string]string{
		"empty":                "",
		"plain":                "secret",
		"bcrypt of cost 31":    "$2b$31$" + bcrypt,
		"bcrypt of cost 15":    "$2b$15$" + bcrypt,
		"bcrypt of cost 3":     "$2b$03$" + bcrypt,
		"bcrypt of cost -1":    "$2b$-1$" + bcrypt,
		"bcrypt cut short":     "$2b$10$" + bcrypt[:50],
		"bcrypt of others":     "$2b$10$" + strings.Replace(bcrypt, "a", "§", 1)[:53],
		"2x":                   "$2x$10$" + bcrypt,
		"Drupal of 2^30":       "$S$S" + strings.Repeat("a", 51),
		"Drupal of nothing":    "$S$.",
		"Drupal cut short":     "$S$D" + strings.Repeat("a", 50),
		"md5_crypt, long salt": "$1$123456789$" + strings.Repeat("a", 22),
		"md5_crypt cut short":  "$1$12345678$" + strings.Repeat("a", 21),
		"sha512_crypt":         "$6$rounds=999999999$salt$" + strings.Repeat("a", 86),
		"ours":                 "$argon2id$v=19$m=8,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
		"a stored foreign one": "$md5$r=1$$AAAAAAAAAAAAAAAAAAAAAA",
		"very long":            "$1$" + strings.Repeat("a", 5000),
	} {
		t.Run(name, func(t *testing.T) {
			var refused *password.SettingError
			if encoded, err := password.Compound(text); !errors.As(err, &refused) || refused.Setting != "compoundHashedPassword" {
				t.Errorf("%q, error %v", encoded, err)
			}
		})
	}
}

func TestStoredForeignTextsAreBoundedToo(t *testing.T) {
	h := cheapHasher()
	for _, encoded := range []string{
		"$md5$r=1$$AAAAAAAAAAAAAAAAAAAAAB", // Not the shortest Base64.
		"$md5$r=0$$AAAAAAAAAAAAAAAAAAAAAA",
		"$md5$r=01$$AAAAAAAAAAAAAAAAAAAAAA",
		"$md5$r=1000000000$$AAAAAAAAAAAAAAAAAAAAAA",
		"$md5$r=99999999999999999999$$AAAAAAAAAAAAAAAAAAAAAA",
		"$md5$r=1,x=$$AAAAAAAAAAAAAAAAAAAAAA",
		"$md5$r=1,f=$$AAAAAAAAAAAAAAAAAAAAAA",
		"$md5$f=JHBhc3N3b3Jk$$AAAAAAAAAAAAAAAAAAAAAA",
		"$md5$r=1$$AAAAAAAAAAAAAAAAAAAAAAAAAAA",
		"$sha1$r=1$$AAAAAAAAAAAAAAAAAAAAAA",
		"$pbkdf2$r=1000$$AAAAAAAAAAAAAAAAAAAAAA",
		"$rot13$r=1$$AAAAAAAAAAAAAAAAAAAAAA",
		"$md5$r=1$" + strings.Repeat("A", 3000) + "$AAAAAAAAAAAAAAAAAAAAAA",
	} {
		if ok, _, err := h.Verify(t.Context(), encoded, ""); ok || !errors.Is(err, password.ErrFormat) {
			t.Errorf("%.60s: ok %v, error %v", encoded, ok, err)
		}
		if err := password.Check(encoded); err == nil {
			t.Errorf("%.60s is taken for a hash", encoded)
		}
	}
}

func FuzzForeign(f *testing.F) {
	for _, v := range vectors(f)[:60] {
		f.Add(v.Hash, v.Compound, v.Settings.Algorithm, v.Settings.Salt, v.Settings.Format, v.Settings.BinaryFormat, "", v.Settings.Rounds)
	}
	f.Add("{x-issha, 1024}C0624EvGSdAMCtuWnBBYBGA0chvqAflKY74oEpw/rpY=", "$S$C33783772bRXEx1aCsvY.dqgaaSu76XmVlKrW9Qu8IQlvxHlmzLf", "sap_abap", "", "", "", "", int64(0))
	f.Add("s3rv1ce:0123456789abcdef", "", "custom", "salt", "$password", "", "https://hash.example.com/", int64(3))
	f.Fuzz(func(t *testing.T, hash, compound, algorithm, salt, format, binary, url string, rounds int64) {
		if text, err := password.Compound(compound); err == nil {
			if err := password.Check(text); err != nil {
				t.Errorf("%q was taken and cannot be read: %v", text, err)
			}
		}
		encoded, err := password.Foreign(hash, password.Settings{Algorithm: algorithm, Rounds: rounds, Salt: salt, Format: format, BinaryFormat: binary, URL: url})
		if err != nil {
			var refused *password.SettingError
			if !errors.As(err, &refused) {
				t.Fatalf("%v is no SettingError", err)
			}
			return
		}
		if err := password.Check(encoded); err != nil {
			t.Fatalf("%q was taken and cannot be read: %v", encoded, err)
		}
		hash, settings, ok := password.Explain(encoded)
		if !ok {
			t.Fatalf("%q cannot be explained", encoded)
		}
		again := ""
		if settings.Algorithm == "" {
			again, err = password.Compound(hash)
		} else {
			again, err = password.Foreign(hash, settings)
		}
		if err != nil || again != encoded {
			t.Fatalf("%q became %q (%v)", encoded, again, err)
		}
	})
}
