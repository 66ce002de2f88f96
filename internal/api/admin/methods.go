package admin

import (
	"github.com/doorward/doorward/internal/method"
	"github.com/doorward/doorward/internal/siteconfig"
)

// Methods is the table of the folder's methods.
func Methods(d Deps) []*method.Method {
	return []*method.Method{
		createSite(d),
		deleteSite(d),
		getSiteConfig(d),
		setSiteConfig(d),
		getRestrictions(),
		setRestrictions(d),
		captchaGetConfig(d),
		captchaSetConfig(d),
		riskProvidersGetConfig(d),
		riskProvidersSetConfig(d),
		certificatesCreateRequest(),
		createUserKey(d),
		deleteUserKey(d),
		getUserKeys(d),
		getUserKeyInfo(d),
		setUserKeyInfo(d),
		rotateUserKeySecret(d),
		getIPRestrictions(d),
		setIPRestrictions(d),
		getPartner(d),
		updatePartner(d),
		rotatePartnerSecret(d),
		getGroups(d),
		createGroup(d),
		updateGroup(d),
		deleteGroup(d),
		getGroupUsers(d),
		getACL(d),
		setACL(d),
		getEffectiveACL(d),
		inviteAdmin(d),
		acceptInvitation(d),
		getUserSites(d),
		getPartnerSites(d),
		searchPartners(d),
		consoleGetPartners(d),
		consoleGetPagedSites(d),
	}
}

// Kinds are the configuration objects of sites that the folder's methods keep.
func Kinds() []*siteconfig.Kind {
	return []*siteconfig.Kind{captchaKind, riskProvidersKind}
}
