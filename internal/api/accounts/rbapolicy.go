package accounts

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/site"
	"github.com/doorward/doorward/internal/siteconfig"
	"github.com/doorward/doorward/internal/store"
)

// rbaPolicyKind is that of the risk-based rules of a site group.
var rbaPolicyKind = &siteconfig.Kind{
	Name: "rbaPolicy", Of: siteconfig.OfSite, Single: true, Inherit: siteconfig.ParentIfAbsent, OnChild: []string{},
	Shape: rbaPolicyShape, Check: checkRBAPolicy, Refers: checkLockouts, Default: defaultRBAPolicy,
	Summary: "The rules of risk-based authentication: what a login that looks dangerous is asked for.",
}

// riskAssessmentKind is that of the switch for the protection against account takeover.
var riskAssessmentKind = &siteconfig.Kind{
	Name: "riskAssessment", Of: siteconfig.OfSite, Single: true, Inherit: siteconfig.ParentIfAbsent,
	Shape: siteconfig.Object(siteconfig.Member{Name: "Enabled", Shape: siteconfig.Flag(), Required: true}),
	Default: func(*site.Site) map[string]json.RawMessage {
		return map[string]json.RawMessage{"": json.RawMessage(`{"Enabled":false}`)}
	},
	Summary: "Whether logins are assessed for account takeover.",
}

// noRuleSet is the rule set that every site has: nothing is asked for. It is that of a new site.
const noRuleSet = `{"rules":[],"id":"_off","description":"No validation at login","enabled":true}`

// offID is the id of noRuleSet. Ids that begin like it are built in.
const offID = "_off"

func defaultRBAPolicy(*site.Site) map[string]json.RawMessage {
	return map[string]json.RawMessage{"": json.RawMessage(`{"commonRules":[],"rulesSets":[` + noRuleSet +
		`],"tfaRegistrationScope":false,"defaultPolicy":"_off","allowOverrideMode":"no"}`)}
}

var rbaScope = siteconfig.List(2, siteconfig.OneOf("account", "IP"))

// rbaRuleShape leaves what depends on the type of an action or a factor to checkRule.
var rbaRuleShape = siteconfig.Object(
	siteconfig.Member{Name: "action", Shape: siteconfig.Object(
		siteconfig.Member{Name: "type", Shape: siteconfig.OneOf("lockout", "captcha", "TFA", "allow"), Required: true},
		siteconfig.Member{Name: "duration", Shape: siteconfig.Whole(0, 1<<31-1)},
		siteconfig.Member{Name: "scope", Shape: rbaScope},
		siteconfig.Member{Name: "authLevel", Shape: siteconfig.Whole(0, 1000)},
		siteconfig.Member{Name: "challenge", Shape: siteconfig.Text(0, 100)},
	), Required: true},
	siteconfig.Member{Name: "rootFactor", Shape: rbaFactorShape, Required: true},
	siteconfig.Member{Name: "id", Shape: siteconfig.Text(0, 256)},
	siteconfig.Member{Name: "scope", Shape: siteconfig.OneOf("Login")},
	siteconfig.Member{Name: "description", Shape: siteconfig.Text(0, 2048)},
	siteconfig.Member{Name: "enabled", Shape: siteconfig.Flag()},
)

// rbaFactorShape is that of one factor; those within all and any are looked at by checkFactor. Types that nobody has recorded exist,
// and are kept as they are.
var rbaFactorShape = siteconfig.Object(
	siteconfig.Member{Name: "type", Shape: siteconfig.Text(1, 100), Required: true},
	siteconfig.Member{Name: "scope", Shape: rbaScope},
	siteconfig.Member{Name: "threshold", Shape: siteconfig.Decimal(0, 1e9)},
	siteconfig.Member{Name: "resetInterval", Shape: siteconfig.Whole(0, 1<<31-1)},
	siteconfig.Member{Name: "expirationPeriod", Shape: siteconfig.Whole(0, 1<<31-1)},
	siteconfig.Member{Name: "authLevel", Shape: siteconfig.Whole(0, 1000)},
	siteconfig.Member{Name: "apiKeys", Shape: siteconfig.List(1000, siteconfig.Text(1, 256))},
	siteconfig.Member{Name: "inclusive", Shape: siteconfig.Flag()},
	siteconfig.Member{Name: "factors", Shape: siteconfig.List(100, siteconfig.AnyObject(64<<10))},
)

