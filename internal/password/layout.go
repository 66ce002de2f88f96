package password

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// piece is a part of the text that is hashed: bytes that stand for themselves, or the password in an encoding.
type piece struct {
	kind     pieceKind
	text     []byte
	encoding string
}

type pieceKind int

const (
	literal pieceKind = iota
	thePassword
)

// The places that a format names.
const (
	passwordPlace = "$password"
	saltPlace     = "$salt"
)

// readFormat reads the template of format: UTF-8, in which the salt stands as it was given.
func (f *foreign) readFormat() ([]piece, error) {
	var pieces []piece
	places, salts := 0, 0
	for rest := f.format; rest != ""; {
		at := strings.IndexByte(rest, '$')
		switch {
		case at > 0:
			pieces = append(pieces, piece{text: []byte(rest[:at])})
			rest = rest[at:]
		case at < 0:
			pieces = append(pieces, piece{text: []byte(rest)})
			rest = ""
		case strings.HasPrefix(rest, passwordPlace):
			pieces = append(pieces, piece{kind: thePassword, encoding: "utf8"})
			rest = rest[len(passwordPlace):]
			places++
		case strings.HasPrefix(rest, saltPlace):
			pieces = append(pieces, piece{text: []byte(f.salt)})
			rest = rest[len(saltPlace):]
			salts++
		default:
			pieces = append(pieces, piece{text: []byte("$")})
			rest = rest[1:]
		}
	}
	return pieces, f.checkPlaces("format", places, salts)
}

// checkPlaces holds a format against the salt: a salt that goes nowhere, or none for its place, is a mistake that would
// lock everybody out.
func (f *foreign) checkPlaces(setting string, places, salts int) error {
	switch {
	case places == 0:
		return refuse(setting, "want $password in it")
	case salts == 0 && f.salt != "":
		return refuse(setting, "want $salt in it, because there is a salt")
	case salts > 0 && f.salt == "":
		return refuse("salt", "is missing, and "+setting+" has a place for it")
	case setting == "format" && len(f.salt) > maxForeignSalt:
		return refuse("salt", "at most 1024 bits")
	}
	return nil
}

// readBinaryFormat reads $password:<enc>, $salt:<enc> and $0x<hex>.
func (f *foreign) readBinaryFormat() ([]piece, error) {
	var pieces []piece
	places, salts := 0, 0
	if f.binary[0] != '$' {
		return nil, refuse("binaryFormat", "want $password:<enc>, $salt:<enc> and $0x<hex>, one after the other")
	}
	for _, part := range strings.Split(f.binary[1:], "$") {
		digits, isHex := strings.CutPrefix(part, "0x")
		place, encoding, _ := strings.Cut(part, ":")
		switch {
		case isHex:
			raw, ok := decodeHex(digits)
			if !ok || len(raw) == 0 {
				return nil, refuse("binaryFormat", "want pairs of hexadecimal digits after $0x")
			}
			pieces = append(pieces, piece{text: raw})
		case place == "password":
			if _, ok := encode("", encoding); !ok {
				return nil, refuse("binaryFormat", "want $password: with hex, base64, utf8, utf16 or utf32")
			}
			pieces = append(pieces, piece{kind: thePassword, encoding: encoding})
			places++
		case place == "salt":
			raw, err := saltIn(f.salt, encoding)
			if err != nil {
				return nil, err
			}
			pieces = append(pieces, piece{text: raw})
			salts++
		default:
			return nil, refuse("binaryFormat", "want $password:<enc>, $salt:<enc> and $0x<hex>, one after the other")
		}
	}
	return pieces, f.checkPlaces("binaryFormat", places, salts)
}

// saltIn returns the bytes of a salt that was given in the encoding.
func saltIn(text, encoding string) ([]byte, error) {
	var raw []byte
	ok := true
	switch encoding {
	case "hex":
		raw, ok = decodeHex(text)
	case "base64":
		raw, ok = decodeBase64(text)
	default:
		if raw, ok = encode(text, encoding); !ok {
			return nil, refuse("binaryFormat", "want $salt: with hex, base64, utf8, utf16 or utf32")
		}
	}
	switch {
	case !ok:
		return nil, refuse("salt", "is not in the form that binaryFormat says: "+encoding)
	case len(raw) > maxForeignSalt:
		return nil, refuse("salt", "at most 1024 bits")
	}
	return raw, nil
}

// encode returns the bytes of a text in the encoding; hex and base64 are those of its UTF-8 bytes.
func encode(text, encoding string) ([]byte, bool) {
	switch encoding {
	case "utf8":
		return []byte(text), true
	case "utf16":
		return utf16LE(text), true
	case "utf32":
		var raw []byte
		for _, r := range text {
			raw = binary.LittleEndian.AppendUint32(raw, uint32(r))
		}
		return raw, true
	case "hex":
		return []byte(hex.EncodeToString([]byte(text))), true
	case "base64":
		return []byte(base64.StdEncoding.EncodeToString([]byte(text))), true
	}
	return nil, false
}

// utf16LE returns the text in UTF-16, little-endian, as Windows systems hold it.
func utf16LE(text string) []byte {
	raw := make([]byte, 0, 2*len(text))
	for _, unit := range utf16.Encode([]rune(text)) {
		raw = binary.LittleEndian.AppendUint16(raw, unit)
	}
	return raw
}

// laidOut returns what is hashed for the password.
func (f *foreign) laidOut(password string) []byte {
	var text []byte
	for _, p := range f.pieces {
		switch {
		case p.kind == literal:
			text = append(text, p.text...)
		case p.encoding == "" || p.encoding == "utf8":
			text = append(text, password...)
		default:
			raw, _ := encode(password, p.encoding)
			text = append(text, raw...)
		}
	}
	return text
}

// decodeBase64 reads Base64 of the usual alphabet, with or without its padding.
func decodeBase64(text string) ([]byte, bool) {
	if strings.ContainsAny(text, "\r\n") || len(text) > 2*maxSaltText {
		return nil, false
	}
	raw, err := base64.RawStdEncoding.Strict().DecodeString(strings.TrimRight(text, "="))
	return raw, err == nil && len(text)-len(strings.TrimRight(text, "=")) <= 2
}

func decodeHex(text string) ([]byte, bool) {
	raw, err := hex.DecodeString(text)
	return raw, err == nil
}

func isHex(text []byte) bool {
	_, err := hex.DecodeString(string(text))
	return err == nil && utf8.Valid(text)
}

// positive reads a number without sign and leading zeros.
func positive(text string) (int, bool) {
	n, err := strconv.Atoi(text)
	return n, err == nil && n > 0 && strconv.Itoa(n) == text
}
