package ds

import (
	"errors"
	"strings"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/caller"
	"github.com/doorward/doorward/internal/dataobject"
	"github.com/doorward/doorward/internal/login"
	"github.com/doorward/doorward/internal/method"
	"github.com/doorward/doorward/internal/store"
)

// ObjectParams are the parameters of ds.get and ds.delete.
type ObjectParams struct {
	OID  string `param:"oid,required"`
	Type string `param:"type,required"`
	// Fields are the paths of those that are meant, with what is below them; * or nothing: all.
	Fields method.List `param:"fields"`
	// UID is needed for an object that belongs to an account; of a session its own.
	UID string `param:"UID"`
}

func (p *ObjectParams) address(c *method.Invocation) (dataobject.Address, error) {
	return addressOf(c, p.Type, p.OID, p.UID)
}

// addressOf checks the parameters that name an object. Sessions have objects of their own alone: another's UID is 403005.
func addressOf(c *method.Invocation, kind, oid, uid string) (dataobject.Address, error) {
	if err := dataobject.CheckType(kind); err != nil {
		return dataobject.Address{}, err
	}
	if err := dataobject.CheckOID(oid); err != nil {
		return dataobject.Address{}, err
	}
	if c.Caller.Class == caller.Session || uid != "" {
		var err error
		if uid, err = login.Target(c, uid); err != nil {
			return dataobject.Address{}, err
		}
	}
	return dataobject.Address{Type: kind, Key: store.DataKey{OID: oid, UID: uid}}, nil
}

// notFound turns the store's word for a missing object into the answer.
func notFound(err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return gigya.NewError(gigya.NotFound, "")
	}
	return err
}

// split reads a comma list of paths of fields, each with the member data before it or without. all tells that every field is
// meant: the list is empty, or holds "*" or the whole of data.
func split(fields method.List) (paths []string, all bool) {
	for _, path := range fields {
		path = strings.TrimPrefix(path, "data.")
		if path == "*" || path == "data" {
			return nil, true
		}
		paths = append(paths, path)
	}
	return paths, len(paths) == 0
}
