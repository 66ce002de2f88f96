package accounts

import (
	"context"
	"strings"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/caller"
	"github.com/doorward/doorward/internal/method"
	"github.com/doorward/doorward/internal/policy"
)

// SetMailTemplatesParams are the parameters of accounts.policies.emailTemplates.setConfig: one for each group, a JSON object,
// or null to go back to the default.
type SetMailTemplatesParams struct {
	MagicLink                   string `param:"magicLink,len=1048576"`
	CodeVerification            string `param:"codeVerification,len=1048576"`
	EmailVerification           string `param:"emailVerification,len=1048576"`
	EmailNotifications          string `param:"emailNotifications,len=1048576"`
	PreferencesCenter           string `param:"preferencesCenter,len=1048576"`
	DoubleOptIn                 string `param:"doubleOptIn,len=1048576"`
	PasswordReset               string `param:"passwordReset,len=1048576"`
	TwoFactorAuth               string `param:"twoFactorAuth,len=1048576"`
	ImpossibleTraveler          string `param:"impossibleTraveler,len=1048576"`
	UnknownLocationNotification string `param:"unknownLocationNotification,len=1048576"`
	PasswordResetNotification   string `param:"passwordResetNotification,len=1048576"`
}

// named returns the groups by their names, in the order of the reference.
func (p *SetMailTemplatesParams) named() []namedText {
	return []namedText{
		{"magicLink", p.MagicLink},
		{"codeVerification", p.CodeVerification},
		{"emailVerification", p.EmailVerification},
		{"emailNotifications", p.EmailNotifications},
		{"preferencesCenter", p.PreferencesCenter},
		{"doubleOptIn", p.DoubleOptIn},
		{"passwordReset", p.PasswordReset},
		{"twoFactorAuth", p.TwoFactorAuth},
		{"impossibleTraveler", p.ImpossibleTraveler},
		{"unknownLocationNotification", p.UnknownLocationNotification},
		{"passwordResetNotification", p.PasswordResetNotification},
	}
}

// setMailTemplates serves accounts.policies.emailTemplates.setConfig: changes mail templates of one or more groups.
//
// Callers: server credentials. Members of a group that are not sent stay, a map of templates is replaced whole: a language
// that is missing in it has no template any more. A template without the meta tags from and subject is 400006 that names it.
// Providers of a second factor that getConfig adds to the site's are not stored when they come back. Either all of it is
// stored or none. The groups are those of accounts.setPolicies, so that both show what either set.
//
// Sources: the toolkit, which sends one whole group a call; the refusal of a template is recorded.
func setMailTemplates(d Deps) *method.Method {
	spec := method.Spec{
		Name:    "accounts.policies.emailTemplates.setConfig",
		Summary: "Changes mail templates of one or more groups.",
		Callers: caller.Server,
		Write:   true,
		Partial: "stored; mails are sent later",
	}
	return method.New(spec, func(ctx context.Context, c *method.Call[SetMailTemplatesParams]) (method.None, error) {
		changes, err := configChanges(c.Params.named())
		if err != nil {
			return method.None{}, err
		}
		if changes.Len() == 0 {
			return method.None{}, gigya.MissingParameter("one of " + strings.Join(policy.MailGroups(), ", "))
		}
		if changes, err = c.Site.Policies.WithoutAdded(changes); err != nil {
			return method.None{}, err
		}
		return method.None{}, d.changePolicies(ctx, c.Invocation, changes)
	})
}
