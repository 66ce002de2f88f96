package accounts

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/account"
	"github.com/doorward/doorward/internal/caller"
	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/id"
	"github.com/doorward/doorward/internal/intake"
	"github.com/doorward/doorward/internal/method"
	"github.com/doorward/doorward/internal/store"
	"github.com/doorward/doorward/internal/token"
)

// ImportFullAccountParams are the parameters of accounts.importFullAccount.
type ImportFullAccountParams struct {
	// UID or CreateUID is needed; CreateUID is of no effect beside a UID.
	UID       string `param:"UID"`
	CreateUID bool   `param:"createUID"`
	// ImportPolicy is insert (also when absent) or upsert.
	ImportPolicy string `param:"importPolicy"`

	// The times are in ISO 8601.
	Created     string `param:"created"`
	Registered  string `param:"registered"`
	Verified    string `param:"verified"`
	LastLogin   string `param:"lastLogin"`
	LastUpdated string `param:"lastUpdated"`

	IsActive     *bool `param:"isActive"`
	IsRegistered *bool `param:"isRegistered"`
	IsVerified   *bool `param:"isVerified"`

	LoginIDs         method.Object `param:"loginIDs"`
	Emails           method.Object `param:"emails"`
	PhoneNumber      string        `param:"phoneNumber"`
	Password         method.Object `param:"password,len=65536"`
	SecretQuestion   method.Object `param:"secretQuestionAndAnswer,len=65536"`
	Identities       string        `param:"identities,len=1048576"`
	ProviderSessions method.Object `param:"providerSessions"`
	Profile          method.Object `param:"profile"`
	Data             method.Object `param:"data"`
	Subscriptions    method.Object `param:"subscriptions"`
	Preferences      method.Object `param:"preferences"`
	Communications   method.Object `param:"communications"`
	RegSource        *string       `param:"regSource"`
	// Lang is the language of the consents that do not say theirs.
	Lang       string `param:"lang"`
	DataCenter string `param:"dataCenter"`
	// Account is the whole account as one object: a published client sends it so. The other parameters go before its members.
	Account method.Object `param:"account,len=1048576"`
}

// ImportFullAccountResult is the answer of accounts.importFullAccount.
type ImportFullAccountResult struct {
	// UID is answered where the call let the server choose it.
	UID string `json:"UID,omitempty"`
	// IdentityConflicts are the identities that were left out because they belong to other accounts.
	IdentityConflicts []intake.Conflict `json:"identityConflicts,omitempty"`
}

// Imports of one UID that are answered within a time (documented).
const (
	importsPerMinute = 5
	importMinute     = time.Minute
)

// importFullAccount serves accounts.importFullAccount: it creates or changes an account that another system had, with its
// password hash, stamps and identities.
//
// Servers may call. With importPolicy insert a UID that is there is 400003; with upsert what the call gives is changed and
// the rest stays, but loginIDs, emails, password and identities are replaced whole. A login identifier or phone number of
// another account is 400003 too. A value that cannot be taken is 400006 with the member's name; faults of profile and data
// are found in one pass (400009 with their items). Identities that belong to other accounts are left out and named, and the
// rest is imported: 206004. More than five imports of one UID in a minute are 503001. No mail is sent. A new password ends
// the sessions of the account.
//
// Hashes of other systems are checked as they are and made anew at the next login. Hashes that one login could not check
// within about a second are refused.
//
// Sources: the REST guide of 2025; two published clients.
//
// Differs: the algorithm custom needs a service that the operator has listed (setting password.services), because it is sent
// the passwords of logins. Consents and subscriptions take their stamps from the call and get none of their own. Calls that were refused do not count toward the five.
func importFullAccount(d Deps) *method.Method {
	spec := method.Spec{
		Name:    "accounts.importFullAccount",
		Summary: "Creates or changes an account from another system, with password hash, stamps and identities.",
		Callers: caller.Server,
		Write:   true,
		Partial: "providerSessions, webhooks, second factors, consent vault",
	}
	return method.New(spec, func(ctx context.Context, c *method.Call[ImportFullAccountParams]) (*ImportFullAccountResult, error) {
		f := &fullImport{d: d, c: c}
		for _, step := range []func(context.Context) error{f.read, f.hash, f.write} {
			if err := step(ctx); err != nil {
				return nil, err
			}
		}
		result := &ImportFullAccountResult{IdentityConflicts: f.conflicts}
		if f.made {
			result.UID = f.uid
		}
		if len(f.conflicts) > 0 {
			return nil, &gigya.Error{Code: gigya.IdentityAlreadyAssigned, Members: result}
		}
		return result, nil
	})
}

// fullImport is one call of importFullAccount.
type fullImport struct {
	d      Deps
	c      *method.Call[ImportFullAccountParams]
	in     *intake.Account
	upsert bool
	uid    string
	// made: the UID is ours.
	made      bool
	conflicts []intake.Conflict
}

func (f *fullImport) read(context.Context) error {
	c := f.c
	switch c.Params.ImportPolicy {
	case "", "insert":
	case "upsert":
		f.upsert = true
	default:
		return gigya.InvalidArgumentBecause("importPolicy", "want insert or upsert")
	}
	members, err := f.members()
	if err != nil {
		return err
	}
	if err := mayWrite(c.Invocation, imported(members)...); err != nil {
		return err
	}
	if f.in, err = intake.Read(members, intake.Call); err != nil {
		return refusedMember(err)
	}
	for _, name := range f.in.Ignored {
		if len(c.Ignored) < maxIgnoredMembers {
			c.Ignored = append(c.Ignored, gigya.Ignored(name))
		}
	}
	f.uid = f.in.UID
	if f.uid == "" {
		if !c.Params.CreateUID {
			return gigya.MissingParameter("UID")
		}
		f.uid, f.made = id.UID(c.Now, f.d.Rand), true
	}
	if err := f.in.Check(c.Site, f.d.Passwords); err != nil {
		return refusedMember(err)
	}
	c.UID = f.uid
	return nil
}

