package accounts

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/caller"
	"github.com/doorward/doorward/internal/consent"
	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/method"
	"github.com/doorward/doorward/internal/siteconfig"
	"github.com/doorward/doorward/internal/store"
)

// SetConsentsStatementsParams are the parameters of accounts.setConsentsStatements.
type SetConsentsStatementsParams struct {
	// Preferences are statements by their ids.
	Preferences method.Object `param:"preferences,required"`
}

// setConsentsStatements serves accounts.setConsentsStatements: creates and changes consent statements.
//
// Servers may call. Statements and members that are not sent stay; what accounts.getConsentsStatements answers can be sent back as
// it is, on another site too. Either all of it is stored or none: a wrong member is 400006. A member of a site group can set
// isActive alone, of statements that its parent has; more is 400009 with the recorded text.
//
// Sources: SAP's toolkit, which sends one statement a call; the type definitions of a client.
func setConsentsStatements(d Deps) *method.Method {
	spec := method.Spec{
		Name:    "accounts.setConsentsStatements",
		Aliases: []string{"accounts.setConsentStatements"},
		Summary: "Creates and changes consent statements.",
		Callers: caller.Server,
		Write:   true,
		Partial: "stored; that users are asked for their consent, and the vault, come later",
	}
	return method.New(spec, func(ctx context.Context, c *method.Call[SetConsentsStatementsParams]) (method.None, error) {
		sent, err := object("preferences", c.Params.Preferences)
		if err != nil {
			return method.None{}, err
		}
		for id := range sent.All() {
			if err := consent.CheckID(siteconfig.MemberPath("preferences", id), id); err != nil {
				return method.None{}, err
			}
		}
		return method.None{}, d.configure(ctx, c.Invocation, func(tx store.Tx) error {
			statements := d.Config.Batch(tx, c.Site, consent.Kind)
			for id, v := range sent.All() {
				if v.Kind() != document.KindObject {
					return gigya.InvalidArgumentBecause("preferences."+id, "must be an object")
				}
				if err := d.setConsent(tx, c.Invocation, statements, id, v.Object()); err != nil {
					return err
				}
			}
			return nil
		})
	})
}

// setConsent stores one statement.
func (d Deps) setConsent(tx store.Tx, c *method.Invocation, statements *siteconfig.Batch, id string, changes *document.Object) error {
	path := "preferences." + id
	var doc json.RawMessage
	var err error
	if inGroup(c.Site) {
		doc, err = d.switchConsent(tx, c, id, path, changes)
	} else {
		var stored json.RawMessage
		if stored, err = d.Config.OwnIn(tx, c.Site, consent.Kind, id); err == nil || errors.Is(err, store.ErrNotFound) {
			doc, err = consent.Merge(stored, path, changes)
		}
	}
	if err != nil {
		return err
	}
	return statements.Put(id, doc)
}

// switchConsent returns what a member of a site group stores of its parent's statement.
func (d Deps) switchConsent(tx store.Tx, c *method.Invocation, id, path string, changes *document.Object) (json.RawMessage, error) {
	effective, err := d.Config.GetIn(tx, c.Site, consent.Kind, id)
	if errors.Is(err, store.ErrNotFound) {
		return nil, gigya.NewError(gigya.ValidationFailed, id+" : The parent site has no such consent statement.")
	}
	if err != nil {
		return nil, err
	}
	return consent.Switch(effective, id, path, changes)
}
