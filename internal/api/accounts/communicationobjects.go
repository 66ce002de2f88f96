package accounts

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/query"
	"github.com/doorward/doorward/internal/search"
	"github.com/doorward/doorward/internal/site"
	"github.com/doorward/doorward/internal/siteconfig"
)

// channelKind is that of the channels through which users are spoken to, by their names.
var channelKind = &siteconfig.Kind{
	Name: "communicationChannel", Of: siteconfig.OfSite, Inherit: siteconfig.ParentIfAbsent, OnChild: []string{}, Most: 200,
	Shape: siteconfig.Object(
		siteconfig.Member{Name: "description", Shape: siteconfig.Text(0, 4096)},
		siteconfig.Member{Name: "dependsOn", Shape: siteconfig.List(100, siteconfig.Object(
			siteconfig.Member{Name: "fieldID", Shape: siteconfig.Text(1, 256), Required: true},
			siteconfig.Member{Name: "required", Shape: siteconfig.Flag()},
		))},
	),
	Summary: "A channel of communication, and the fields of a profile that it needs.",
}

// topicKind is that of the pairs of a topic and a channel that users agree to, by topicChannelId.
var topicKind = &siteconfig.Kind{
	Name: "topicChannel", Of: siteconfig.OfSite, Inherit: siteconfig.ParentIfAbsent, Most: 2000, Size: 64 << 10,
	Shape:   topicShape,
	Named:   namedBy("topicChannelId"),
	Summary: "A topic that users can be written to about through a channel.",
}

var topicShape = siteconfig.Object(
	siteconfig.Member{Name: "schema", Shape: siteconfig.Object(
		siteconfig.Member{Name: "properties", Shape: siteconfig.AnyObject(32 << 10)},
	)},
	siteconfig.Member{Name: "topicChannelId", Shape: siteconfig.TextThat("1 to 100 letters, digits, _, - and dots", isTopicID), Required: true},
	siteconfig.Member{Name: "channel", Shape: siteconfig.Text(1, 256), Required: true},
	siteconfig.Member{Name: "topic", Shape: siteconfig.Text(1, 256), Required: true},
	siteconfig.Member{Name: "description", Shape: siteconfig.Text(0, 4096)},
	siteconfig.Member{Name: "lastModified", Shape: siteconfig.Text(0, 64)},
	siteconfig.Member{Name: "isActive", Shape: siteconfig.Flag()},
)

func isTopicID(id string) bool {
	return id != "" && len(id) <= 100 && strings.Trim(id, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.") == ""
}

// topicRows is the source topicChannels: a row for each pair that the site has.
type topicRows struct {
	config *siteconfig.Book
	site   *site.Site
}

// Field implements [search.Documents].
func (t *topicRows) Field(path query.Path) (search.Field, error) {
	if strings.EqualFold(path.String(), "lastModified") {
		return search.Field{Path: path, Kind: search.Time}, nil
	}
	return search.Field{Path: path}, nil
}

// Range implements [search.Documents].
func (t *topicRows) Range(ctx context.Context, _ query.Expr, after string, each func(key string, row []byte) error) error {
	list, err := t.config.List(ctx, t.site, topicKind)
	if err != nil {
		return err
	}
	for _, e := range list {
		if e.Name <= after {
			continue
		}
		if err := each(e.Name, e.Document); err != nil {
			return err
		}
	}
	return nil
}

// topics returns the pairs that the parameter holds: one, or several by their ids.
func topics(sent *document.Object) (*document.Object, error) {
	id, single := sent.Get("topicChannelId")
	list := &document.Object{}
	if !single {
		for name, v := range sent.All() {
			if v.Kind() != document.KindObject {
				// One that has no id, which its check says.
				return nil, topicShape.Check("topicChannel", document.FromObject(sent))
			}
			pair := v.Object().Clone()
			if _, named := pair.Get("topicChannelId"); !named {
				pair.Set("topicChannelId", document.String(name))
			}
			if err := topicShape.Check(siteconfig.MemberPath("topicChannel", name), document.FromObject(pair)); err != nil {
				return nil, err
			}
			own, _ := pair.Get("topicChannelId")
			list.Set(own.Str(), document.FromObject(pair))
		}
		return list, nil
	}
	if err := topicShape.Check("topicChannel", document.FromObject(sent)); err != nil {
		return nil, err
	}
	list.Set(id.Str(), document.FromObject(sent))
	return list, nil
}

// channelAnswer is the channels by their names.
func channelAnswer(list []siteconfig.Entry) (json.RawMessage, error) {
	channels := &document.Object{}
	for _, e := range list {
		channel, err := document.ParseObject(e.Document)
		if err != nil {
			return nil, err
		}
		channels.Set(e.Name, document.FromObject(channel))
	}
	return member("Channels", channels).JSON(), nil
}
