package seal

import (
	"crypto/ecdh"
	"crypto/hpke"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
)

// A sealed stream is what the holder of one key can read and nobody else, neither the machine that wrote it. It is HPKE
// (RFC 9180) in base mode, DHKEM(X25519, HKDF-SHA256) with HKDF-SHA256 and AES-256-GCM:
//
//	doorward-sealed-1\n        18 bytes; also the info of HPKE
//	enc                        32 bytes, the encapsulated key
//	chunk …                    a head of 4 bytes, then the sealed text
//
// The head is the length of the chunk's plain text, big-endian, 0 to 65536, with the highest bit set in the last chunk and in
// no other. It is the chunk's additional data. Chunks are sealed one after the other in one HPKE context, whose nonces
// count them: a chunk that is lost, repeated, moved or altered cannot be opened, nor can a stream that lost its end, and
// nothing may follow the last one. All chunks but the last are full.
const streamMagic = "doorward-sealed-1\n"

const (
	chunkSize   = 64 << 10
	lastChunk   = 1 << 31
	chunkHead   = 4
	tagSize     = 16
	encapsulate = 32
)

// The texts of keys: what they are, then Base64.
const (
	publicPrefix  = "doorward-public-1:"
	privatePrefix = "doorward-private-1:"
)

// ErrStream says that a sealed stream cannot be opened: altered, cut short, or sealed to another key.
var ErrStream = errors.New("the sealed data were altered or cut short, or are sealed to another key")

// A Recipient is the public half of a key: what seals.
type Recipient struct{ key hpke.PublicKey }

// An Identity is the private half: what opens.
type Identity struct{ key hpke.PrivateKey }

func kem() hpke.KEM { return hpke.DHKEM(ecdh.X25519()) }

// NewIdentity draws a key.
func NewIdentity() (*Identity, error) {
	key, err := kem().GenerateKey()
	if err != nil {
		return nil, fmt.Errorf("drawing a key: %w", err)
	}
	return &Identity{key}, nil
}

// Recipient returns the public half.
func (i *Identity) Recipient() *Recipient { return &Recipient{i.key.PublicKey()} }

// Text is the secret text of the key, one line without its end.
func (i *Identity) Text() (string, error) {
	raw, err := i.key.Bytes()
	if err != nil {
		return "", fmt.Errorf("writing a key: %w", err)
	}
	return privatePrefix + base64.RawURLEncoding.EncodeToString(raw), nil
}

// Text is the public text of the key.
func (r *Recipient) Text() string {
	return publicPrefix + base64.RawURLEncoding.EncodeToString(r.key.Bytes())
}

// ParseRecipient reads the public text of a key.
func ParseRecipient(text string) (*Recipient, error) {
	raw, err := keyBytes(text, publicPrefix)
	if err != nil {
		return nil, err
	}
	key, err := kem().NewPublicKey(raw)
	if err != nil {
		return nil, errors.New("not a public key")
	}
	return &Recipient{key}, nil
}

// ParseIdentity reads the secret text of a key. The error never repeats it.
func ParseIdentity(text string) (*Identity, error) {
	raw, err := keyBytes(text, privatePrefix)
	if err != nil {
		return nil, err
	}
	key, err := kem().NewPrivateKey(raw)
	if err != nil {
		return nil, errors.New("not a private key")
	}
	return &Identity{key}, nil
}

func keyBytes(text, prefix string) ([]byte, error) {
	body, ok := strings.CutPrefix(strings.TrimSpace(text), prefix)
	raw, err := base64.RawURLEncoding.Strict().DecodeString(body)
	if !ok || err != nil || strings.ContainsAny(body, "\r\n") {
		return nil, fmt.Errorf("not a key: its text begins with %s", prefix)
	}
	return raw, nil
}

// IsSealed tells whether data that begin so are a sealed stream; head needs [SealedHead] bytes.
func IsSealed(head []byte) bool { return strings.HasPrefix(string(head), streamMagic) }

// SealedHead is how many bytes [IsSealed] looks at.
const SealedHead = len(streamMagic)

