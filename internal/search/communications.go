package search

import (
	"context"
	"slices"
	"strings"

	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/query"
	"github.com/doorward/doorward/internal/store"
)

// communicationRows is the source communications: a row for every account, channel and topic that the account's
// communications hold.
type communicationRows struct{ Accounts }

// Field implements [Documents].
func (c *communicationRows) Field(path query.Path) (Field, error) {
	kinds := map[string]Kind{"topicid": Text, "channelid": Text, "status": Text, "uid": Text, "timestamp": Time}
	kind, ok := kinds[strings.ToLower(path.String())]
	if !ok {
		return Field{}, unknown(path, "communications")
	}
	return Field{Path: path, Kind: kind}, nil
}

// accountsAtOnce is how many accounts are read in one go.
const accountsAtOnce = 500

// Range implements [Documents]. A key is the UID and the name of the channel and topic.
func (c *communicationRows) Range(ctx context.Context, _ query.Expr, after string, each func(key string, row []byte) error) error {
	uid, _, _ := strings.Cut(after, "\x00")
	s := store.Search{Group: c.Site.Group, Limit: accountsAtOnce, Where: &query.And{Parts: []query.Expr{
		&query.Not{X: &query.Comparison{Path: query.Path{"communications"}, Op: query.IsNull}},
		&query.Comparison{Path: query.Path{"UID"}, Op: query.GreaterEqual, Values: []query.Value{{Kind: query.String, Str: uid}}},
	}}}
	for {
		var found []*store.Account
		_, err := c.Store.SearchAccounts(ctx, s, func(a *store.Account, _ []query.Value) error {
			found = append(found, a)
			return nil
		})
		if err != nil {
			return err
		}
		for _, a := range found {
			if err := rowsOf(a, after, each); err != nil {
				return err
			}
		}
		if len(found) < s.Limit {
			return nil
		}
		s.After = &store.Position{UID: found[len(found)-1].UID}
	}
}

// rowsOf hands over the rows of one account that are behind the key.
func rowsOf(a *store.Account, after string, each func(key string, row []byte) error) error {
	_, raw, _ := document.MemberFold(a.More, "communications")
	stored := map[string][]byte{}
	// What is stored was written by package document: it cannot fail to be read.
	_ = document.Members(raw, func(name string, value []byte) bool {
		stored[name] = value
		return true
	})
	names := make([]string, 0, len(stored))
	for name := range stored {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		key := a.UID + "\x00" + name
		if key <= after {
			continue
		}
		if err := each(key, communicationRow(a.UID, name, stored[name])); err != nil {
			return err
		}
	}
	return nil
}

// communicationRow writes a row. A communication is stored under channel_topic and may name both itself; the status is shown
// as readers of this source know it.
func communicationRow(uid, name string, stored []byte) []byte {
	channel, topic, _ := strings.Cut(name, "_")
	member := func(name, absent string) string {
		_, raw, _ := document.MemberFold(stored, name)
		if text, ok := document.Text(raw); ok {
			return text
		}
		return absent
	}
	row := &document.Object{}
	row.Set("UID", document.String(uid))
	row.Set("topicId", document.String(member("topic", topic)))
	row.Set("channelId", document.String(member("channel", channel)))
	if status := member("status", ""); status != "" {
		row.Set("status", document.String(strings.ToUpper(status[:1])+status[1:]))
	}
	if at := member("userActionTimestamp", member("lastModified", "")); at != "" {
		row.Set("timestamp", document.String(at))
	}
	return row.JSON()
}
