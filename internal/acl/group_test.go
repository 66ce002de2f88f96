package acl_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/doorward/doorward/internal/acl"
)

func TestWhereAScopeHolds(t *testing.T) {
	for _, c := range []struct {
		scope         string
		partner       bool
		parent, child bool
		lone          bool
	}{
		{`{}`, false, false, false, false},
		{`{"allowPartners":[],"allowSites":[]}`, false, false, false, false},
		{`{"allowPartners":["_owner"]}`, true, true, true, true},
		{`{"allowPartners":["7"]}`, true, true, true, true},
		{`{"allowPartners":[7],"allowSites":[]}`, true, true, true, true},
		{`{"allowPartners":["8"]}`, false, false, false, false},
		{`{"allowSites":["4_parent"]}`, false, true, true, false},
		{`{"allowSites":["4_child"]}`, false, false, true, false},
		{`{"allowPartners":["_owner"],"allowSites":["4_lone"]}`, true, false, false, true},
	} {
		s, err := acl.ParseScope([]byte(c.scope))
		if err != nil {
			t.Fatalf("%s: %v", c.scope, err)
		}
		got := []bool{s.Partner(7), s.Site(7, "4_parent", "4_parent"), s.Site(7, "4_child", "4_parent"), s.Site(7, "4_lone", "4_lone")}
		if diff := cmp.Diff([]bool{c.partner, c.parent, c.child, c.lone}, got); diff != "" {
			t.Errorf("%s: partner, parent, child, lone: %s", c.scope, diff)
		}
	}
	for text, want := range map[string]string{
		`[]`:                                "want a JSON object",
		`{"allowSites":"4_a"}`:              "allowSites: want an array",
		`{"allowSites":[{}]}`:               "allowSites.0: want a text",
		`{"allowSite":[]}`:                  "allowSite: want allowPartners or allowSites",
		`{"allowSites":[],"allowsites":[]}`: "allowsites: is there twice",
	} {
		if _, err := acl.ParseScope([]byte(text)); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestOfABuiltInGroupOnlyTheMembersAreStored(t *testing.T) {
	g, err := acl.ReadGroup("_admins", []byte(`{"aclID":"_no_permissions","scope":{},"users":["AKey"],"description":"x"}`))
	if err != nil || g.ACLID != acl.Admins || !g.Scope.Partner(1) || len(g.Users) != 1 {
		t.Errorf("%+v, %v", g, err)
	}
	g, err = acl.ReadGroup("Support", []byte(`{"aclID":"Support","scope":{"allowSites":["4_a"]},"users":["AKey"]}`))
	if err != nil || g.ACLID != "Support" || g.Scope.Partner(1) || !g.Scope.Site(1, "4_a", "4_a") {
		t.Errorf("%+v, %v", g, err)
	}
	if _, err := acl.ReadGroup("Support", []byte(`{"users":7}`)); err == nil {
		t.Error("a group that cannot be read is read")
	}
}

func TestIDsOfListsAndGroups(t *testing.T) {
	for _, good := range []string{"Support", "R&D \"east\" v1.2", "ü"} {
		if err := acl.CheckID(good); err != nil {
			t.Errorf("%q: %v", good, err)
		}
	}
	for _, bad := range []string{"", "_mine", "a\nb", "\x00", strings.Repeat("a", 257), "a\xff"} {
		if err := acl.CheckID(bad); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}

func TestThePrivilegesOfTheOriginalAreThere(t *testing.T) {
	// As exported from a live tenant.
	exported := strings.Fields(`_basicSiteAccess _sites _sites_restricted _siteDashboardAddSites _siteDashboardExportUsers
		_siteDashboardSecretKey _siteDashboardPartialSecretKey _siteSettings _siteRestrictions_editors _siteRestrictions_viewers
		_siteProvidersConfigurationsAndPermissions_editors _siteProvidersConfigurationsAndPermissions_viewers _siteCounters_editors
		_siteCounters_viewers _3rdPartyPlugins _3rdPartyPlugins_restricted _accountsFullAccess _accounts_sections_limited_access
		_raasPoliciesAndEmailTamplates _raasUiBuilder _raasUiBuilder_limited_access _consentsApp _webhooks _extensions_editors
		_extensions_viewers _sms_config_editors _authorization_console_access _manageAuthorizedContacts _manageAllCases _ips_role
		_identityAccessUserRecords_editors _identityAccessUserRecords_viewers _identityAccessDeleteUsersRecords _idx_editors
		_idx_viewers _viewSiteAuditLog _viewPartnerAndSiteAuditLog _insights _reportsIdentitiesSyndicationAndUsage
		_reportsIdentityQueryTool _reportsCommunity _reportsGamificationAggregated _reportsGamificationTopUsers _reportsIRank _admins
		_rolesAndPermissionsManagement _usersPartners_ip_restrictions_viewers _usersPartners_set_ip_restrictions _system_status
		_gmSetup_editors _gmSetup_viewers _gmEnableDisableClientSideAccess _commentsSetupAndSettings_editors
		_commentsSetupAndSettings_viewers _moderatorsManagement_editors _moderatorsManagement_viewers _no_permissions`)
	for _, name := range exported {
		if _, ok := acl.Lookup(name); !ok {
			t.Errorf("%s is missing", name)
		}
	}
	for _, p := range acl.Privileges() {
		r := acl.Compile(p.List())
		if p.Area == "" || p.Summary == "" || r.Empty() != (len(p.Methods) == 0) {
			t.Errorf("%s: area %q, summary %q, empty %v", p.Name, p.Area, p.Summary, r.Empty())
		}
		if r.Fields().Any(acl.Read|acl.Write) != p.AllFields || p.AllFields != (p.Name == acl.Admins) {
			t.Errorf("%s gives fields", p.Name)
		}
		if got := r.Empty(); got != strings.HasSuffix(p.Summary, "othing here.") && p.Name != acl.NoPermissions && got {
			t.Errorf("%s gives nothing and does not say so: %s", p.Name, p.Summary)
		}
	}
	if len(exported) != len(acl.Privileges()) {
		t.Errorf("%d privileges, want %d", len(acl.Privileges()), len(exported))
	}
}

// FuzzParseScope: a scope that is taken is the same when it is written and read again.
func FuzzParseScope(f *testing.F) {
	f.Add(`{"allowPartners":["_owner","7",7,true],"allowSites":["4_a"]}`)
	f.Add(`{"allowSites":[]}`)
	f.Add(`{"allowPartners":[null]}`)
	f.Add(`{"allowSites":["\ud800"],"AllowSites":[]}`)
	f.Fuzz(func(t *testing.T, text string) {
		scope, err := acl.ParseScope([]byte(text))
		if err != nil {
			var at *acl.Error
			if !errors.As(err, &at) {
				t.Fatalf("the error is a %T", err)
			}
			return
		}
		again, err := json.Marshal(scope)
		if err != nil {
			t.Fatal(err)
		}
		read, err := acl.ParseScope(again)
		if diff := cmp.Diff(scope, read); err != nil || diff != "" {
			t.Errorf("%s: %v %s", again, err, diff)
		}
		if len(scope.AllowSites) == 0 && scope.Site(7, "4_a", "4_b") != scope.Partner(7) {
			t.Error("without sites the partner decides")
		}
	})
}
