package policy

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/pattern"
)

// rule is what is known of a group or of a member of one.
type rule struct {
	name string
	// clientReadable is meant for groups: a call without a server's credentials may read them.
	clientReadable bool
	// readOnly is meant for groups: setPolicies takes what it is sent and keeps nothing of it.
	readOnly bool
	// mailOnly: it is shown with the mail templates alone, and a group is set with them alone.
	mailOnly bool
	// groupLevel: a member of a site group has its parent's value and cannot set another.
	groupLevel bool
	// check tells whether a value, never null, may be set; nil for an object with members.
	check func(document.Value) error
	// members are those of an object; other is the rule for any member that they do not name, nil: it is ignored.
	members []rule
	other   *rule
}

func (r rule) find(name string) *rule {
	for i := range r.members {
		if r.members[i].name == name {
			return &r.members[i]
		}
	}
	return r.other
}

func leaf(name string, check func(document.Value) error) rule { return rule{name: name, check: check} }

func object(name string, members ...rule) rule { return rule{name: name, members: members} }

func group(name string, members ...rule) rule { return object(name, members...) }

func clientGroup(name string, members ...rule) rule {
	return rule{name: name, members: members, clientReadable: true}
}

// ofGroup returns the rule as that of what only the parent of a site group sets.
func (r rule) ofGroup() rule {
	r.groupLevel = true
	return r
}

// inMails returns the rule as that of what is shown with the mail templates alone.
func (r rule) inMails() rule {
	r.mailOnly = true
	return r
}

// groupFlags are flags that only the parent of a site group sets.
func groupFlags(names ...string) []rule {
	rules := flags(names...)
	for i := range rules {
		rules[i] = rules[i].ofGroup()
	}
	return rules
}

// flags returns a rule for each of the boolean members.
func flags(names ...string) []rule {
	rules := make([]rule, len(names))
	for i, name := range names {
		rules[i] = leaf(name, boolean)
	}
	return rules
}

// Bounds that no source gives and a server needs.
const (
	maxSeconds  = 10 * 365 * 86400
	maxText     = 4096
	maxTemplate = 256 << 10
	maxList     = 200
)