// maxIgnoredMembers bounds what is told of members that could not be imported: the first few (documented).
const maxIgnoredMembers = 10

// members makes one object of the parameters: the account as a whole, then what stands in parameters of its own.
func (f *fullImport) members() (*document.Object, error) {
	p := &f.c.Params
	members, err := object("account", p.Account)
	if err != nil {
		return nil, err
	}
	all := &document.Object{}
	for given, v := range members.All() {
		name, _ := intake.Known(given, intake.Call)
		switch {
		case name != "":
			all.Set(name, v)
		case given == "createUID":
			p.CreateUID = p.CreateUID || v.Bool()
		default:
			all.Set(given, v)
		}
	}
	for _, t := range []struct{ name, text string }{
		{"UID", p.UID}, {"created", p.Created}, {"registered", p.Registered}, {"verified", p.Verified}, {"lastLogin", p.LastLogin},
		{"lastUpdated", p.LastUpdated}, {"phoneNumber", p.PhoneNumber}, {"lang", p.Lang}, {"dataCenter", p.DataCenter},
	} {
		if t.text != "" {
			all.Set(t.name, document.String(t.text))
		}
	}
	if p.RegSource != nil {
		all.Set("regSource", document.String(*p.RegSource))
	}
	for _, b := range []struct {
		name string
		flag *bool
	}{{"isActive", p.IsActive}, {"isRegistered", p.IsRegistered}, {"isVerified", p.IsVerified}} {
		if b.flag != nil {
			all.Set(b.name, document.Boolean(*b.flag))
		}
	}
	for _, o := range []struct {
		name string
		text method.Object
	}{
		{"loginIDs", p.LoginIDs}, {"emails", p.Emails}, {"password", p.Password}, {"secretQuestionAndAnswer", p.SecretQuestion},
		{"providerSessions", p.ProviderSessions}, {"profile", p.Profile}, {"data", p.Data}, {"subscriptions", p.Subscriptions},
		{"preferences", p.Preferences}, {"communications", p.Communications},
	} {
		parsed, err := object(o.name, o.text)
		if err != nil {
			return nil, err
		}
		if parsed != nil {
			all.Set(o.name, document.FromObject(parsed))
		}
	}
	if p.Identities != "" {
		list, err := document.Parse([]byte(p.Identities))
		if err != nil {
			return nil, gigya.InvalidFormat("identities", "want a JSON array")
		}
		all.Set("identities", list)
	}
	return all, nil
}

// hash does the slow work of a security question, outside of any transaction.
func (f *fullImport) hash(ctx context.Context) error { return f.in.Hash(ctx, f.d.Passwords) }

func (f *fullImport) write(ctx context.Context) error {
	c, now := f.c, clock.FromTime(f.c.Now)
	err := f.d.Store.Change(ctx, func(tx store.Tx) error {
		f.conflicts = nil
		if !f.made {
			if err := f.notTooOften(tx); err != nil {
				return err
			}
		}
		draft, err := f.draft(tx, now)
		if err != nil {
			return err
		}
		if f.conflicts, err = draft.Store(tx); err != nil {
			return err
		}
		return c.Succeed(tx)
	})
	if err != nil {
		return fmt.Errorf("importing an account: %w", importFault(err))
	}
	return nil
}

func (f *fullImport) draft(tx store.Tx, now clock.Millis) (*intake.Draft, error) {
	present, err := tx.Account(f.c.Site.Group, f.uid)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return f.in.New(f.c.Site, f.uid, now)
	case err != nil:
		return nil, err
	case !f.upsert:
		return nil, store.ErrExists
	}
	return f.in.Change(present, f.c.Site, now)
}

// importSpace holds a mark for each import of a UID.
const importSpace = "import"

// notTooOften takes one of the marks of the UID, each of which is free again after a minute.
func (f *fullImport) notTooOften(tx store.Tx) error {
	now := clock.FromTime(f.c.Now)
	for n := range importsPerMinute {
		mark := token.Hash(f.c.Site.Group + "\x00" + f.uid + "\x00" + strconv.Itoa(n))
		err := tx.UseOnce(importSpace, mark, now, now.Add(importMinute))
		if !errors.Is(err, store.ErrUsed) {
			return err
		}
	}
	return gigya.NewError(gigya.ServiceUnavailable, "Service unavailable for this operation")
}

// refusedMember is 400006 for what package intake says of a member.
func refusedMember(err error) error {
	var refused *intake.MemberError
	if errors.As(err, &refused) {
		return gigya.InvalidArgumentBecause(refused.Member, refused.Err.Error())
	}
	return err
}

// importFault is 400003 for an account or an identifier that is there, and 400006 for a member.
func importFault(err error) error {
	var taken *store.TakenError
	switch {
	case errors.Is(err, store.ErrExists):
		return gigya.NewError(gigya.UniqueIdentifierExists, "UID already exists")
	case errors.As(err, &taken):
		return gigya.NewError(gigya.UniqueIdentifierExists, takenText(taken.Identifier))
	}
	return refusedMember(err)
}

// takenText says what of an account is taken (the first two texts are documented).
func takenText(x store.Identifier) string {
	switch {
	case x.Space == store.LoginSpace && account.ValidEmail(x.Value):
		return "Email already exists"
	case x.Space == store.LoginSpace:
		return "Username already exists"
	}
	return "Phone number already exists"
}
