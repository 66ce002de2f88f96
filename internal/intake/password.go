package intake

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/doorward/doorward/internal/account"
	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/document"
	hashes "github.com/doorward/doorward/internal/password"
	"github.com/doorward/doorward/internal/store"
)

// maxQuestion bounds a security question, in bytes.
const maxQuestion = 500

// password is what an import knows of the way somebody logs in.
type password struct {
	// clear is a password that is still to be hashed, of a file alone; hash one that is ready to be stored.
	clear, hash string
	created     clock.Millis
	// question and answer come together; answered is the answer's hash.
	question, answer, answered string
}

// readPassword reads the object password: a compound text, or a hash with its settings, or the form of an answer (hash,
// hashSettings, created), and the security question. A file may give a clear text instead.
func (in *Account) readPassword(v document.Value) error {
	p := &in.password
	if in.source == File && v.Kind() == document.KindString {
		p.clear = v.Str()
		if len(p.clear) > hashes.MaxLength {
			return fmt.Errorf("longer than %d bytes", hashes.MaxLength)
		}
		return nil
	}
	o, err := object(v)
	if err != nil {
		return err
	}
	var raw passwordParts
	for name, v := range o.All() {
		if v.IsNull() {
			continue
		}
		if err := raw.take(name, v); err != nil {
			return at(name, err)
		}
	}
	if raw.question != "" {
		p.question, p.answer = raw.question, raw.answer
	}
	p.created = raw.created
	p.hash, err = raw.hash()
	return err
}

// passwordParts are the members of a password object.
type passwordParts struct {
	compound, hashed, shown string
	settings                *document.Object
	question, answer        string
	created                 clock.Millis
}

// The members of a password, and of its hashSettings.
var (
	passwordNames = folded([]string{"compoundHashedPassword", "compoundHash", "hashedPassword", "hash", "hashSettings", "secretQuestionAndAnswer", "created"})
	settingNames  = folded([]string{"algorithm", "hashAlgorithm", "salt", "format", "binaryFormat", "url", "rounds"})
)

func (p *passwordParts) take(name string, v document.Value) (err error) {
	own, _ := passwordNames.of(name)
	switch own {
	case "compoundHashedPassword", "compoundHash":
		p.compound, err = text(v)
	case "hashedPassword":
		p.hashed, err = text(v)
	case "hash":
		p.shown, err = text(v)
	case "hashSettings":
		p.settings, err = object(v)
	case "secretQuestionAndAnswer":
		p.question, p.answer, err = questionAndAnswer(v)
	case "created":
		var s string
		if s, err = text(v); err == nil {
			p.created, err = millis(s)
		}
	default:
		err = errors.New("there is no such member of a password")
	}
	return err
}

// questionAndAnswer reads the security question, which stands in the password or beside it.
func questionAndAnswer(v document.Value) (question, answer string, err error) {
	o, err := object(v)
	if err != nil {
		return "", "", err
	}
	q, asked := member(o, "secretQuestion")
	a, answered := member(o, "secretAnswer")
	if asked != answered || asked && (q.Str() == "" || a.Str() == "") {
		return "", "", errors.New("want secretQuestion and secretAnswer, both texts")
	}
	if len(q.Str()) > maxQuestion {
		return "", "", fmt.Errorf("secretQuestion: longer than %d bytes", maxQuestion)
	}
	if len(account.Normalize(a.Str())) > hashes.MaxLength {
		return "", "", fmt.Errorf("secretAnswer: longer than %d bytes", hashes.MaxLength)
	}
	return q.Str(), a.Str(), nil
}