// groups is everything that is known of the policies, in the order of the recorded answers.
var groups = []rule{
	clientGroup("registration", append(flags("requireCaptcha"),
		groupFlags("requireSecurityQuestion", "requireLoginID", "enforceCoppa")...)...),
	clientGroup("gigyaPlugins",
		leaf("connectWithoutLoginBehavior", oneOf("tempUser", "alwaysLogin", "loginExistingUser")),
		leaf("defaultRegScreenSet", text),
		leaf("defaultMobileRegScreenSet", text),
		leaf("sessionExpiration", integer(-2, maxSeconds)),
		leaf("rememberSessionExpiration", integer(-2, maxSeconds)),
	),
	group("accountOptions", slices.Concat(
		flags("verifyEmail", "verifyProviderEmail", "useCodeVerification"),
		groupFlags("allowUnverifiedLogin", "preventLoginIDHarvesting"),
		flags("sendWelcomeEmail", "sendAccountDeletedEmail"),
		[]rule{
			leaf("defaultLanguage", text).ofGroup(),
			leaf("loginIdentifierConflict", oneOf("ignore", "failOnSiteConflictingIdentity", "failOnAnyConflictingIdentity")).ofGroup(),
			leaf("loginIdentifiers", setOf("email", "username", "providerEmail", "phoneNumber")).ofGroup(),
			// Older versions had the welcome mail in this group.
			leaf("welcomeEmailTemplates", templates),
			leaf("welcomeEmailDefaultLanguage", text),
		})...),
	clientGroup("passwordComplexity",
		leaf("minCharGroups", integer(0, 4)),
		leaf("minLength", integer(0, 1024)),
		leaf("regExp", expression),
		leaf("minLowercase", integer(0, 1024)),
		leaf("minUppercase", integer(0, 1024)),
		leaf("minDigit", integer(0, 1024)),
		leaf("minSpecialChars", integer(0, 1024)),
	).ofGroup(),
	clientGroup("security",
		object("accountLockout",
			leaf("failedLoginThreshold", count),
			leaf("lockoutTimeSec", seconds),
			leaf("failedLoginResetSec", seconds)),
		object("captcha", leaf("failedLoginThreshold", count)),
		object("ipLockout",
			leaf("hourlyFailedLoginThreshold", count),
			leaf("lockoutTimeSec", seconds)),
		leaf("passwordChangeInterval", integer(0, 36500)).ofGroup(),
		leaf("passwordHistorySize", integer(0, 100)).ofGroup(),
		leaf("riskAssessmentWithReCaptchaV3", boolean),
		leaf("riskAssessmentWithTransUnion", boolean),
		leaf("sendUnknownLocationNotification", boolean),
		leaf("signDeviceId", text),
	),
	group("emailVerification",
		leaf("verificationEmailExpiration", seconds),
		leaf("autoLogin", boolean),
		leaf("defaultLanguage", text),
		leaf("nextURL", text),
		leaf("nextURLMapping", listOf(object("", leaf("regSource", text), leaf("nextURL", text)))),
		leaf("emailTemplates", templates),
	),
	group("authentication", rule{name: "methods",
		members: []rule{authenticationMethod("password"), authenticationMethod("push")},
		other:   new(authenticationMethod("")),
	}).ofGroup(),
	group("doubleOptIn",
		leaf("nextURL", text),
		leaf("defaultLanguage", text),
		leaf("confirmationLinkExpiration", seconds),
		leaf("nextExpiredURL", text),
		leaf("confirmationEmailTemplates", templates),
	),
	group("emailNotifications",
		leaf("welcomeEmailDefaultLanguage", text),
		leaf("accountDeletedEmailDefaultLanguage", text),
		leaf("confirmationEmailDefaultLanguage", text),
		leaf("welcomeEmailTemplates", templates),
		leaf("accountDeletedEmailTemplates", templates),
		leaf("confirmationEmailTemplates", templates),
	),
	group("passwordReset",
		leaf("requireSecurityCheck", boolean),
		leaf("tokenExpiration", seconds),
		leaf("sendConfirmationEmail", boolean),
		leaf("defaultLanguage", text),
		leaf("resetURL", text),
		leaf("securityFields", listOf(leaf("", listOf(leaf("", text))))),
		leaf("emailTemplates", templates),
	),
	group("profilePhoto",
		leaf("thumbnailWidth", integer(1, 4096)),
		leaf("thumbnailHeight", integer(1, 4096)),
	).ofGroup(),
	group("federation", leaf("allowMultipleIdentities", boolean)).ofGroup(),
	group("twoFactorAuth",
		leaf("providers", listOf(object("",
			leaf("name", oneOf("gigyaPhone", "gigyaEmail", "gigyaTotp", "gigyaPush")),
			leaf("enabled", boolean),
			leaf("params", anyObject)))).ofGroup(),
		object("emailProvider",
			leaf("defaultLanguage", text),
			leaf("providers", anyList).ofGroup(),
			leaf("emailTemplates", templates)),
		object("smsProvider", leaf("message", text)),
	),
	// A summary of the risk rules, which have a method of their own.
	{name: "rba", readOnly: true, members: []rule{
		leaf("riskPolicies", listOf(object("", leaf("name", text)))),
		leaf("defaultPolicy", text),
		leaf("allowOverride", text),
	}},
	group("preferencesCenter",
		leaf("defaultLanguage", text),
		leaf("redirectURL", text),
		leaf("linkPlaceHolder", text).inMails(),
		leaf("emailTemplates", templates),
	),
	group("codeVerification",
		leaf("defaultLanguage", text),
		leaf("codePlaceHolder", text).inMails(),
		leaf("emailTemplates", templates),
	),
	mailGroup("magicLink", leaf("urlPlaceHolder", text)),
	mailGroup("impossibleTraveler"),
	mailGroup("unknownLocationNotification"),
	mailGroup("passwordResetNotification"),
}

// mailGroup is a group of a mail that getPolicies does not show.
func mailGroup(name string, more ...rule) rule {
	r := group(name, append([]rule{leaf("defaultLanguage", text)}, append(more, leaf("emailTemplates", templates))...)...)
	r.mailOnly = true
	return r
}

func authenticationMethod(name string) rule {
	return object(name, leaf("enabled", boolean), leaf("params", anyObject))
}

// findGroup returns the rule of the group, or nil.
func findGroup(name string) *rule { return policies.find(name) }

// policies is the rule of a whole document.
var policies = rule{members: groups}

func boolean(v document.Value) error {
	if v.Kind() != document.KindBool {
		return errors.New("must be true or false")
	}
	return nil
}

func count(v document.Value) error { return integer(0, 1_000_000)(v) }

func seconds(v document.Value) error { return integer(0, maxSeconds)(v) }

func integer(least, most int64) func(document.Value) error {
	return func(v document.Value) error {
		n, err := strconv.ParseInt(v.Num(), 10, 64)
		if v.Kind() != document.KindNumber || err != nil || n < least || n > most {
			return fmt.Errorf("must be a whole number from %d to %d", least, most)
		}
		return nil
	}
}

