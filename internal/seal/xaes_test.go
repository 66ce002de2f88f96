package seal

import (
	"bytes"
	"encoding/hex"
	"testing"
)

// The test vectors that the specification of XAES-256-GCM publishes.
func TestXAESVectors(t *testing.T) {
	for _, c := range []struct {
		key             byte
		context, sealed string
	}{
		{1, "", "ce546ef63c9cc60765923609b33a9a1974e96e52daf2fcf7075e2271"},
		{3, "c2sp.org/XAES-256-GCM", "986ec1832593df5443a179437fd083bf3fdb41abd740a21f71eb769d"},
	} {
		x, err := newXAES(bytes.Repeat([]byte{c.key}, KeySize))
		if err != nil {
			t.Fatal(err)
		}
		nonce := []byte("ABCDEFGHIJKLMNOPQRSTUVWX")
		got := x.aead(nonce).Seal(nil, nonce[keyNonce:], []byte("XAES-256-GCM"), []byte(c.context))
		if hex.EncodeToString(got) != c.sealed {
			t.Errorf("key %d: got %x, want %s", c.key, got, c.sealed)
		}
	}
}
