package idx

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/method"
	"github.com/doorward/doorward/internal/query"
	"github.com/doorward/doorward/internal/site"
	"github.com/doorward/doorward/internal/siteconfig"
	"github.com/doorward/doorward/internal/store"
)

var schedulingKind = &siteconfig.Kind{
	Name: schedulingName, Of: siteconfig.OfSite, Large: true, Size: 64 << 10, Shape: schedulingShape,
	Check:   func(doc json.RawMessage) error { return checkScheduling("", doc) },
	Refers:  checkFlow,
	Summary: "When a dataflow is run.",
}

const schedulingName = "scheduling"

// flowMember names the dataflow that a scheduling runs.
const flowMember = "dataflowId"

// startMember is when the next run begins; intervalMember how many units are between runs.
const (
	startMember    = "nextJobStartTime"
	intervalMember = "frequencyInterval"
)

var addresses = siteconfig.Text(0, 8192)

var schedulingShape = siteconfig.Object(
	siteconfig.Member{Name: nameMember, Shape: siteconfig.Text(1, 256), Required: true},
	siteconfig.Member{Name: flowMember, Shape: siteconfig.Text(1, 256), Required: true},
	siteconfig.Member{Name: "frequencyType", Shape: siteconfig.OneOf("once", "minute", "hour", "day", "week", "month"), Required: true},
	siteconfig.Member{Name: startMember, Shape: siteconfig.TextThat("a time such as 2024-01-31 23:59:59", isTime)},
	siteconfig.Member{Name: "daysOfWeek", Shape: siteconfig.List(7, siteconfig.Text(1, 16))},
	siteconfig.Member{Name: "fullExtract", Shape: siteconfig.Flag()},
	siteconfig.Member{Name: "limit", Shape: siteconfig.Whole(0, 1<<31-1)},
	siteconfig.Member{Name: "enabled", Shape: siteconfig.Flag()},
	siteconfig.Member{Name: "logLevel", Shape: siteconfig.OneOf("info", "error", "debug")},
	siteconfig.Member{Name: "successEmailNotification", Shape: addresses},
	siteconfig.Member{Name: "failureEmailNotification", Shape: addresses},
)

func isTime(text string) bool {
	_, ok := query.ParseTime(text)
	return text == "" || ok
}

// checkScheduling is what the shape does not say: the interval is a number, or one in a text.
func checkScheduling(prefix string, doc json.RawMessage) error {
	raw, _ := document.Member(doc, intervalMember)
	text := string(raw)
	switch document.KindOf(raw) {
	case document.KindNull:
		return nil
	case document.KindString:
		if text, _ = document.Text(raw); text == "" {
			return nil
		}
	}
	if n, err := strconv.ParseInt(text, 10, 32); err != nil || n < 1 {
		return gigya.InvalidArgumentBecause(prefix+intervalMember, "must be a whole number from 1")
	}
	return nil
}

// ofRuns are the members of a scheduling that the server gives.
var ofRuns = []string{idMember, "currentJobStartTime", "jobId"}

// schedulingOf returns the caller's part of the scheduling that was sent, checked, with defaults in place of what is absent. Members
// without a value stay: clients send every member.
func schedulingOf(c *method.Invocation, data method.Object) (*document.Object, error) {
	s, err := document.ParseObject(data)
	if err != nil {
		return nil, gigya.InvalidFormat("data", "want a JSON object")
	}
	for _, name := range ofRuns {
		s.Delete(name)
	}
	if err := errors.Join(schedulingShape.Check("data", document.FromObject(s)), checkScheduling("data.", s.JSON())); err != nil {
		return nil, err
	}
	if v, _ := s.Get("enabled"); v.IsNull() {
		s.Set("enabled", document.Boolean(true))
	}
	if v, _ := s.Get(startMember); v.Str() == "" {
		s.Set(startMember, document.String(c.Now.UTC().Format("2006-01-02T15:04:05.000Z")))
	}
	return s, nil
}

// checkFlow is 404000 unless the dataflow that the scheduling runs is there and published.
func checkFlow(tx store.Tx, s *site.Site, doc json.RawMessage) error {
	raw, _ := document.Member(doc, flowMember)
	id, _ := document.Text(raw)
	_, err := tx.ConfigObject(s.APIKey, dataflowKind.Name, id)
	if errors.Is(err, store.ErrNotFound) {
		return notFound("dataflow", id)
	}
	return err
}

// flowNeeded refuses to remove a dataflow that a scheduling of the site runs.
func flowNeeded(tx store.Tx, s *site.Site, id string) error {
	schedulings, err := tx.ConfigObjects(s.APIKey, schedulingName)
	if err != nil {
		return err
	}
	for _, record := range schedulings {
		raw, _ := document.Member(record.Document, flowMember)
		if runs, _ := document.Text(raw); runs == id {
			return gigya.InvalidArgumentBecause("dataflow", "the scheduling "+record.Name+" runs it")
		}
	}
	return nil
}

// showScheduling returns a scheduling as answers have it.
func showScheduling(e *siteconfig.Entry) (*document.Object, error) {
	stored, err := document.ParseObject(e.Document)
	if err != nil {
		return nil, fmt.Errorf("reading a scheduling: %w", err)
	}
	shown := &document.Object{}
	shown.Set(idMember, document.String(e.Name))
	for name, v := range stored.All() {
		if !slices.Contains(ofRuns, name) {
			shown.Set(name, v)
		}
	}
	return shown, nil
}
