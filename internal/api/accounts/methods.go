package accounts

import "github.com/doorward/doorward/internal/method"

// Methods is the table of the folder's methods.
func Methods(d Deps) []*method.Method {
	return []*method.Method{
		// Registration and login.
		initRegistration(d),
		register(d),
		finalizeRegistration(d),
		logIn(d),
		logout(d),
		notifyLogin(d),
		verifyLogin(d),
		// Account data.
		getAccountInfo(d),
		setAccountInfo(d),
		deleteAccount(d),
		isAvailableLoginID(d),
		importFullAccount(d),
		importLiteAccount(d),
		// Lite accounts.
		getLiteToken(d),
		deleteLiteAccount(d),
		initProgression(d),
		getProgressionPolicy(d),
		setProgressionPolicy(d),
		// Counters.
		registerCounters(d),
		unregisterCounters(d),
		getRegisteredCounters(d),
		incrementCounters(d),
		getCounters(d),
		// Tokens, configuration, search.
		getJWT(d),
		getJWTPublicKey(d),
		exchangeUIDSignature(d),
		sessionVerify(d),
		getSchema(d),
		setSchema(d),
		getPolicies(d),
		setPolicies(d),
		// Screen-sets and templates.
		getScreenSets(d),
		setScreenSet(d),
		deleteScreenSet(d),
		getMailTemplates(d),
		setMailTemplates(d),
		getSMSTemplates(d),
		setSMSTemplates(d),
		// Webhooks and extensions.
		setWebhook(d),
		getAllWebhooks(d),
		deleteWebhook(d),
		getWebhookStatus(d),
		listExtensions(d),
		createExtension(d),
		getExtension(d),
		modifyExtension(d),
		deleteExtension(d),
		findAccounts(d),
		// Consent.
		getConsentsStatements(d),
		setConsentsStatements(d),
		setConsentDefaultLang(d),
		deleteConsentStatement(d),
		migrateConsentFlow(d),
		getLegalStatements(d),
		setLegalStatements(d),
		duplicateLegalStatement(d),
		deleteLegalStatements(d),
		getSiteConsentDetails(d),
		// Communications.
		getChannels(d),
		setChannels(d),
		searchSettings(d),
		setSettings(d),
		getTopicSettings(d),
		setTopicSettings(d),
		// Risk-based authentication.
		getRBAPolicy(d),
		setRBAPolicy(d),
		getRiskAssessment(d),
		setRiskAssessment(d),
		getSDKConfiguration(d),
	}
}
