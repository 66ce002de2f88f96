package site

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"sync"

	"github.com/doorward/doorward/internal/policy"
	"github.com/doorward/doorward/internal/schema"
)

// parsed are the policies and schemas that were read under one configuration version, by what they were read from. Most sites have
// those of others: by default, or from the parent of their group. A thousand copies would be in nobody's cache. They are never altered.
// The nil parsed keeps nothing.
type parsed struct{ policies, schemas sync.Map }

// parsedKey is a hash over what was read: the parent's document, if the site has a parent, and the site's own.
type parsedKey struct {
	member bool
	sum    [sha256.Size]byte
}

func keyOfTexts(member bool, group, own json.RawMessage) parsedKey {
	text := binary.AppendUvarint(make([]byte, 0, 16+len(group)+len(own)), uint64(len(group)))
	return parsedKey{member, sha256.Sum256(append(append(text, group...), own...))}
}

// once returns what is kept under the key, or what read returns.
func once[T any](kept *sync.Map, key parsedKey, read func() (*T, error)) (*T, error) {
	if found, ok := kept.Load(key); ok {
		return found.(*T), nil
	}
	v, err := read()
	if err != nil {
		return nil, err
	}
	found, _ := kept.LoadOrStore(key, v)
	return found.(*T), nil
}

// of reads the site's policies and schema.
func (p *parsed) of(s *Site) (policies *policy.Policies, fields *schema.Schema, err error) {
	if p == nil {
		p = &parsed{}
	}
	var ofGroup, schemaOfGroup json.RawMessage
	if s.Parent != nil {
		ofGroup, schemaOfGroup = s.Parent.Policies, s.Parent.Schema
	}
	member := s.IsMember()
	if policies, err = once(&p.policies, keyOfTexts(member, ofGroup, s.Site.Policies), s.parsePolicies); err != nil {
		return nil, nil, wrap("site's policies", err)
	}
	if fields, err = once(&p.schemas, keyOfTexts(member, schemaOfGroup, s.Site.Schema), s.parseSchema); err != nil {
		return nil, nil, wrap("site's schema", err)
	}
	return policies, fields, nil
}
