package idx

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/method"
	"github.com/doorward/doorward/internal/siteconfig"
)

// Kinds are the configuration objects of the folder's methods. Their names are ids.
func Kinds() []*siteconfig.Kind { return []*siteconfig.Kind{dataflowKind, draftKind, schedulingKind} }

var dataflowKind = &siteconfig.Kind{
	Name: "dataflow", Of: siteconfig.OfSite, Large: true, Shape: dataflowShape,
	Check:   func(doc json.RawMessage) error { return checkDataflow("", doc) },
	Needed:  flowNeeded,
	Secrets: secretPaths(), Summary: "A published dataflow: the steps in which records are read, changed and written.",
}

var draftKind = &siteconfig.Kind{
	Name: "dataflowDraft", Of: siteconfig.OfSite, Large: true, Shape: dataflowShape,
	Check:   func(doc json.RawMessage) error { return checkDataflow("", doc) },
	Secrets: secretPaths(), Summary: "A dataflow that is not published yet.",
}

// The members of a dataflow that have a meaning here.
const (
	idMember      = "id"
	nameMember    = "name"
	statusMember  = "status"
	stepsMember   = "steps"
	versionMember = "version"
	authorMember  = "updatedByName"
)

// readOnly are the members of a dataflow that the server gives: what a caller sends of them is not looked at.
var readOnly = []string{
	"apiKey", "siteId", idMember, statusMember, versionMember, "createTime", "updateTime", authorMember, "updatedByEmail", "lastRuntime",
}

// The statuses of a dataflow.
const (
	published = "published"
	draft     = "draft"
)

var stepNames = siteconfig.List(200, siteconfig.Text(1, 256))

// dataflowShape takes steps of any type: what came from another installation is stored, and refused when it is to be run.
var dataflowShape = siteconfig.Object(
	siteconfig.Member{Name: nameMember, Shape: siteconfig.Text(1, 256), Required: true},
	siteconfig.Member{Name: "description", Shape: siteconfig.Text(0, 4096)},
	siteconfig.Member{Name: stepsMember, Shape: siteconfig.List(500, siteconfig.Object(
		siteconfig.Member{Name: "id", Shape: siteconfig.Text(1, 256), Required: true},
		siteconfig.Member{Name: "type", Shape: siteconfig.Text(1, 256), Required: true},
		siteconfig.Member{Name: "params", Shape: siteconfig.AnyObject(512 << 10)},
		siteconfig.Member{Name: "next", Shape: stepNames},
		siteconfig.Member{Name: "error", Shape: stepNames},
	)), Required: true},
	siteconfig.Member{Name: versionMember, Shape: siteconfig.Whole(1, 1<<53)},
	siteconfig.Member{Name: authorMember, Shape: siteconfig.Text(0, 1024)},
)

// checkDataflow is what the shape does not say: ids of steps are there once, and steps lead to steps. prefix is where the dataflow was
// sent, with a dot at its end.
func checkDataflow(prefix string, doc json.RawMessage) error {
	flow, err := document.ParseObject(doc)
	if err != nil {
		return err
	}
	steps, _ := flow.Get(stepsMember)
	ids := make(map[string]bool, len(steps.Items()))
	for i, step := range steps.Items() {
		id, _ := step.Object().Get("id")
		if ids[id.Str()] {
			return gigya.InvalidArgumentBecause(fmt.Sprintf("%ssteps[%d].id", prefix, i), "is there twice")
		}
		ids[id.Str()] = true
	}
	for i, step := range steps.Items() {
		for _, member := range []string{"next", "error"} {
			list, _ := step.Object().Get(member)
			for j, id := range list.Items() {
				if !ids[id.Str()] {
					return gigya.InvalidArgumentBecause(fmt.Sprintf("%ssteps[%d].%s[%d]", prefix, i, member, j), "is the id of no step")
				}
			}
		}
	}
	return nil
}

// dataflowOf returns the caller's part of the dataflow that was sent, checked.
func dataflowOf(data method.Object) (*document.Object, error) {
	flow, err := document.ParseObject(data)
	if err != nil {
		return nil, gigya.InvalidFormat("data", "want a JSON object")
	}
	for _, name := range readOnly {
		flow.Delete(name)
	}
	if err := dataflowShape.Check("data", document.FromObject(flow)); err != nil {
		return nil, err
	}
	return flow, checkDataflow("data.", flow.JSON())
}

// stamp returns the dataflow as it is stored: with its version, and the name of the key that set it.
func stamp(c *method.Invocation, flow *document.Object, version int64) json.RawMessage {
	stored := flow.Clone()
	stored.Set(versionMember, document.Int(version))
	if c.Caller.Key != nil && c.Caller.Key.Name != "" {
		stored.Set(authorMember, document.String(c.Caller.Key.Name))
	}
	return stored.JSON()
}

// split takes what stamp added off a stored dataflow.
func split(doc json.RawMessage) (flow *document.Object, version int64, err error) {
	flow, err = document.ParseObject(doc)
	if err != nil {
		return nil, 0, fmt.Errorf("reading a dataflow: %w", err)
	}
	v, _ := flow.Get(versionMember)
	if version, _ = v.Int64(); version < 1 {
		version = 1
	}
	flow.Delete(versionMember)
	flow.Delete(authorMember)
	return flow, version, nil
}

// show returns a dataflow as answers have it: its members in the recorded order, secrets masked.
func show(c *method.Invocation, e *siteconfig.Entry, status string) (*document.Object, error) {
	stored, err := document.ParseObject(e.Document)
	if err != nil {
		return nil, fmt.Errorf("reading a dataflow: %w", err)
	}
	mask(stored)
	shown := &document.Object{}
	shown.Set("apiKey", document.String(c.Site.APIKey))
	shown.Set("siteId", document.Int(c.Site.SiteID))
	shown.Set(idMember, document.String(e.Name))
	name, _ := stored.Get(nameMember)
	shown.Set(nameMember, name)
	shown.Set(statusMember, document.String(status))
	for member, v := range stored.All() {
		if member != nameMember && !slices.Contains(readOnly, member) {
			shown.Set(member, v)
		}
	}
	version, ok := stored.Get(versionMember)
	if !ok {
		version = document.Int(1) // It was brought from a file.
	}
	shown.Set(versionMember, version)
	shown.Set("createTime", document.String(e.Created.ISO()))
	shown.Set("updateTime", document.String(e.Updated.ISO()))
	if author, ok := stored.Get(authorMember); ok {
		shown.Set(authorMember, author)
	}
	return shown, nil
}

// idOf returns the member id of what was sent.
func idOf(data method.Object) (string, error) {
	raw, _ := document.Member(data, idMember)
	id, ok := document.Text(raw)
	if !ok || id == "" {
		return "", gigya.InvalidArgumentBecause("data.id", "is missing")
	}
	return id, nil
}

func notFound(what, id string) error {
	const longest = 100
	return gigya.NewError(gigya.NotFound, "There is no "+what+" "+id[:min(len(id), longest)])
}
