package socialize

import "github.com/doorward/doorward/internal/method"

// Methods is the table of the folder's methods.
func Methods(d Deps) []*method.Method {
	return []*method.Method{
		// Device ids.
		getIDs(d),
		getGmidTicket(d),
		getSDKConfig(d),
		// Sessions.
		notifyLogin(d),
		logout(d),
		getUserInfo(d),
		// Tokens.
		getToken(d),
		exchangeUIDSignature(d),
		// Social providers.
		getProvidersConfig(d),
		setProvidersConfig(d),
		getAvailableProviders(d),
	}
}
