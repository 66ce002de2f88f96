package accounts

import (
	"fmt"

	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/method"
	"github.com/doorward/doorward/internal/schema"
	"github.com/doorward/doorward/internal/store"
)

// extendSchema gives the site's dynamic data schema the fields that a server call writes for the first time. The schema is
// that of the site's group. The record is read again inside the transaction: what others added since is kept.
func extendSchema(tx store.Tx, c *method.Invocation, data *document.Object, server bool) error {
	if !server || data.Len() == 0 {
		return nil
	}
	if _, more, err := c.Site.Schema.Extend(data); err != nil || !more {
		return err
	}
	record, err := tx.Site(c.Site.Group)
	if err != nil {
		return fmt.Errorf("reading the site: %w", err)
	}
	present, err := schema.Parse(record.Schema)
	if err != nil {
		return fmt.Errorf("reading the schema: %w", err)
	}
	extended, more, err := present.Extend(data)
	if err != nil || !more {
		return err
	}
	record.Schema = extended
	if err := tx.PutSite(record); err != nil {
		return fmt.Errorf("writing the schema: %w", err)
	}
	return nil
}
