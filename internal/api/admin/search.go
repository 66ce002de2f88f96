package admin

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/method"
	"github.com/doorward/doorward/internal/query"
	"github.com/doorward/doorward/internal/search"
	"github.com/doorward/doorward/internal/site"
)

// SearchParams are the parameters of admin.search.
type SearchParams struct {
	// Query is SELECT … FROM sites or FROM partners.
	Query string `param:"query,required,len=65536"`
}

// SearchResult is the answer of admin.search.
type SearchResult struct {
	Data         json.RawMessage `json:"data"`
	ObjectsCount int             `json:"objectsCount"`
	TotalCount   int64           `json:"totalCount"`
}

// searchPartners serves admin.search: it searches partners and sites with the search language.
//
// Servers may call; what they see are the partners in which they hold the right to this method, and their sites. A query that cannot be read, a source
// that is neither sites nor partners, and a field that it has not are 400006 with the place.
//
// Sources: clients in TypeScript, which select partnerID by an apiKey and read the rows from data.
func searchPartners(d Deps) *method.Method {
	spec := aboutPartner("admin.search", "Searches partners and sites.")
	spec.Anywhere = true
	return method.New(spec, func(ctx context.Context, c *method.Call[SearchParams]) (*SearchResult, error) {
		q, err := query.Parse(c.Params.Query)
		if err != nil {
			return nil, unreadable(err)
		}
		source, err := d.source(ctx, c.Invocation, q.From)
		if err != nil {
			return nil, err
		}
		prepared, err := search.Prepare(q, search.Scan(source))
		if err != nil {
			return nil, unreadable(err)
		}
		found, err := prepared.Run(ctx, search.Window{Total: true})
		if err != nil {
			return nil, unreadable(err)
		}
		data := append(append([]byte{'['}, found.Rows...), ']')
		return &SearchResult{Data: data, ObjectsCount: found.Count, TotalCount: found.Total}, nil
	})
}

// unreadable is 400006 for an error of the query.
func unreadable(err error) error {
	var syntax *query.SyntaxError
	if errors.As(err, &syntax) {
		return gigya.InvalidArgumentBecause("query", syntax.Error())
	}
	return err
}

// table are the rows of a source, in the order of their keys.
type table struct {
	name   string
	fields map[string]column
	rows   []row
}

type row struct {
	key  string
	text []byte
}

type column struct {
	name string
	kind search.Kind
}

// partnerColumns are those of partners; a site has those of its partner too.
var partnerColumns = []column{
	{"partnerID", search.Number}, {"companyName", search.Text}, {"isTrial", search.Flag}, {"isEnabled", search.Flag},
	{"tenantID", search.Text}, {"defaultDataCenter", search.Word},
}

var siteColumns = append([]column{
	{"siteID", search.Number}, {"apiKey", search.Word}, {"baseDomain", search.Text}, {"description", search.Text},
	{"dataCenter", search.Word}, {"status", search.Word}, {"created", search.Time},
}, partnerColumns...)

// partnerRow is a row of partners; its members are the columns, in order.
type partnerRow struct {
	PartnerID         int64  `json:"partnerID"`
	CompanyName       string `json:"companyName"`
	IsTrial           bool   `json:"isTrial"`
	IsEnabled         bool   `json:"isEnabled"`
	TenantID          string `json:"tenantID"`
	DefaultDataCenter string `json:"defaultDataCenter"`
}

// siteRow is a row of sites.
type siteRow struct {
	SiteID      int64  `json:"siteID"`
	APIKey      string `json:"apiKey"`
	BaseDomain  string `json:"baseDomain"`
	Description string `json:"description"`
	DataCenter  string `json:"dataCenter"`
	Status      string `json:"status"`
	Created     string `json:"created"`
	partnerRow
}

// source returns what FROM names, of what the caller sees.
func (d Deps) source(ctx context.Context, c *method.Invocation, from string) (*table, error) {
	from = strings.ToLower(from)
	if from != "sites" && from != "partners" {
		return nil, gigya.InvalidArgumentBecause("query", "want FROM sites or FROM partners")
	}
	t := &table{name: from, fields: map[string]column{}}
	columns := partnerColumns
	if from == "sites" {
		columns = siteColumns
	}
	for _, c := range columns {
		t.fields[strings.ToLower(c.name)] = c
	}
	ids, err := d.searchable(ctx, c)
	if err != nil {
		return nil, err
	}
	for _, id := range ids {
		r, err := d.reach(ctx, c.Caller.Key, id)
		if err != nil {
			return nil, err
		}
		if err := t.add(d, r); err != nil {
			return nil, err
		}
	}
	slices.SortFunc(t.rows, func(a, b row) int { return strings.Compare(a.key, b.key) })
	return t, nil
}

// searchable are the partners in which the caller holds the right to search.
func (d Deps) searchable(ctx context.Context, c *method.Invocation) ([]int64, error) {
	ids, err := d.callersPartners(ctx, c)
	if err != nil || c.Caller.Key == nil {
		return ids, err
	}
	var held []int64
	for _, id := range ids {
		rights, err := d.Sites.SomeRights(ctx, c.Caller.Key, id)
		if err != nil {
			return nil, err
		}
		if c.Method.Within(c, rights, c.Method.Right()) {
			held = append(held, id)
		}
	}
	return held, nil
}

// add adds the partner's rows.
func (t *table) add(d Deps, r *reached) error {
	own := partnerConfig(r.partner)
	of := partnerRow{
		PartnerID: r.partner.ID, CompanyName: member(customData(r.partner), "companyName"), IsTrial: own.flag(memberIsTrial),
		IsEnabled: !r.partner.Disabled, TenantID: tenantID(r.partner), DefaultDataCenter: own.or(memberDefaultDataCenter, d.DataCenter),
	}
	if t.name == "partners" {
		return t.put(of.TenantID+"\x00"+of.CompanyName+"\x00"+strconv.FormatInt(of.PartnerID, 10), of) // The id alone tells it from all others.
	}
	for _, s := range r.sites {
		if err := t.put(s.APIKey, rowOf(s, of)); err != nil {
			return err
		}
	}
	return nil
}

func rowOf(s *site.Site, of partnerRow) siteRow {
	return siteRow{
		SiteID: s.SiteID, APIKey: s.APIKey, BaseDomain: s.BaseDomain, Description: s.Description, DataCenter: s.DataCenter,
		Status: s.Status, Created: s.Created.ISO(), partnerRow: of,
	}
}

func (t *table) put(key string, v any) error {
	text, err := gigya.Marshal(v)
	t.rows = append(t.rows, row{key, text})
	return err
}

// Field implements [search.Documents].
func (t *table) Field(path query.Path) (search.Field, error) {
	c, known := t.fields[strings.ToLower(path.String())]
	if !known {
		return search.Field{}, &query.SyntaxError{Reason: path.String() + " is not a field of " + t.name}
	}
	return search.Field{Path: query.Path{c.name}, Kind: c.kind}, nil
}

// Range implements [search.Documents].
func (t *table) Range(_ context.Context, _ query.Expr, after string, each func(key string, row []byte) error) error {
	for _, r := range t.rows {
		if r.key <= after {
			continue
		}
		if err := each(r.key, r.text); err != nil {
			return err
		}
	}
	return nil
}
