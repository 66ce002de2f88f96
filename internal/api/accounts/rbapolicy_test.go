package accounts_test

import (
	"strings"
	"testing"

	"github.com/doorward/doorward/internal/store"
)

const freshRBA = `{"commonRules":[],"rulesSets":[{"rules":[],"id":"_off","description":"No validation at login","enabled":true}],` +
	`"tfaRegistrationScope":false,"defaultPolicy":"_off","allowOverrideMode":"no"}`

// recordedRBA is what SAP's toolkit reads on one site and writes to another.
const recordedRBA = `{"commonRules":[` +
	`{"action":{"duration":600,"scope":["account"],"type":"lockout"},"rootFactor":{"type":"failedLogins","scope":["account"],"threshold":10,"resetInterval":3600},` +
	`"id":"Login max number of attempts","scope":"Login","description":"On multiple failed login attempts > lockout account","enabled":true},` +
	`{"action":{"scope":["IP"],"type":"captcha"},"rootFactor":{"factors":[{"type":"highRisk","scope":["account"],"threshold":0.8},` +
	`{"type":"apiKey","apiKeys":["4_UbqVONGV8H_MUUFw2Bdf5Q"],"inclusive":true}],"type":"all"},"id":"tfa high risk score","scope":"Login","description":"d","enabled":true}],` +
	`"rulesSets":[{"rules":[{"action":{"authLevel":10,"challenge":"none","type":"TFA"},"rootFactor":{"type":"device","expirationPeriod":2592000,"authLevel":10},` +
	`"id":null,"scope":"Login","description":"d","enabled":true}],"id":"device_change","description":"d","enabled":true},` +
	`{"rules":[],"id":"_off","description":"This policy represents a policy without any validations","enabled":true}],` +
	`"tfaRegistrationScope":false,"defaultPolicy":"device_change","allowOverrideMode":"no","unknown":{"a":1.50}}`

func TestTheRBAPolicyComesBackAsItWasSet(t *testing.T) {
	h := newGroup(t)
	h.follow([]ask{
		{method: "accounts.rba.getPolicy", want: `{"policy":` + freshRBA + `}`},
		{at: childKey, method: "accounts.rba.getPolicy", want: `{"policy":` + freshRBA + `}`},
		{method: "accounts.rba.setPolicy", params: p("policy", freshRBA), want: `{}`},
		{method: "accounts.rba.setPolicy", params: p("policy", recordedRBA), want: `{}`},
		{method: "accounts.rba.getPolicy", want: `{"policy":` + recordedRBA + `}`},
		{at: childKey, method: "accounts.rba.getPolicy", want: `{"policy":` + recordedRBA + `}`},
		{at: childKey, method: "accounts.rba.setPolicy", params: p("policy", freshRBA), want: "400009 Setting the RBA policy is prohibited on child site."},
		// The built-in set is there, sent or not: clients count the sets.
		{method: "accounts.rba.setPolicy", params: p("policy", `{"commonRules":[],"rulesSets":[],"defaultPolicy":""}`), want: `{}`},
		{method: "accounts.rba.getPolicy", want: `{"policy":{"commonRules":[],"rulesSets":[{"rules":[],"id":"_off","description":"No validation at login","enabled":true}],"defaultPolicy":""}}`},
		{method: "accounts.rba.sdkConfiguration.get", want: `{"result":[]}`},
	})
}

