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
		findAccounts(d),
	}
}
