package accounts

import (
	"context"
	"fmt"
	"strings"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/method"
	"github.com/doorward/doorward/internal/store"
)

// namedText is a parameter that holds a part of a site's configuration.
type namedText struct {
	name, text string
}

// configChanges makes one document of the parameters that were sent: JSON objects, or null. Any other text is 400004.
func configChanges(parts []namedText) (*document.Object, error) {
	changes := &document.Object{}
	for _, part := range parts {
		text := strings.TrimSpace(part.text)
		switch text {
		case "":
			continue
		case "null":
			changes.Set(part.name, document.NullValue())
			continue
		}
		object, err := document.ParseObject([]byte(text))
		if err != nil {
			return nil, gigya.InvalidFormat(part.name, "want a JSON object or null: "+err.Error())
		}
		changes.Set(part.name, document.FromObject(object))
	}
	return changes, nil
}

// changeSite changes the record of the call's site in one transaction, with which the call has succeeded. Two changes at once
// follow one another: none is lost.
func (d Deps) changeSite(ctx context.Context, c *method.Invocation, change func(*store.Site) error) error {
	return d.changeSiteIn(ctx, c, func(_ store.Tx, s *store.Site) error { return change(s) })
}

// changeSiteIn is changeSite for a change that reads more than the record.
func (d Deps) changeSiteIn(ctx context.Context, c *method.Invocation, change func(store.Tx, *store.Site) error) error {
	return d.changeRecord(ctx, c, c.Site.APIKey, change)
}

// changeRecord changes the record of a site: the call's own, or the parent of its group.
func (d Deps) changeRecord(ctx context.Context, c *method.Invocation, apiKey string, change func(store.Tx, *store.Site) error) error {
	return d.Store.Change(ctx, func(tx store.Tx) error {
		record, err := tx.Site(apiKey)
		if err != nil {
			return err
		}
		if err := change(tx, record); err != nil {
			return err
		}
		if err := tx.PutSite(record); err != nil {
			return err
		}
		return c.Succeed(tx)
	})
}

// changeSettings changes the settings of a site's record. Members that this version does not know stay as they are.
func changeSettings(s *store.Site, change func(settings *document.Object) error) error {
	settings := &document.Object{}
	if len(s.Settings) > 0 {
		var err error
		if settings, err = document.ParseObject(s.Settings); err != nil {
			return fmt.Errorf("reading the settings of a site: %w", err)
		}
	}
	if err := change(settings); err != nil {
		return err
	}
	s.Settings = settings.JSON()
	return nil
}