var rbaPolicyShape = siteconfig.Object(
	siteconfig.Member{Name: "commonRules", Shape: siteconfig.List(200, rbaRuleShape), Required: true},
	siteconfig.Member{Name: "rulesSets", Shape: siteconfig.List(100, siteconfig.Object(
		siteconfig.Member{Name: "rules", Shape: siteconfig.List(200, rbaRuleShape), Required: true},
		siteconfig.Member{Name: "id", Shape: siteconfig.Text(1, 256), Required: true},
		siteconfig.Member{Name: "description", Shape: siteconfig.Text(0, 2048)},
		siteconfig.Member{Name: "enabled", Shape: siteconfig.Flag()},
	)), Required: true},
	siteconfig.Member{Name: "tfaRegistrationScope", Shape: siteconfig.Flag()},
	siteconfig.Member{Name: "defaultPolicy", Shape: siteconfig.Text(0, 256)},
	siteconfig.Member{Name: "allowOverrideMode", Shape: siteconfig.Text(0, 100)},
)

// checkRBAPolicy is what the shape does not say of a policy.
func checkRBAPolicy(doc json.RawMessage) error {
	policy, err := document.ParseObject(doc)
	if err != nil {
		return err
	}
	common, _ := policy.Get("commonRules")
	if err := checkRules("commonRules", common.Items()); err != nil {
		return err
	}
	sets, _ := policy.Get("rulesSets")
	var ids []string
	for i, set := range sets.Items() {
		at := fmt.Sprintf("rulesSets[%d]", i)
		id, _ := set.Object().Get("id")
		rules, _ := set.Object().Get("rules")
		switch {
		case slices.Contains(ids, id.Str()):
			return gigya.InvalidArgumentBecause(at+".id", "is there twice")
		case strings.HasPrefix(id.Str(), "_") && id.Str() != offID:
			return gigya.InvalidArgumentBecause(at+".id", "begins with _ as only built-in ids do")
		case id.Str() == offID && len(rules.Items()) > 0:
			return gigya.InvalidArgumentBecause(at+".rules", "the built-in set has none")
		}
		ids = append(ids, id.Str())
		if err := checkRules(at+".rules", rules.Items()); err != nil {
			return err
		}
	}
	if chosen, _ := policy.Get("defaultPolicy"); chosen.Str() != "" && chosen.Str() != offID && !slices.Contains(ids, chosen.Str()) {
		return gigya.InvalidArgumentBecause("defaultPolicy", "there is no rule set of this id")
	}
	return nil
}

// checkRules refuses rules that have the same id, and what a rule cannot be. Within rule sets the original's have none.
func checkRules(path string, rules []document.Value) error {
	seen := map[string]bool{}
	for i, rule := range rules {
		at := fmt.Sprintf("%s[%d]", path, i)
		id, _ := rule.Object().Get("id")
		switch {
		case id.Str() != "" && seen[id.Str()]:
			return gigya.InvalidArgumentBecause(at+".id", "is there twice")
		case strings.HasPrefix(id.Str(), "_"):
			return gigya.InvalidArgumentBecause(at+".id", "begins with _ as only built-in ids do")
		}
		seen[id.Str()] = true
		if err := checkAction(at+".action", rule.Object()); err != nil {
			return err
		}
		factor, _ := rule.Object().Get("rootFactor")
		if err := checkFactor(at+".rootFactor", factor, 0); err != nil {
			return err
		}
	}
	return nil
}

// needed are the members that an action or a factor of a type is nothing without. A captcha of recorded rules has no scope.
var needed = map[string][]string{
	"lockout": {"scope"}, "TFA": {"authLevel"},
	"failedLogins": {"threshold"}, "highRisk": {"threshold"}, "apiKey": {"apiKeys"}, "all": {"factors"}, "any": {"factors"},
}

