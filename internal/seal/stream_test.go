package seal_test

import (
	"bytes"
	"crypto/ecdh"
	"crypto/hpke"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/doorward/doorward/internal/seal"
)

func newKey(t testing.TB) *seal.Identity {
	t.Helper()
	key, err := seal.NewIdentity()
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func sealed(t testing.TB, key *seal.Identity, text []byte, step int) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := seal.NewWriter(&out, key.Recipient())
	if err != nil {
		t.Fatal(err)
	}
	for rest := text; len(rest) > 0; {
		n := min(step, len(rest))
		if _, err := w.Write(rest[:n]); err != nil {
			t.Fatal(err)
		}
		rest = rest[n:]
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func opened(key *seal.Identity, data []byte) ([]byte, error) {
	r, err := seal.NewReader(bytes.NewReader(data), key)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(r)
}

func TestASealedStreamIsReadByItsKeyAlone(t *testing.T) {
	key := newKey(t)
	for _, size := range []int{0, 1, 65535, 65536, 65537, 3 * 65536, 200_000} {
		text := bytes.Repeat([]byte("secret "), size/7+1)[:size]
		for _, step := range []int{1000, 65536, 1 << 20} {
			data := sealed(t, key, text, step)
			if got, err := opened(key, data); err != nil || !bytes.Equal(got, text) {
				t.Errorf("%d bytes in steps of %d: %d came back (%v)", size, step, len(got), err)
			}
			if bytes.Contains(data, []byte("secret")) || !seal.IsSealed(data) {
				t.Errorf("%d bytes: it is not sealed", size)
			}
			if _, err := opened(newKey(t), data); !errors.Is(err, seal.ErrStream) {
				t.Errorf("%d bytes: another key: %v", size, err)
			}
		}
	}
}

func TestASealedStreamThatWasTouchedIsRefused(t *testing.T) {
	key := newKey(t)
	text := bytes.Repeat([]byte("0123456789abcdef"), 10_000) // Three chunks.
	data := sealed(t, key, text, 1<<20)
	const start, chunk = 18 + 32, 4 + 65536 + 16
	join := func(parts ...[]byte) []byte { return bytes.Join(parts, nil) }
	head, one, two, rest := data[:start], data[start:start+chunk], data[start+chunk:start+2*chunk], data[start+2*chunk:]
	other := sealed(t, key, text, 1<<20)
	flip := func(at int) []byte {
		c := bytes.Clone(data)
		c[at] ^= 1
		return c
	}
	// A first chunk that claims to be the last.
	early := bytes.Clone(join(head, one))
	early[start] |= 0x80
	for name, bad := range map[string][]byte{
		"nothing":                 nil,
		"the head alone":          head,
		"cut at a chunk's end":    join(head, one, two),
		"cut within a chunk":      data[:len(data)-1],
		"the last chunk alone":    join(head, rest),
		"chunks swapped":          join(head, two, one, rest),
		"a chunk twice":           join(head, one, one, two, rest),
		"a chunk left out":        join(head, one, rest),
		"a chunk of another":      join(head, one, other[start+chunk:start+2*chunk], rest),
		"something after its end": join(data, []byte{0}),
		"two streams":             join(data, data),
		"an early end":            early,
		"a bit of the magic":      flip(3),
		"a bit of the key":        flip(30),
		"a bit of a length":       flip(start + 3),
		"a bit of a text":         flip(start + 1000),
		"a bit of the last tag":   flip(len(data) - 1),
		"a huge length":           join(head, []byte{0x7f, 0xff, 0xff, 0xff}, one),
		"not sealed":              []byte(`{"UID":"x"}`),
	} {
		t.Run(name, func(t *testing.T) {
			if got, err := opened(key, bad); !errors.Is(err, seal.ErrStream) {
				t.Errorf("%d bytes, error %v", len(got), err)
			} else if !bytes.HasPrefix(text, got) {
				t.Error("something was handed out that was not sealed so")
			}
		})
	}
}

func TestKeysHaveTexts(t *testing.T) {
	key := newKey(t)
	private, err := key.Text()
	if err != nil {
		t.Fatal(err)
	}
	public := key.Recipient().Text()
	again, err := seal.ParseIdentity(private + "\n")
	if err != nil || again.Recipient().Text() != public {
		t.Fatalf("the key is another: %v", err)
	}
	to, err := seal.ParseRecipient(" " + public)
	if err != nil || to.Text() != public {
		t.Fatalf("the public key is another: %v", err)
	}
	for _, bad := range []string{"", "x", public[:30], private, strings.Replace(public, "1:", "1:!", 1), public + "AAAA"} {
		if _, err := seal.ParseRecipient(bad); err == nil {
			t.Errorf("%q is a public key", bad)
		}
	}
	for _, bad := range []string{"", public, private + "AAAA", private[:len(private)-4]} {
		if _, err := seal.ParseIdentity(bad); err == nil || strings.Contains(err.Error(), private[19:]) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func FuzzReader(f *testing.F) {
	key := newKey(f)
	f.Add(sealed(f, key, []byte("text"), 10))
	f.Add(sealed(f, key, nil, 10))
	f.Add([]byte("doorward-sealed-1\n"))
	f.Fuzz(func(t *testing.T, data []byte) { _, _ = opened(key, data) })
}

// hesitant reads nothing at every other call, as readers may.
type hesitant struct {
	r    io.Reader
	even bool
}

func (h *hesitant) Read(p []byte) (int, error) {
	if h.even = !h.even; !h.even {
		return 0, nil
	}
	return h.r.Read(p[:min(1, len(p))])
}

func TestSomethingBehindAStreamIsNoticedHoweverItComes(t *testing.T) {
	key := newKey(t)
	data := sealed(t, key, []byte("text"), 10)
	for _, c := range []struct {
		data []byte
		want error
	}{{data, nil}, {append(bytes.Clone(data), 0), seal.ErrStream}} {
		for _, even := range []bool{true, false} {
			r, err := seal.NewReader(&hesitant{bytes.NewReader(c.data), even}, key)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := io.ReadAll(r); !errors.Is(err, c.want) || string(got) != "text" {
				t.Errorf("%d bytes: %q, %v, want %v", len(c.data), got, err, c.want)
			}
		}
	}
}

// TestAChunkThatIsNotFullIsTheLast: whoever has the public key can seal others.
func TestAChunkThatIsNotFullIsTheLast(t *testing.T) {
	key := newKey(t)
	_, text, _ := strings.Cut(key.Recipient().Text(), ":")
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	public, err := hpke.DHKEM(ecdh.X25519()).NewPublicKey(raw)
	if err != nil {
		t.Fatal(err)
	}
	const magic = "doorward-sealed-1\n"
	for _, c := range []struct {
		first int
		want  error
	}{{65536, nil}, {65535, seal.ErrStream}, {0, seal.ErrStream}} {
		enc, sender, err := hpke.NewSender(public, hpke.HKDFSHA256(), hpke.AES256GCM(), []byte(magic))
		if err != nil {
			t.Fatal(err)
		}
		data := append([]byte(magic), enc...)
		for i, size := range []int{c.first, 3} {
			head := binary.BigEndian.AppendUint32(nil, uint32(size)|uint32(i)<<31)
			chunk, err := sender.Seal(head, bytes.Repeat([]byte{'x'}, size))
			if err != nil {
				t.Fatal(err)
			}
			data = append(append(data, head...), chunk...)
		}
		if got, err := opened(key, data); !errors.Is(err, c.want) || c.want == nil && len(got) != c.first+3 {
			t.Errorf("a first chunk of %d bytes: %d bytes, %v, want %v", c.first, len(got), err, c.want)
		}
	}
}
