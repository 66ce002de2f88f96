package blueprint

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/api/admin"
	"github.com/doorward/doorward/internal/audit"
	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/id"
	"github.com/doorward/doorward/internal/plain"
	"github.com/doorward/doorward/internal/store"
)

// How says how files are applied.
type How struct {
	// Create makes partners, sites and keys that are not there; otherwise they are faults.
	Create bool
	// Prune removes objects that no file has. Partners, sites and keys are never removed.
	Prune bool
	// Strict makes faults of what nothing here knows.
	Strict bool
	// Into is a partner that stands for the partner of the files, which may have one at most; 0: none. Its name, its networks and whether
	// it is enabled stay.
	Into int64
}

// Secret is a secret that was made, for the one time that it is shown.
type Secret struct{ Of, Text string }

// maxTitles bounds what an audit record says of the changes, in bytes: longer values of parameters are not kept at all.
const maxTitles = 4000

// ErrOutdated: the store is no longer as it was when the plan was made.
var ErrOutdated = errors.New("the configuration has changed since the plan was shown: nothing was done, look at a new plan")

// Plan returns what Apply would do, having done all of it, checks included, and undone it. Whatever is wrong is in [Faults].
func (b *Blueprint) Plan(ctx context.Context, t *Tree, how How) (*Plan, error) {
	r, err := b.run(ctx, t, how, func(*Plan) error { return errUndo })
	if !errors.Is(err, errUndo) {
		return nil, err
	}
	return r.plan, nil
}

// Apply makes the store what the files say, all of it or nothing, if that is what the plan, unless it is nil, says. It returns what it did
// and the secrets that it made.
func (b *Blueprint) Apply(ctx context.Context, t *Tree, how How, shown *Plan) (*Plan, []Secret, error) {
	r, err := b.run(ctx, t, how, func(p *Plan) error {
		if shown != nil && !shown.same(p) {
			return ErrOutdated
		}
		return nil
	})
	if err != nil {
		return nil, nil, err
	}
	return r.plan, r.secrets, nil
}

// run is one transaction that makes the store what the files say.
type run struct {
	*Blueprint
	tx      store.Tx
	how     How
	tree    *Tree
	plan    *Plan
	faults  Faults
	secrets []Secret
	// partners are those of the files' folders, in the store; sites the records.
	partners map[*Owner]*store.Partner
	sites    map[*Owner]*store.Site
	// before is what an owner had.
	before map[*Owner]*Owner
	// removed are the objects that were removed for want of a file.
	removed map[*Owner][]*object
	// administrators are those that the partners had.
	administrators map[*Owner]*admin.Administrators
	// parents are the API keys of the sites that were parents of groups.
	parents map[string]bool
	// apiKeys are those of the store for those of the files.
	apiKeys map[string]string
	plans   map[*Owner]*OwnerPlan
	known   []*store.Partner
}

func (b *Blueprint) run(ctx context.Context, t *Tree, how How, finish func(*Plan) error) (*run, error) {
	known, err := b.Store.Partners(ctx)
	if err != nil {
		return nil, err
	}
	if err := b.checkJoining(ctx, t); err != nil {
		return nil, err
	}
	var last *run
	err = b.Store.Change(ctx, func(tx store.Tx) error {
		r := &run{
			Blueprint: b, tx: tx, how: how, tree: t, known: known, plan: &Plan{Unknown: slices.Clone(t.Unknown), before: sha256.New()},
			partners: map[*Owner]*store.Partner{}, sites: map[*Owner]*store.Site{}, before: map[*Owner]*Owner{},
			apiKeys: map[string]string{}, plans: map[*Owner]*OwnerPlan{}, parents: map[string]bool{}, administrators: map[*Owner]*admin.Administrators{},
			removed: map[*Owner][]*object{},
		}
		last = r
		if err := r.all(); err != nil {
			return err
		}
		if how.Strict {
			for _, unknown := range r.plan.Unknown {
				r.faults = append(r.faults, fmt.Errorf("%s: is not known", unknown))
			}
		}
		if len(r.faults) > 0 {
			return r.masked()
		}
		for i, text := range r.plan.Unknown {
			r.plan.Unknown[i] = plain.Text(text)
		}
		return finish(r.plan)
	})
	return last, err
}

// leastMasked is how long a value must be to be taken out of messages, in bytes: what is shorter is no secret, and any word may hold it.
const leastMasked = 4

// masked are the faults without the values of variables: checks name what they refuse.
func (r *run) masked() Faults {
	masked := slices.Clone(r.faults)
	// The longest first: of a value that another begins with, the rest would be left.
	taken := slices.SortedFunc(slices.Values(r.tree.taken), func(a, b taking) int { return len(b.value) - len(a.value) })
	for i, err := range masked {
		text := err.Error()
		for _, t := range taken {
			if len(t.value) >= leastMasked {
				text = strings.NewReplacer(t.value, fromEnv+t.name+suffix, strings.Trim(strconv.Quote(t.value), `"`), fromEnv+t.name+suffix).Replace(text)
			}
		}
		masked[i] = errors.New(text)
	}
	return masked
}

// all does everything. What is wrong with files goes to the faults; an error is one of the store.
func (r *run) all() error {
	// What names others comes after them: keys name sites, webhooks name keys, groups name the keys of any partner.
	steps := []func() error{
		r.matchPartners, r.matchSites, r.eachSite(r.writeRecord), r.eachPartner(r.writePartner), r.eachSite(r.writeKinds), r.eachSite(r.checkRemoved), r.eachPartner(r.writeRights), r.record,
	}
	for i, step := range steps {
		if err := step(); err != nil {
			return err
		}
		if i < 2 && len(r.faults) > 0 {
			return nil // Without its owner nothing can be said of an object.
		}
	}
	return nil
}