func checkNeeded(path string, o *document.Object) (kind string, err error) {
	v, _ := o.Get("type")
	for _, name := range needed[v.Str()] {
		if member, _ := o.Get(name); member.IsNull() {
			return "", gigya.InvalidArgumentBecause(path+"."+name, "is missing")
		}
	}
	return v.Str(), nil
}

func checkAction(path string, rule *document.Object) error {
	action, _ := rule.Get("action")
	_, err := checkNeeded(path, action.Object())
	return err
}

// maxFactorDepth bounds factors within factors.
const maxFactorDepth = 8

func checkFactor(path string, v document.Value, depth int) error {
	if depth > maxFactorDepth {
		return gigya.InvalidArgumentBecause(path, "factors are nested too deep")
	}
	if depth > 0 {
		if err := rbaFactorShape.Check(path, v); err != nil {
			return err
		}
	}
	kind, err := checkNeeded(path, v.Object())
	if err != nil {
		return err
	}
	if threshold, _ := v.Object().Get("threshold"); kind == "highRisk" {
		if err := siteconfig.Decimal(0, 1).Check(path+".threshold", threshold); err != nil {
			return err
		}
	}
	factors, _ := v.Object().Get("factors")
	for i, factor := range factors.Items() {
		if err := checkFactor(fmt.Sprintf("%s.factors[%d]", path, i), factor, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// withOff adds the built-in rule set to a policy that came without it: clients count the sets to see whether there are rules.
func withOff(policy *document.Object) *document.Object {
	sets, _ := policy.Get("rulesSets")
	for _, set := range sets.Items() {
		if id, _ := set.Object().Get("id"); id.Str() == offID {
			return policy
		}
	}
	off, err := document.ParseObject([]byte(noRuleSet))
	if err != nil || sets.Kind() != document.KindArray {
		return policy // What is wrong with it is told when it is checked.
	}
	policy.Set("rulesSets", document.ArrayOf(append(slices.Clone(sets.Items()), document.FromObject(off))...))
	return policy
}

// checkLockouts refuses to the parent of a site group a rule that locks somebody out depending on the site.
func checkLockouts(tx store.Tx, s *site.Site, doc json.RawMessage) error {
	policy, err := document.ParseObject(doc)
	if err != nil {
		return err
	}
	at := locksBySite(policy)
	if at == "" {
		return nil
	}
	sites, err := tx.Sites(s.Site.Partner)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(sites, func(other *store.Site) bool { return other.Group == s.APIKey && other.APIKey != s.APIKey }) {
		return gigya.InvalidArgumentBecause(at, "a lockout cannot depend on the site in a site group: accounts are the group's")
	}
	return nil
}

// locksBySite returns the path of a rule that locks somebody out depending on the site; empty: there is none. Accounts are locked in
// the whole group, so that a group cannot have such a rule.
func locksBySite(policy *document.Object) string {
	find := func(path string, rules document.Value) string {
		for i, rule := range rules.Items() {
			action, _ := rule.Object().Lookup([]string{"action", "type"})
			factor, _ := rule.Object().Get("rootFactor")
			if action.Str() == "lockout" && hasFactor(factor, "apiKey", 0) {
				return fmt.Sprintf("%s[%d].rootFactor", path, i)
			}
		}
		return ""
	}
	common, _ := policy.Get("commonRules")
	if at := find("commonRules", common); at != "" {
		return at
	}
	sets, _ := policy.Get("rulesSets")
	for i, set := range sets.Items() {
		rules, _ := set.Object().Get("rules")
		if at := find(fmt.Sprintf("rulesSets[%d].rules", i), rules); at != "" {
			return at
		}
	}
	return ""
}

func hasFactor(v document.Value, kind string, depth int) bool {
	if of, _ := v.Object().Get("type"); of.Str() == kind {
		return true
	}
	factors, _ := v.Object().Get("factors")
	return depth <= maxFactorDepth && slices.ContainsFunc(factors.Items(), func(f document.Value) bool { return hasFactor(f, kind, depth+1) })
}
