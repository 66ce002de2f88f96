package accounts

import (
	"context"
	"encoding/json"
	"strconv"
	"strings"

	"github.com/doorward/doorward/internal/caller"
	"github.com/doorward/doorward/internal/method"
	"github.com/doorward/doorward/internal/query"
	"github.com/doorward/doorward/internal/search"
)

// SearchSettingsParams are the parameters of accounts.communications.settings.search.
type SearchSettingsParams struct {
	Query string `param:"query,required,len=65536"`
}

// searchSettings serves accounts.communications.settings.search: the pairs of topic and channel that satisfy a condition, in the
// language of accounts.search. The source is topicChannels.
//
// Servers may call. What cannot be read or run is 400006 with the position in the text.
//
// Source: SAP's toolkit, with its recorded answers, which have an empty errorDetails.
func searchSettings(d Deps) *method.Method {
	spec := method.Spec{
		Name:    "accounts.communications.settings.search",
		Summary: "Finds topics of communication by a query in a language that looks like SQL.",
		Callers: caller.Server,
	}
	return method.New(spec, func(ctx context.Context, c *method.Call[SearchSettingsParams]) (json.RawMessage, error) {
		return search.Searches{Tokens: d.Tokens}.Answer(ctx, c.Invocation, search.Request{
			Params: search.Params{Query: c.Params.Query},
			Source: func(q *query.Query, _ string) (search.Source, error) {
				switch {
				case !strings.EqualFold(q.From, "topicChannels"):
					return nil, &query.SyntaxError{Position: q.At, Reason: "the source " + strconv.Quote(q.From) + " is not served; use topicChannels"}
				case q.Counters:
					return nil, &query.SyntaxError{Position: q.At, Reason: "WITH counters is for the source accounts"}
				}
				return search.Scan(&topicRows{d.Config, c.Site}), nil
			},
			Members: func(*query.Query) string { return `,"errorDetails":""` },
		})
	})
}