// fault notes what is wrong with a file, and returns an error that is one of the store.
func (r *run) fault(file string, err error) error {
	var refused *gigya.Error
	switch {
	case err == nil:
	case errors.As(err, &refused):
		r.faults = append(r.faults, fmt.Errorf("%s: %s", file, reason(refused)))
	default:
		return err
	}
	return nil
}

// reason is what a check says, beginning with the path.
func reason(refused *gigya.Error) string {
	if refused.Details == "" {
		return refused.Code.Message()
	}
	return strings.TrimPrefix(refused.Details, "Invalid argument: ")
}

func (r *run) faultf(file, form string, args ...any) {
	r.faults = append(r.faults, fmt.Errorf("%s: %s", file, fmt.Sprintf(form, args...)))
}

func (r *run) unknown(file string, paths []string) {
	for _, path := range paths {
		r.plan.Unknown = append(r.plan.Unknown, file+": "+path)
	}
}

// fileOf is the file of an object, or where it would be.
func (o *Owner) fileOf(key string) string {
	if obj := o.get(key); obj != nil && obj.file != "" {
		return obj.file
	}
	section, name, _ := strings.Cut(key, "/")
	return path.Join(o.Folder, section, fileName(name, escape)) + ".json"
}

// eachSite runs the step for every site: parents of groups first, and those that were parents last, when their members have left them.
func (r *run) eachSite(step func(o *Owner, record *store.Site) error) func() error {
	const parent, member, formerParent = 0, 1, 2
	rank := func(o *Owner) int {
		switch {
		case o.text("siteGroupOwner") == "":
			return parent
		case !r.parents[r.sites[o].APIKey]:
			return member
		}
		return formerParent
	}
	return func() error {
		for now := parent; now <= formerParent; now++ {
			for _, o := range r.tree.Owners {
				if o.Partner || rank(o) != now {
					continue
				}
				if err := step(o, r.sites[o]); err != nil {
					return err
				}
			}
		}
		return nil
	}
}

// eachPartner runs the step for every partner.
func (r *run) eachPartner(step func(o *Owner, record *store.Partner) error) func() error {
	return func() error {
		for _, o := range r.tree.Owners {
			if !o.Partner {
				continue
			}
			if err := step(o, r.partners[o]); err != nil {
				return err
			}
		}
		return nil
	}
}

// changed notes the difference between what was and what is; nil documents are none. It tells whether there is one.
func (r *run) changed(o *Owner, obj *object, before, after *document.Object) bool {
	plan := r.plans[o]
	switch {
	case before == nil && after == nil, before != nil && after != nil && before.Equal(after):
		return false
	}
	r.plan.sees(o.Folder, obj.key(), before)
	switch {
	case before == nil:
		plan.Changes = append(plan.Changes, Change{Verb: Add, Object: obj.key()})
		return true
	case after == nil:
		plan.Changes = append(plan.Changes, Change{Verb: Remove, Object: obj.key()})
		return true
	}
	d := &differ{secret: obj.isHidden(o.get(obj.key()))}
	d.compare(document.FromObject(before), document.FromObject(after), place{})
	plan.Changes = append(plan.Changes, Change{Verb: Modify, Object: obj.key(), Lines: d.lines})
	return true
}

// filled is the object of a file with what is stored in the places of variables that are not set; ok is false if something is missing.
func (r *run) filled(obj *object, stored *document.Object) (doc *document.Object, ok bool) {
	doc, open := obj.fill(stored)
	for _, h := range open {
		r.faultf(obj.file, "%s: the variable %s of the environment is not set, and nothing is stored that could stay", pathText(h.path), h.variable)
	}
	return doc, len(open) == 0
}

// pathText is a path as messages show it.
func pathText(names []string) string {
	at := place{}
	for _, name := range names {
		if n, err := strconv.Atoi(name); err == nil && at.text != "" {
			at = at.element(n)
		} else {
			at = at.member(name)
		}
	}
	return at.text
}

// record writes an audit record for every owner that something was done to, and puts the plans in their order.
func (r *run) record() error {
	for _, o := range r.tree.Owners {
		plan := r.plans[o]
		slices.SortStableFunc(plan.Changes, func(a, b Change) int {
			return cmp.Or(r.rank(a.Object)-r.rank(b.Object), strings.Compare(a.Object, b.Object))
		})
		slices.Sort(plan.Kept)
		r.plan.Owners = append(r.plan.Owners, *plan)
		if !plan.New && len(plan.Changes) == 0 {
			continue
		}
		call := audit.Call{
			Time: clock.FromTime(r.Clock.Now()), CallID: id.CallID(r.Factory.Rand), Method: "doorward.apply", AuthType: audit.AuthNone,
			Params: gigya.NewParams(gigya.Param{Name: "changes", Value: plan.titles(maxTitles)}),
		}
		if p := r.partners[o]; p != nil {
			call.Partner, call.AtPartner = p.ID, true
		} else {
			call.APIKey, call.Partner = r.sites[o].APIKey, r.sites[o].Partner
		}
		if err := r.tx.AppendAudit(call.Record()); err != nil {
			return fmt.Errorf("writing the audit record: %w", err)
		}
	}
	return nil
}

func (r *run) rank(key string) int {
	name, _, _ := strings.Cut(key, "/")
	for _, s := range r.sections {
		if s.name == name {
			return s.rank
		}
	}
	return len(r.sections)
}