// NewWriter returns a writer that seals to the recipient. Close writes the last chunk, without which nobody can read the
// stream to its end; it does not close w.
func NewWriter(w io.Writer, to *Recipient) (io.WriteCloser, error) {
	enc, sender, err := hpke.NewSender(to.key, hpke.HKDFSHA256(), hpke.AES256GCM(), []byte(streamMagic))
	if err != nil {
		return nil, fmt.Errorf("sealing: %w", err)
	}
	if _, err := io.WriteString(w, streamMagic+string(enc)); err != nil {
		return nil, err
	}
	return &streamWriter{w: w, sender: sender, plain: make([]byte, 0, chunkSize)}, nil
}

type streamWriter struct {
	w      io.Writer
	sender *hpke.Sender
	plain  []byte
	err    error
}

// Write implements io.Writer. A full chunk is kept until more comes: it may be the last.
func (s *streamWriter) Write(p []byte) (n int, err error) {
	for len(p) > 0 && s.err == nil {
		if len(s.plain) == chunkSize {
			s.err = s.flush(0)
			continue
		}
		part := p[:min(len(p), chunkSize-len(s.plain))]
		s.plain = append(s.plain, part...)
		p, n = p[len(part):], n+len(part)
	}
	return n, s.err
}

// Close implements io.Closer.
func (s *streamWriter) Close() error {
	if s.err != nil {
		return s.err
	}
	err := s.flush(lastChunk)
	s.err = errors.New("the sealed stream is closed")
	return err
}

func (s *streamWriter) flush(mark uint32) error {
	head := binary.BigEndian.AppendUint32(nil, uint32(len(s.plain))|mark)
	sealed, err := s.sender.Seal(head, s.plain)
	if err != nil {
		return fmt.Errorf("sealing: %w", err)
	}
	s.plain = s.plain[:0]
	_, err = s.w.Write(append(head, sealed...))
	return err
}

// NewReader opens a sealed stream. What it hands out is genuine and in its place; that the stream is whole is known at
// io.EOF alone. Errors are [ErrStream] or r's.
func NewReader(r io.Reader, key *Identity) (io.Reader, error) {
	var start [len(streamMagic) + encapsulate]byte
	if _, err := io.ReadFull(r, start[:]); err != nil || !IsSealed(start[:]) {
		return nil, cut(err)
	}
	opener, err := hpke.NewRecipient(start[len(streamMagic):], key.key, hpke.HKDFSHA256(), hpke.AES256GCM(), []byte(streamMagic))
	if err != nil {
		return nil, ErrStream
	}
	return &streamReader{r: r, opener: opener, sealed: make([]byte, chunkSize+tagSize)}, nil
}

type streamReader struct {
	r      io.Reader
	opener *hpke.Recipient
	sealed []byte
	// plain is what was opened and not handed out yet.
	plain []byte
	err   error
}

// Read implements io.Reader.
func (s *streamReader) Read(p []byte) (int, error) {
	for len(s.plain) == 0 {
		if s.err != nil {
			return 0, s.err
		}
		s.err = s.next()
	}
	n := copy(p, s.plain)
	s.plain = s.plain[n:]
	return n, nil
}

// next opens a chunk; io.EOF comes with the last one.
func (s *streamReader) next() error {
	var head [chunkHead]byte
	if _, err := io.ReadFull(s.r, head[:]); err != nil {
		return cut(err)
	}
	word := binary.BigEndian.Uint32(head[:])
	size, last := word&^uint32(lastChunk), word&lastChunk != 0
	if size > chunkSize || !last && size != chunkSize {
		return ErrStream
	}
	sealed := s.sealed[:size+tagSize]
	if _, err := io.ReadFull(s.r, sealed); err != nil {
		return cut(err)
	}
	plain, err := s.opener.Open(head[:], sealed)
	if err != nil {
		return ErrStream
	}
	s.plain = plain
	if !last {
		return nil
	}
	if n, err := io.ReadFull(s.r, head[:1]); n > 0 || !errors.Is(err, io.EOF) {
		return cut(err)
	}
	return io.EOF
}

// cut is the error of a stream that ends too early; others are the reader's.
func cut(err error) error {
	if err == nil || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return ErrStream
	}
	return err
}
