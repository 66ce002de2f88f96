package token

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
)

// The forms in which an email token holds a UID: as it is, with zero bytes behind a short one, or the bytes that its hexadecimal
// digits stand for.
const (
	textForm = 't'
	hexForm  = 'h'
)

// leastUID is the number of bytes that an email token holds at least: those of a UID of ours.
const leastUID = 16

// emailTagLength is the number of bytes that prove an email token, and from which the rest of it is masked.
const emailTagLength = 16

// EmailToken returns what stands for the e-mail address of an account towards those who may not know how to log in: always
// the same for one account, 64 hexadecimal digits unless a site made a long UID of its own. Nobody else can make one, nor read the UID in
// it. Nothing of it is stored: [Tokens.OpenEmailToken] reads it.
func (t *Tokens) EmailToken(group, uid string) string {
	form, plain := byte(textForm), []byte(uid)
	for len(plain) < leastUID {
		plain = append(plain, 0)
	}
	if raw, err := hex.DecodeString(uid); err == nil && len(raw) == leastUID && hex.EncodeToString(raw) == uid {
		form, plain = hexForm, raw
	}
	tag := t.emailTag(group, form, plain)
	return hex.EncodeToString(append(tag, t.masked(tag, plain)...))
}

// OpenEmailToken returns the UID of the account of the group whose token it is.
func (t *Tokens) OpenEmailToken(group, text string) (uid string, ok bool) {
	sealed, err := hex.DecodeString(text)
	if err != nil || len(sealed) < emailTagLength+leastUID || len(text) > MaxLength {
		return "", false
	}
	tag := sealed[:emailTagLength]
	plain := t.masked(tag, sealed[emailTagLength:])
	switch {
	case hmac.Equal(tag, t.emailTag(group, textForm, plain)):
		return string(bytes.TrimRight(plain, "\x00")), true
	case len(plain) == leastUID && hmac.Equal(tag, t.emailTag(group, hexForm, plain)):
		return hex.EncodeToString(plain), true
	}
	return "", false
}

func (t *Tokens) emailTag(group string, form byte, plain []byte) []byte {
	mac := hmac.New(sha256.New, t.sealer.Key("email-token"))
	mac.Write(append([]byte(group), 0, form))
	mac.Write(plain)
	return mac.Sum(nil)[:emailTagLength]
}

// masked hides the text, or shows it again: a stream that begins with the tag is laid over it. The same tag comes from the same
// text alone.
func (t *Tokens) masked(tag, text []byte) []byte {
	out := make([]byte, 0, len(text)+sha256.Size)
	for block := uint32(0); len(out) < len(text); block++ {
		mac := hmac.New(sha256.New, t.sealer.Key("email-token-mask"))
		mac.Write(binary.BigEndian.AppendUint32(tag[:emailTagLength:emailTagLength], block))
		out = mac.Sum(out)
	}
	out = out[:len(text)]
	for i := range out {
		out[i] ^= text[i]
	}
	return out
}
