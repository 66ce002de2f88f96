package transfer

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/dataobject"
	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/intake"
	"github.com/doorward/doorward/internal/schema"
	"github.com/doorward/doorward/internal/store"
)

// prepareData reads a row of the data store, and tells whether it is one.
func (p *prepared) prepareData(row *document.Object, group string) bool {
	kind, isType := row.Get(typeMember)
	object, isObject := row.Get(objectMember)
	var err error
	switch {
	case isType && kind.Str() == "":
		err = errors.New(typeMember + ": want the name of a type")
	case isObject && object.Str() == "":
		err = errors.New(objectMember + ": want the name of a type")
	case isType:
		p.write, err = readType(row, kind.Str(), group, p.now)
	case isObject:
		p.write, err = readObject(row, object.Str(), group, p.now)
	default:
		return false
	}
	if err != nil {
		p.err = &RowError{p.line, reasonOf(err)}
	}
	return true
}

// rowWrite is a row of the data store that needs nothing but a transaction. A row that cannot be taken is a *refusedError, or an
// answer's error, and has written nothing; after [store.ErrNotUnique] the transaction must fail.
type rowWrite interface {
	store(tx store.Tx, upsert bool) error
}

// refusedError refuses a row.
type refusedError struct{ reason error }

func (r *refusedError) Error() string { return r.reason.Error() }

// typeRow is a type with its schema.
type typeRow struct{ store.DataType }

func readType(row *document.Object, name, group string, now clock.Millis) (rowWrite, error) {
	t := &typeRow{store.DataType{Group: group, Name: name, Created: now}}
	err := dataobject.CheckType(name)
	for member, v := range row.All() {
		if err != nil {
			return nil, err
		}
		switch member {
		case typeMember:
		case "created":
			t.Created, err = stampOf(member, v)
		case "schema":
			if v.Kind() != document.KindObject {
				return nil, errors.New("schema: want an object")
			}
			if t.Schema, err = schema.RestoreObject(v.Object()); err != nil {
				err = fmt.Errorf("schema: %w", reasonOf(err))
			}
		default:
			err = fmt.Errorf("%.100s: there is no such member of a type", member)
		}
	}
	return t, err
}

// store implements [rowWrite].
func (t *typeRow) store(tx store.Tx, upsert bool) error {
	written := t.DataType
	present, err := tx.DataType(t.Group, t.Name)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return tx.PutDataType(&written)
	case err != nil:
		return fmt.Errorf("reading a type: %w", err)
	case bytes.Equal(present.Schema, t.Schema):
		return nil
	case !upsert:
		return &refusedError{fmt.Errorf("the type %s is there already, with another schema%w", t.Name, errThereAlready)}
	}
	written.Rev, written.Created = present.Rev, present.Created
	if written.Schema, err = schema.ReplaceObject(present.Schema, t.Schema); err != nil {
		return err
	}
	return tx.PutDataType(&written)
}

// objectRow is an object.
type objectRow struct {
	dataobject.Write
	created, updated clock.Millis
	shared           []int
}

func readObject(row *document.Object, name, group string, now clock.Millis) (rowWrite, error) {
	o := &objectRow{Write: dataobject.Write{Group: group, How: schema.Replace, Server: true, Now: now}}
	o.At.Type = name
	err := dataobject.CheckType(name)
	for member, v := range row.All() {
		if err != nil {
			return nil, err
		}
		switch member {
		case objectMember:
		case "oid":
			if o.At.Key.OID = v.Str(); v.Kind() != document.KindString {
				err = errors.New("oid: want a text")
			}
		case "UID":
			if o.At.Key.UID = v.Str(); v.Kind() != document.KindString {
				err = errors.New("UID: want a text")
			}
		case "created":
			o.created, err = stampOf(member, v)
		case "lastUpdated":
			o.updated, err = stampOf(member, v)
		case "duplicates":
			o.shared, err = places(v)
		case "data":
			o.Patch, err = dataobject.Read(v.AppendJSON(nil))
		default:
			err = fmt.Errorf("%.100s: there is no such member of an object", member)
		}
	}
	switch {
	case err != nil:
		return nil, err
	case o.At.Key.OID == "":
		return nil, errors.New("oid: is missing")
	case o.Patch == nil:
		return nil, errors.New("data: is missing")
	}
	return o, dataobject.CheckOID(o.At.Key.OID)
}

// store implements [rowWrite]. The object of an account needs it to be there.
func (o *objectRow) store(tx store.Tx, upsert bool) error {
	if uid := o.At.Key.UID; uid != "" {
		_, err := tx.Account(o.Group, uid)
		if errors.Is(err, store.ErrNotFound) {
			return &refusedError{fmt.Errorf("UID: there is no account %q", uid)}
		}
		if err != nil {
			return fmt.Errorf("reading the account of an object: %w", err)
		}
	}
	planned, err := o.Plan(dataobject.In(tx, o.Group))
	if err != nil {
		return err
	}
	switch isNew := planned.Object.Rev == 0; {
	case isNew:
		planned.Restore(o.created, o.updated, o.shared)
	case !upsert:
		return &refusedError{fmt.Errorf("oid: there is an object with this oid already%w", errThereAlready)}
	}
	return planned.Put(tx)
}

// places reads an array of whole numbers.
func places(v document.Value) ([]int, error) {
	wrong := errors.New("duplicates: want an array of places, from 0")
	if v.Kind() != document.KindArray {
		return nil, wrong
	}
	var list []int
	for _, item := range v.Items() {
		n, ok := item.Int64()
		if !ok || n < 0 || n > 1000 {
			return nil, wrong
		}
		list = append(list, int(n))
	}
	return list, nil
}

// stampOf reads a time.
func stampOf(member string, v document.Value) (clock.Millis, error) {
	t, err := intake.Time(v)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", member, err)
	}
	return t, nil
}

// reasonOf returns the words of an answer's error.
func reasonOf(err error) error {
	var failure *gigya.Error
	if errors.As(err, &failure) {
		return errors.New(failure.Details)
	}
	return err
}
