package gigya

// The codes of the protocol: those of the public table, those that recorded answers show and those that the SDKs know.
// The numbers never change. Some are never answered by a server of ours; they are here so that a client can name them and
// so that nobody gives the number another meaning.
const (
	// OK is 0: the call succeeded; an answer has neither errorMessage nor errorDetails.
	OK Code = 0

	// DataPending is 100001: data that is gathered in the background is not ready; ask again.
	DataPending Code = 100001

	// OperationCanceled is 200001: the end user closed or left an interactive step.
	OperationCanceled Code = 200001
	// PermissionGranted is 200002: an internal step of social permission requests; never answered.
	PermissionGranted Code = 200002
	// PermissionNotGranted is 200003: the end user refused a social permission.
	PermissionNotGranted Code = 200003
	// Redirect is 200004: an internal step; never answered.
	Redirect Code = 200004
	// NewUser is 200005: an internal mark of reports; never answered.
	NewUser Code = 200005
	// OperationDone is 200006: an internal mark of reports; never answered.
	OperationDone Code = 200006
	// UpdateUser is 200007: an internal mark of reports; never answered.
	UpdateUser Code = 200007
	// OKWithErrors is 200008: a success with a problem that was only logged; seen in reports.
	OKWithErrors Code = 200008
	// AccountsLinked is 200009: a login in link mode joined the identity to an account; the answer has a regToken.
	AccountsLinked Code = 200009
	// OKWithErrorLoginIdentifierExists is 200010: the profile was saved but a login identifier belongs to another account;
	// the answer has a regToken.
	OKWithErrorLoginIdentifierExists Code = 200010
	// AccountPendingRegistration is 206001: a required field, a consent or the last step of registration is missing; the
	// answer has a regToken and no session.
	AccountPendingRegistration Code = 206001
	// AccountPendingVerification is 206002: the policy wants a verified address and the account has none; the answer has a
	// regToken.
	AccountPendingVerification Code = 206002
	// AccountMissingLoginID is 206003: a social account has no login identifier and password where the policy wants them.
	AccountMissingLoginID Code = 206003
	// IdentityAlreadyAssigned is 206004: an import left out identities that belong to other accounts.
	IdentityAlreadyAssigned Code = 206004
	// AfterEmailVerification is 206005: an internal mark after a verification link; known from the web SDK only.
	AfterEmailVerification Code = 206005
	// PendingCodeVerification is 206006: the account waits for the code that was mailed to its address; the answer has a
	// regToken.
	PendingCodeVerification Code = 206006

	// ClientLog is 300001: the number under which clients report their own errors; never answered.
	ClientLog Code = 300001
	// InvalidDataCenter is 301001: another data center serves the API key; the answer has apiDomain and location.
	InvalidDataCenter Code = 301001

	// InvalidRequestFormat is 400001: the request as a whole cannot be read, or came over plain HTTP where HTTPS is
	// needed.
	InvalidRequestFormat Code = 400001
	// MissingRequiredParameter is 400002: a needed parameter is absent or empty.
	MissingRequiredParameter Code = 400002
	// UniqueIdentifierExists is 400003: a login identifier is taken; from register and setAccountInfo an item under
	// 400009.
	UniqueIdentifierExists Code = 400003
	// InvalidParameterFormat is 400004: a parameter cannot be parsed: not JSON, not a number, not a date.
	InvalidParameterFormat Code = 400004
	// InvalidParameterValue is 400006: a parameter was parsed but its value is not allowed; one-time tokens that do not
	// work are among these.
	InvalidParameterValue Code = 400006
	// DuplicateValue is 400007: a value that must occur once occurs twice.
	DuplicateValue Code = 400007
	// InvalidAuthenticationHeader is 400008: the Authorization header has no form that is read.
	InvalidAuthenticationHeader Code = 400008
	// ValidationFailed is 400009, VALIDATION_ERROR: fields of an account failed their checks, each an item of
	// validationErrors (see [ValidationError]); or a change of configuration was refused, without items.
	ValidationFailed Code = 400009
	// InvalidRedirectURI is 400011: redirect_uri is missing, not absolute or not trusted.
	InvalidRedirectURI Code = 400011
	// InvalidResponseType is 400012: response_type is neither token nor code.
	InvalidResponseType Code = 400012
	// UnsupportedGrantType is 400013: grant_type is not served.
	UnsupportedGrantType Code = 400013
	// InvalidGrant is 400014: the code, refresh token or credentials of a grant are wrong or another client's.
	InvalidGrant Code = 400014
	// CodeExpired is 400015: an authorization code is too old or used.
	CodeExpired Code = 400015
	// SchemaValidationFailed is 400020: data does not fit the schema; the top-level code of the data store and of
	// setSchema.
	SchemaValidationFailed Code = 400020
	// CaptchaVerificationFailed is 400021: registration wants a CAPTCHA and its answer is absent or wrong.
	CaptchaVerificationFailed Code = 400021
	// UniqueIndexValidationError is 400022: a unique index would be violated.
	UniqueIndexValidationError Code = 400022
	// InvalidTypeValidationError is 400023: a value has another type than its field.
	InvalidTypeValidationError Code = 400023
	// DynamicFieldsValidationError is 400024: a field that the schema does not know, while the schema is fixed.
	DynamicFieldsValidationError Code = 400024
	// WriteAccessValidationError is 400025: this kind of caller may not write the field.
	WriteAccessValidationError Code = 400025
	// InvalidFormatValidationError is 400026: a value does not match the format of its field.
	InvalidFormatValidationError Code = 400026
	// RequiredValueValidationError is 400027: a required field is empty.
	RequiredValueValidationError Code = 400027
	// EmailNotVerified is 400028: the operation needs a verified address.
	EmailNotVerified Code = 400028
	// SchemaConflictError is 400029: a type conflicts with the type that is indexed already.
	SchemaConflictError Code = 400029
	// OperationNotAllowed is 400030: the kind of account forbids the call.
	OperationNotAllowed Code = 400030
	// SecurityVerificationFailed is 400050: the security answer or another proof of a password reset is wrong.
	SecurityVerificationFailed Code = 400050
	// InvalidAPIKeyParameter is 400093: the API key is malformed or unknown.
	InvalidAPIKeyParameter Code = 400093
	// NotSupported is 400096: the method, or the feature it needs, is not served here.
	NotSupported Code = 400096
	// UnsupportedUserAgent is 400097: the browser is refused as insecure.
	UnsupportedUserAgent Code = 400097
	// NoProviders is 400100: no such provider is configured.
	NoProviders Code = 400100
	// PopupBlocked is 400101: a client's own error.
	PopupBlocked Code = 400101
	// InvalidEventHandler is 400102: a client's own error.
	InvalidEventHandler Code = 400102
	// InvalidContainerID is 400103: a client's own error: the element of the page does not exist.
	InvalidContainerID Code = 400103
	// NotConnected is 400106: the user is not connected to that social network; one mobile SDK means no network by it.
	NotConnected Code = 400106
	// InvalidSiteDomain is 400120: the page of a browser call is not on a trusted address of the site.
	InvalidSiteDomain Code = 400120
	// ProviderConfigurationError is 400122: a social provider refused the site's configuration.
	ProviderConfigurationError Code = 400122
	// LimitReached is 400124: a cap was reached.
	LimitReached Code = 400124
	// FrequencyLimitReached is 400125: too many actions in a short time.
	FrequencyLimitReached Code = 400125
	// InvalidAction is 400126: an unknown action, or one that cannot be started from outside.
	InvalidAction Code = 400126
	// InsufficientPointsToRedeem is 400127: there are not enough points.
	InsufficientPointsToRedeem Code = 400127
	// SignatureTimestampExpired is 400128: an old timestamp in a UID signature, in the public table only;
	// exchangeUIDSignature answers 403002.
	SignatureTimestampExpired Code = 400128
	// PasskeyAuthenticatorRegistered is 400130: a client's own error: the authenticator has a passkey for the account.
	PasskeyAuthenticatorRegistered Code = 400130
	// PasskeyAborted is 400131: a client's own error: the user left the passkey dialog.
	PasskeyAborted Code = 400131
	// FIDOOperationFailed is 400301: a mobile SDK's own error of WebAuthn.
	FIDOOperationFailed Code = 400301
	// ErrorDuringExtensionsOperation is 400302: a server-side hook failed or timed out and its policy is to fail the flow.
	ErrorDuringExtensionsOperation Code = 400302
	// ExtensionPointCustomError is 400303: a server-side hook refused the flow.
	ExtensionPointCustomError Code = 400303
	// InvalidPolicyConfiguration is 401000: the settings of a policy contradict each other.
	InvalidPolicyConfiguration Code = 401000
	// MediaItemsNotSupported is 401001: a category of comments takes no media.
	MediaItemsNotSupported Code = 401001
	// AuthenticationRequired is 401003: a progressive sign-in goes on with an authentication screen.
	AuthenticationRequired Code = 401003
	// SuspectedSpam is 401010: a mail would have carried a link to an address that is not trusted.
	SuspectedSpam Code = 401010
	// LoginFailedCaptchaRequired is 401020: too many failed logins: repeat with a CAPTCHA.
	LoginFailedCaptchaRequired Code = 401020
	// LoginFailedWrongCaptcha is 401021: too many failed logins, and the CAPTCHA was wrong.
	LoginFailedWrongCaptcha Code = 401021
	// RequestFailedCaptchaRequired is 401023: like 401020, for calls other than login.
	RequestFailedCaptchaRequired Code = 401023
	// OldPasswordUsed is 401030: a password of the account's history was given.
	OldPasswordUsed Code = 401030
	// Forbidden is 403000: a refusal without a number of its own.
	Forbidden Code = 403000
	// InvalidSessionToken is 403001: an internal error of sessions.
	InvalidSessionToken Code = 403001
	// RequestHasExpired is 403002: the timestamp is more than 120 seconds from the server's clock; server SDKs correct
	// theirs by the Date header and try once more.
	RequestHasExpired Code = 403002
	// InvalidRequestSignature is 403003: sig, or the signature of a bearer JWT, does not verify.
	InvalidRequestSignature Code = 403003
	// DuplicateNonce is 403004: the nonce or jti was used before.
	DuplicateNonce Code = 403004
	// UnauthorizedUser is 403005: the UID, user key, session or login token does not exist.
	UnauthorizedUser Code = 403005
	// SensitiveDataSentOverHTTP is 403006: a secret or a password came over plain HTTP.
	SensitiveDataSentOverHTTP Code = 403006
	// PermissionDenied is 403007: there is no such method, or the credential may not call it; see [NotPermitted].
	PermissionDenied Code = 403007
	// InvalidOpenIDURL is 403008: no OpenID endpoint is at the address.
	InvalidOpenIDURL Code = 403008
	// ProviderSessionExpired is 403009: the stored token of a social provider has ended.
	ProviderSessionExpired Code = 403009
	// InvalidSecret is 403010: secret is not the secret of the partner or of the user key.
	InvalidSecret Code = 403010
	// SessionHasExpired is 403011: the session's life has ended.
	SessionHasExpired Code = 403011
	// NoValidSession is 403012: the user of a server call has no live session where one is needed.
	NoValidSession Code = 403012
	// UnverifiedUser is 403013: the session is not verified for this site; the web SDK calls verifyLogin and repeats.
	UnverifiedUser Code = 403013
	// MissingRequestReferrer is 403015: a browser call without Referer and Origin.
	MissingRequestReferrer Code = 403015
	// UnexpectedProviderUser is 403017: another user is logged in at the provider than on the site.
	UnexpectedProviderUser Code = 403017
	// PermissionNotRequested is 403022: the social permission was never asked for.
	PermissionNotRequested Code = 403022
	// NoUserPermission is 403023: the user, or the state of the object, does not allow it.
	NoUserPermission Code = 403023
	// ProviderLimitReached is 403024: a social network refused because of its own limit.
	ProviderLimitReached Code = 403024
	// InvalidToken is 403025: an access token is unknown, malformed or revoked.
	InvalidToken Code = 403025
	// UnauthorizedAccessError is 403026: the question is not answered while accounts are protected against harvesting.
	UnauthorizedAccessError Code = 403026
	// DifferentUserForReauth is 403027: another user re-authenticated than the session's.
	DifferentUserForReauth Code = 403027
	// SessionExpiredRetry is 403030: an internal error of sessions; never answered.
	SessionExpiredRetry Code = 403030
	// ApprovedByModerator is 403031: a moderated comment cannot be flagged.
	ApprovedByModerator Code = 403031
	// TokenHasRenewed is 403032: a newer login token replaced the one given.
	TokenHasRenewed Code = 403032
	// NoUserCookie is 403035: the call needs the user's cookie or credentials.
	NoUserCookie Code = 403035
	// UnauthorizedPartner is 403036: the partner is disabled or has not the product; CMS plugins look for it.
	UnauthorizedPartner Code = 403036
	// PostDenied is 403037: a second review of one user.
	PostDenied Code = 403037
	// NoLoginTicket is 403040: a callback without a login ticket.
	NoLoginTicket Code = 403040
	// AccountDisabled is 403041: the account is switched off.
	AccountDisabled Code = 403041
	// InvalidLoginID is 403042: the login identifier is unknown or the password wrong, deliberately not told apart.
	InvalidLoginID Code = 403042
	// LoginIdentifierExists is 403043: the identifier belongs to another account; the answer has a regToken.
	LoginIdentifierExists Code = 403043
	// UnderageUser is 403044: the user is younger than the policy allows.
	UnderageUser Code = 403044
	// InvalidSiteConfigurationError is 403045: accounts are switched on but have no storage.
	InvalidSiteConfigurationError Code = 403045
	// LoginIDDoesNotExist is 403047: no account has this login identifier.
	LoginIDDoesNotExist Code = 403047
	// APIRateLimitExceeded is 403048: too many calls; clients wait and repeat.
	APIRateLimitExceeded Code = 403048
	// PendingPasswordChange is 403100: the login is right but the password has to be changed; the answer has a regToken.
	PendingPasswordChange Code = 403100
	// AccountPendingTFAVerification is 403101: a second factor has to be verified; the answer has a regToken.
	AccountPendingTFAVerification Code = 403101
	// AccountPendingTFARegistration is 403102: a second factor has to be registered; the answer has a regToken.
	AccountPendingTFARegistration Code = 403102
	// AccountPendingRecentLogin is 403110: the operation needs a login of the last minutes.
	AccountPendingRecentLogin Code = 403110
	// AccountTemporarilyLockedOut is 403120: too many failed logins for the account or from the address.
	AccountTemporarilyLockedOut Code = 403120
	// RedundantOperation is 403200: nothing would change.
	RedundantOperation Code = 403200
	// InvalidApplicationID is 403201: the application is another than the configured one.
	InvalidApplicationID Code = 403201
	// ThisAuthenticationMethodIsCurrentlyDisabled is 403300: the login method is switched off in the policy.
	ThisAuthenticationMethodIsCurrentlyDisabled Code = 403300
	// NotFound is 404000: the object does not exist.
	NotFound Code = 404000
	// FriendNotFound is 404001: the other user is no friend.
	FriendNotFound Code = 404001
	// CategoryNotFound is 404002: a category of comments is unknown.
	CategoryNotFound Code = 404002
	// UIDNotFound is 404003: no such UID, in the public table only; methods that name a UID answer 403005.
	UIDNotFound Code = 404003
	// ResourceNotFound is 404004: the resource behind a URL is missing; INVALID_URL is its other name.
	ResourceNotFound Code = 404004
	// InvalidAPIMethod is 405001: a client's word for an unknown method; the server says 403007.
	InvalidAPIMethod Code = 405001
	// IdentityExists is 409001: the social identity is connected already.
	IdentityExists Code = 409001
	// ForceLinkLoginIdentifierExists is 409003: 403043 in the newer link flow.
	ForceLinkLoginIdentifierExists Code = 409003
	// MissingUserPhoto is 409010: there is no photo.
	MissingUserPhoto Code = 409010
	// CounterNotRegistered is 409011: the counter is unknown.
	CounterNotRegistered Code = 409011
	// InvalidGmidTicket is 409012: the ticket of a device is wrong or old.
	InvalidGmidTicket Code = 409012
	// SAMLMappedAttributeNotFound is 409013: an assertion lacks the attribute of the user's identifier.
	SAMLMappedAttributeNotFound Code = 409013
	// SAMLCertificateNotFound is 409014: there is no certificate for the other side.
	SAMLCertificateNotFound Code = 409014
	// SAMLMessageNotFound is 409015: the message that was kept is gone.
	SAMLMessageNotFound Code = 409015
	// ConcurrentUpdatesNotAllowed is 409030: too many calls about one UID at once; clients repeat.
	ConcurrentUpdatesNotAllowed Code = 409030
	// Gone is 410000: the object is not there any more.
	Gone Code = 410000
	// PreconditionFailed is 412000: another revision of the object was expected.
	PreconditionFailed Code = 412000
	// RequestEntityTooLarge is 413001: the body is over the limit.
	RequestEntityTooLarge Code = 413001
	// CommentTextTooLarge is 413002: a comment is too long.
	CommentTextTooLarge Code = 413002
	// ObjectTooLarge is 413003: a stored object would be over its limit.
	ObjectTooLarge Code = 413003
	// ProfilePhotoTooLarge is 413004: a photo is over its limit.
	ProfilePhotoTooLarge Code = 413004
	// RequestURITooLong is 414000: the request line is over the limit.
	RequestURITooLong Code = 414000

	// GeneralSecurityWarning is 500000: an old security warning; server SDKs give their own transport failures this
	// number.
	GeneralSecurityWarning Code = 500000
	// GeneralServerError is 500001: an unexpected failure inside the server; clients repeat.
	GeneralServerError Code = 500001
	// ServerLoginError is 500002: an unexpected failure of a login flow.
	ServerLoginError Code = 500002
	// DefaultApplicationConfigurationError is 500003: no social application is there for the data center.
	DefaultApplicationConfigurationError Code = 500003
	// SessionMigrationError is 500014: a provider's old session could not be moved.
	SessionMigrationError Code = 500014
	// ProviderError is 500023: a social provider failed.
	ProviderError Code = 500023
	// NetworkError is 500026: a client could not reach the server; SDKs keep the session then.
	NetworkError Code = 500026
	// DatabaseError is 500028: the storage failed.
	DatabaseError Code = 500028
	// UsernameRequired is 500029: an internal error; never answered.
	UsernameRequired Code = 500029
	// NoProviderApplication is 500031: the site has no application for the provider.
	NoProviderApplication Code = 500031
	// LoadFailed is 500032: a client's own error: a page or script failed to load.
	LoadFailed Code = 500032
	// InvalidEnvironmentConfig is 500033: the target environment is not configured.
	InvalidEnvironmentConfig Code = 500033
	// ErrorDuringBackendOperation is 500034: an internal call failed.
	ErrorDuringBackendOperation Code = 500034
	// PasskeyError is 500131: a client's own error: a passkey could not be used.
	PasskeyError Code = 500131
	// ServiceUnavailable is 503001: the server is in maintenance or sheds load, or an import repeats itself too fast.
	ServiceUnavailable Code = 503001
	// Timeout is 504001: an outgoing call or a search took too long; clients repeat.
	Timeout Code = 504001
	// RequestTimeout is 504002: the timeout of the server SDKs themselves.
	RequestTimeout Code = 504002
	// MissingErrorCode is 599999: a client's stand-in for a missing code.
	MissingErrorCode Code = 599999
)