func TestRulesThatCannotBe(t *testing.T) {
	h := newHouse(t)
	with := func(rules string) string {
		return strings.Replace(freshRBA, `"commonRules":[]`, `"commonRules":[`+rules+`]`, 1)
	}
	set := func(sets string) string {
		return strings.Replace(freshRBA, `"rulesSets":[`, `"rulesSets":[`+sets+`,`, 1)
	}
	const factor = `"rootFactor":{"type":"device"}`
	for policy, want := range map[string]string{
		`{}`:                                 "commonRules: is missing",
		`{"commonRules":{},"rulesSets":[]}`:  "commonRules: must be an array of at most 200 elements",
		`{"commonRules":[],"rulesSets":[5]}`: "rulesSets[0]: must be an object",
		`{"commonRules":[],"rulesSets":"x"}`: "rulesSets: must be an array of at most 100 elements",
		with(`{}`):                           "commonRules[0].action: is missing",
		with(`{"action":{"type":"allow"}}`):  "commonRules[0].rootFactor: is missing",
		with(`{"action":{"type":"explode"},` + factor + `}`):                                                                                "commonRules[0].action.type: must be one of lockout, captcha, TFA, allow",
		with(`{"action":{"type":"lockout"},` + factor + `}`):                                                                                "commonRules[0].action.scope: is missing",
		with(`{"action":{"type":"TFA"},` + factor + `}`):                                                                                    "commonRules[0].action.authLevel: is missing",
		with(`{"action":{"type":"captcha","scope":["planet"]},` + factor + `}`):                                                             "commonRules[0].action.scope[0]: must be one of account, IP",
		with(`{"action":{"type":"allow"},"rootFactor":{"type":"highRisk","threshold":1.5}}`):                                                "commonRules[0].rootFactor.threshold: must be a number from 0 to 1",
		with(`{"action":{"type":"allow"},"rootFactor":{"type":"failedLogins"}}`):                                                            "commonRules[0].rootFactor.threshold: is missing",
		with(`{"action":{"type":"allow"},"rootFactor":{"type":"any","factors":[{"type":"all"}]}}`):                                          "commonRules[0].rootFactor.factors[0].factors: is missing",
		with(`{"action":{"type":"allow"},"rootFactor":{"type":"any","factors":[{"type":"apiKey","apiKeys":[5]}]}}`):                         "commonRules[0].rootFactor.factors[0].apiKeys[0]: must be a string of 1 to 256 bytes",
		with(`{"action":{"type":"allow"},"rootFactor":` + strings.Repeat(`{"type":"all","factors":[`, 12) + strings.Repeat(`]}`, 12) + `}`): "commonRules[0].rootFactor" + strings.Repeat(".factors[0]", 9) + ": factors are nested too deep",
		with(`{"id":"a","action":{"type":"allow"},` + factor + `},{"id":"a","action":{"type":"allow"},` + factor + `}`):                     "commonRules[1].id: is there twice",
		with(`{"id":"_a","action":{"type":"allow"},` + factor + `}`):                                                                        "commonRules[0].id: begins with _ as only built-in ids do",
		set(`{"id":"_mine","rules":[]}`):                                                                                                    "rulesSets[0].id: begins with _ as only built-in ids do",
		set(`{"id":"x","rules":[]},{"id":"x","rules":[]}`):                                                                                  "rulesSets[1].id: is there twice",
		set(`{"id":"x","rules":[{"action":{"type":"lockout"},` + factor + `}]}`):                                                            "rulesSets[0].rules[0].action.scope: is missing",
		strings.Replace(freshRBA, `"defaultPolicy":"_off"`, `"defaultPolicy":"gone"`, 1):                                                    "defaultPolicy: there is no rule set of this id",
	} {
		got := h.reply(ask{method: "accounts.rba.setPolicy", params: p("policy", policy)})
		if got != "400006 Invalid argument: "+want {
			t.Errorf("%.200s\n got %s\nwant %s", policy, got, want)
		}
	}
	// A factor that nobody has recorded is kept.
	const unknown = `{"commonRules":[{"action":{"type":"allow"},"rootFactor":{"type":"impossibleTraveler","speed":900}}],"rulesSets":[{"rules":[],"id":"_off"}]}`
	h.follow([]ask{
		{method: "accounts.rba.getPolicy", want: `{"policy":` + freshRBA + `}`},
		{method: "accounts.rba.setPolicy", want: "400002 Missing required parameter : policy"},
		{method: "accounts.rba.setPolicy", params: p("policy", unknown), want: `{}`},
		{method: "accounts.rba.getPolicy", want: `{"policy":` + unknown + `}`},
	})
}

func TestALockoutDoesNotDependOnTheSiteInAGroup(t *testing.T) {
	const bySite = `{"commonRules":[],"rulesSets":[{"id":"x","rules":[{"action":{"type":"lockout","scope":["account"]},` +
		`"rootFactor":{"type":"any","factors":[{"type":"device"},{"type":"apiKey","apiKeys":["k"]}]}}]},{"rules":[],"id":"_off"}]}`
	alone, group := newHouse(t), newGroup(t)
	alone.follow([]ask{{method: "accounts.rba.setPolicy", params: p("policy", bySite), want: `{}`}})
	group.follow([]ask{
		{method: "accounts.rba.setPolicy", params: p("policy", bySite),
			want: "400006 Invalid argument: rulesSets[0].rules[0].rootFactor: a lockout cannot depend on the site in a site group: accounts are the group's"},
		{method: "accounts.rba.getPolicy", want: `{"policy":` + freshRBA + `}`},
	})
}

func TestRiskAssessment(t *testing.T) {
	h := newGroup(t)
	h.follow([]ask{
		{method: "accounts.rba.riskAssessment.getConfig", want: `{"Enabled":false}`},
		{method: "accounts.rba.riskAssessment.setConfig", params: p("Config", `{"Enabled":true,"errorCode":5}`), want: `{}`},
		{method: "accounts.rba.riskAssessment.getConfig", want: `{"Enabled":true}`},
		{at: childKey, method: "accounts.rba.riskAssessment.getConfig", want: `{"Enabled":true}`},
		{at: childKey, method: "accounts.rba.riskAssessment.setConfig", params: p("Config", `{"Enabled":false}`), want: `{}`},
		{at: childKey, method: "accounts.rba.riskAssessment.getConfig", want: `{"Enabled":false}`},
		{method: "accounts.rba.riskAssessment.getConfig", want: `{"Enabled":true}`},
		{method: "accounts.rba.riskAssessment.setConfig", params: p("Config", `{"Enabled":"yes"}`), want: "400006 Invalid argument: Enabled: must be true or false"},
		{method: "accounts.rba.riskAssessment.setConfig", params: p("Config", `{}`), want: "400006 Invalid argument: Enabled: is missing"},
		{method: "accounts.rba.riskAssessment.setConfig", want: "400002 Missing required parameter : Config"},
	})
}

func TestWhatAMemberOfAGroupOnceStoredOfRBAIsNotInForce(t *testing.T) {
	h := newGroup(t)
	h.change(func(tx store.Tx) error {
		return tx.PutConfigObject(&store.ConfigObject{Owner: childKey, Kind: "rbaPolicy", Document: []byte(recordedRBA)})
	})
	h.follow([]ask{{at: childKey, method: "accounts.rba.getPolicy", want: `{"policy":` + freshRBA + `}`}})
}