func text(v document.Value) error {
	if v.Kind() != document.KindString || len(v.Str()) > maxText {
		return fmt.Errorf("must be a string of at most %d bytes", maxText)
	}
	return nil
}

func oneOf(words ...string) func(document.Value) error {
	return func(v document.Value) error {
		if v.Kind() != document.KindString || !slices.Contains(words, v.Str()) {
			return errors.New("must be one of " + strings.Join(words, ", "))
		}
		return nil
	}
}

// setOf is a comma list of the words, at least one.
func setOf(words ...string) func(document.Value) error {
	return func(v document.Value) error {
		if v.Kind() == document.KindString && len(v.Str()) <= maxText {
			for word := range strings.SplitSeq(v.Str(), ",") {
				if !slices.Contains(words, strings.TrimSpace(word)) {
					return errors.New("must be a comma list of " + strings.Join(words, ", "))
				}
			}
			return nil
		}
		return errors.New("must be a comma list of " + strings.Join(words, ", "))
	}
}

func expression(v document.Value) error {
	if v.Kind() != document.KindString {
		return errors.New("must be a string")
	}
	if _, err := pattern.Search(v.Str()); err != nil {
		return fmt.Errorf("must be a regular expression that this server can run: %w", err)
	}
	return nil
}

func listOf(element rule) func(document.Value) error {
	return func(v document.Value) error {
		if v.Kind() != document.KindArray || len(v.Items()) > maxList {
			return fmt.Errorf("must be an array of at most %d elements", maxList)
		}
		for i, item := range v.Items() {
			if err := checkElement(&element, item); err != nil {
				return fmt.Errorf("element %d: %w", i, err)
			}
		}
		return nil
	}
}

// checkElement checks an element of an array, which is kept as it is, members that are not known included.
func checkElement(r *rule, v document.Value) error {
	if r.check != nil {
		return r.check(v)
	}
	if v.Kind() != document.KindObject {
		return errors.New("must be an object")
	}
	for name, member := range v.Object().All() {
		known := r.find(name)
		if known == nil || member.Kind() == document.KindNull {
			continue
		}
		if err := checkElement(known, member); err != nil {
			return fmt.Errorf("%s %w", name, err)
		}
	}
	return nil
}

func anyObject(v document.Value) error {
	if v.Kind() != document.KindObject || len(v.AppendJSON(nil)) > maxText {
		return fmt.Errorf("must be an object of at most %d bytes", maxText)
	}
	return nil
}

func anyList(v document.Value) error {
	if v.Kind() != document.KindArray || len(v.AppendJSON(nil)) > maxText {
		return fmt.Errorf("must be an array of at most %d bytes", maxText)
	}
	return nil
}

// The two meta tags that a mail template needs; attribute order and spacing vary, and a value may
// hold a >.
var (
	metaTag     = regexp.MustCompile(`(?is)<meta\s(?:[^>"']|"[^"]*"|'[^']*')*>`)
	metaContent = regexp.MustCompile(`(?is)\scontent\s*=`)
	metaHeaders = []struct {
		header string
		name   *regexp.Regexp
	}{
		{"from", regexp.MustCompile(`(?is)\sname\s*=\s*["']?from["'\s/>]`)},
		{"subject", regexp.MustCompile(`(?is)\sname\s*=\s*["']?subject["'\s/>]`)},
	}
)

// holdsTemplates tells whether the member's value is a map of templates.
func (r rule) holdsTemplates() bool { return strings.HasSuffix(r.name, "mailTemplates") }

// templates is an object of HTML texts by language. It is kept byte for byte and replaced whole.
func templates(v document.Value) error {
	if v.Kind() != document.KindObject || v.Object().Len() > maxList {
		return fmt.Errorf("must be an object of templates by language, at most %d", maxList)
	}
	for language, template := range v.Object().All() {
		if template.Kind() == document.KindNull {
			continue
		}
		if template.Kind() != document.KindString || len(template.Str()) > maxTemplate {
			return fmt.Errorf("%.20s must be a string of at most %d bytes", language, maxTemplate)
		}
		tags := metaTag.FindAllString(template.Str(), -1)
		for _, h := range metaHeaders {
			if !slices.ContainsFunc(tags, func(tag string) bool { return h.name.MatchString(tag) && metaContent.MatchString(tag) }) {
				return fmt.Errorf("%.20s: email templates must contain valid META '%s' html headers", language, h.header)
			}
		}
	}
	return nil
}