// hash returns the text to store; empty: there is none.
func (p *passwordParts) hash() (string, error) {
	s, err := p.readSettings()
	if err != nil {
		return "", err
	}
	var encoded string
	switch {
	case p.compound != "" && s.Algorithm != "":
		return "", &MemberError{"hashSettings.algorithm", errors.New("cannot stand beside compoundHashedPassword, which says it itself")}
	case p.compound != "" && p.hashed+p.shown != "":
		return "", &MemberError{"compoundHashedPassword", errors.New("cannot stand beside hashedPassword")}
	case p.hashed != "" && p.shown != "":
		return "", &MemberError{"hash", errors.New("cannot stand beside hashedPassword")}
	case p.compound != "":
		encoded, err = hashes.Compound(p.compound)
	case p.shown != "" && p.settings == nil:
		if err := hashes.Check(p.shown); err != nil {
			return "", &MemberError{"hash", err}
		}
		return p.shown, nil
	case p.hashed+p.shown != "" || p.settings != nil:
		encoded, err = hashes.Foreign(p.hashed+p.shown, s)
	}
	var setting *hashes.SettingError
	if errors.As(err, &setting) {
		name := setting.Setting
		if name != "hashedPassword" && name != "compoundHashedPassword" {
			name = "hashSettings." + name
		}
		return "", &MemberError{name, errors.New(setting.Reason)}
	}
	return encoded, err
}

// readSettings reads hashSettings. A sample of the documentation writes HashAlgorithm.
func (p *passwordParts) readSettings() (s hashes.Settings, err error) {
	for name, v := range p.settings.All() {
		if v.IsNull() {
			continue
		}
		own, _ := settingNames.of(name)
		switch own {
		case "algorithm", "hashAlgorithm":
			s.Algorithm, err = text(v)
		case "salt":
			s.Salt, err = text(v)
		case "format":
			s.Format, err = text(v)
		case "binaryFormat":
			s.BinaryFormat, err = text(v)
		case "url":
			s.URL, err = text(v)
		case "rounds":
			s.Rounds, err = rounds(v)
		default:
			err = errors.New("there is no such setting")
		}
		if err != nil {
			return s, &MemberError{"hashSettings." + name, err}
		}
	}
	return s, nil
}

// permitHashes refuses hashes of a service that this installation may not send passwords to.
func (in *Account) permitHashes(h *hashes.Hasher) error {
	var refused *hashes.SettingError
	if errors.As(h.Permit(in.password.hash), &refused) {
		return wrong("password.hashSettings."+refused.Setting, refused.Reason)
	}
	for _, hash := range hashesOf(in.secrets) {
		if errors.As(h.Permit(hash), &refused) {
			return wrong("secrets", refused.Error())
		}
	}
	return nil
}

// hashesOf returns every hash that there is among the secrets, which may be nil.
func hashesOf(s *store.Secrets) []string {
	if s == nil {
		return nil
	}
	all := append([]string{s.PasswordHash, s.SecretAnswerHash}, s.PasswordHistory...)
	return slices.DeleteFunc(all, func(hash string) bool { return hash == "" })
}

// rounds reads a number, or a text of digits.
func rounds(v document.Value) (int64, error) {
	digits := v.Num()
	if v.Kind() == document.KindString {
		digits = v.Str()
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || n < 1 {
		return 0, errors.New("want a positive number")
	}
	return n, nil
}

// readSecrets reads what a sealed export has of an account's secrets. Every hash in it is checked: it will be compared
// with passwords.
func readSecrets(v document.Value) (*store.Secrets, error) {
	if v.Kind() != document.KindObject {
		return nil, errors.New("want an object")
	}
	s := &store.Secrets{}
	if err := json.Unmarshal(v.AppendJSON(nil), s); err != nil {
		return nil, errors.New("cannot be read")
	}
	for _, hash := range hashesOf(s) {
		if err := hashes.Check(hash); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// Hash does the slow work: it hashes a clear password and an answer. It must not be called within a transaction. The
// error is one of package password, or the context's.
func (in *Account) Hash(ctx context.Context, h *hashes.Hasher) (err error) {
	p := &in.password
	if p.clear != "" {
		if p.hash, err = h.Hash(ctx, p.clear); err != nil {
			return err
		}
	}
	if p.answer != "" {
		p.answered, err = h.Hash(ctx, account.Normalize(p.answer))
	}
	return err
}
