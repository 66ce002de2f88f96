package gigya

import (
	"net/http"
	"slices"
	"strconv"
)

// codeEntry is what belongs to a code: its name in the public table and the text of errorMessage.
type codeEntry struct {
	code    Code
	name    string
	message string
}

// codeTable is sorted by code. Where the public table and recorded answers spell a message differently, the recorded
// spelling is here: clients compare codes, but logs and screens show the texts.
var codeTable = [...]codeEntry{
	{OK, "OK", "OK"},
	{DataPending, "DATA_PENDING", "Data pending"},
	{OperationCanceled, "OPERATION_CANCELED", "Operation canceled"},
	{PermissionGranted, "PERMISSION_GRANTED", "Permission granted"},
	{PermissionNotGranted, "PERMISSION_NOT_GRANTED", "Permission not granted"},
	{Redirect, "REDIRECT", "Redirect"},
	{NewUser, "NEW_USER", "New user"},
	{OperationDone, "OPERATION_DONE", "Operation done"},
	{UpdateUser, "UPDATE_USER", "Update user"},
	{OKWithErrors, "OK_WITH_ERRORS", "OK with errors"},
	{AccountsLinked, "ACCOUNTS_LINKED", "Accounts linked"},
	{OKWithErrorLoginIdentifierExists, "OK_WITH_ERROR_LOGIN_IDENTIFIER_EXISTS", "OK with error login identifier exists"},
	{AccountPendingRegistration, "ACCOUNT_PENDING_REGISTRATION", "Account Pending Registration"},
	{AccountPendingVerification, "ACCOUNT_PENDING_VERIFICATION", "Account Pending Verification"},
	{AccountMissingLoginID, "ACCOUNT_MISSING_LOGINID", "Account missing loginID"},
	{IdentityAlreadyAssigned, "IDENTITY_ALREADY_ASSIGNED", "Identities were already assigned"},
	{AfterEmailVerification, "AFTER_EMAIL_VERIFICATION", "After email verification"},
	{PendingCodeVerification, "PENDING_CODE_VERIFICATION", "Account Pending Code Verification"},
	{ClientLog, "CLIENT_LOG", "Client log"},
	{InvalidDataCenter, "INVALID_DATA_CENTER", "Invalid data center"},
	{InvalidRequestFormat, "INVALID_REQUEST_FORMAT", "Invalid request format"},
	{MissingRequiredParameter, "MISSING_REQUIRED_PARAMETER", "Missing required parameter"},
	{UniqueIdentifierExists, "UNIQUE_IDENTIFIER_EXISTS", "Unique identifier exists"},
	{InvalidParameterFormat, "INVALID_PARAMETER_FORMAT", "Invalid parameter format"},
	{InvalidParameterValue, "INVALID_PARAMETER_VALUE", "Invalid parameter value"},
	{DuplicateValue, "DUPLICATE_VALUE", "Duplicate value"},
	{InvalidAuthenticationHeader, "INVALID_AUTHENTICATION_HEADER", "Invalid authentication header"},
	{ValidationFailed, "VALIDATION_ERROR", "Validation error"},
	{InvalidRedirectURI, "INVALID_REDIRECT_URI", "Invalid redirect URI"},
	{InvalidResponseType, "INVALID_RESPONSE_TYPE", "Invalid response type"},
	{UnsupportedGrantType, "UNSUPPORTED_GRANT_TYPE", "Unsupported grant type"},
	{InvalidGrant, "INVALID_GRANT", "Invalid grant"},
	{CodeExpired, "CODE_EXPIRED", "Code expired"},
	{SchemaValidationFailed, "SCHEMA_VALIDATION_FAILED", "Schema validation failed"},
	{CaptchaVerificationFailed, "CAPTCHA_VERIFICATION_FAILED", "CAPTCHA verification failed"},
	{UniqueIndexValidationError, "UNIQUE_INDEX_VALIDATION_ERROR", "Unique index validation error"},
	{InvalidTypeValidationError, "INVALID_TYPE_VALIDATION_ERROR", "Invalid type validation error"},
	{DynamicFieldsValidationError, "DYNAMIC_FIELDS_VALIDATION_ERROR", "Dynamic fields validation error"},
	{WriteAccessValidationError, "WRITE_ACCESS_VALIDATION_ERROR", "Write access validation error"},
	{InvalidFormatValidationError, "INVALID_FORMAT_VALIDATION_ERROR", "Invalid format validation error"},
	{RequiredValueValidationError, "REQUIRED_VALUE_VALIDATION_ERROR", "Required value validation error"},
	{EmailNotVerified, "EMAIL_NOT_VERIFIED", "Email not verified"},
	{SchemaConflictError, "SCHEMA_CONFLICT_ERROR", "Schema conflict error"},
	{OperationNotAllowed, "OPERATION_NOT_ALLOWED", "Operation not allowed"},
	{SecurityVerificationFailed, "SECURITY_VERIFICATION_FAILED", "Security verification failed"},
	{InvalidAPIKeyParameter, "INVALID_APIKEY_PARAMETER", "Invalid ApiKey parameter"},
	{NotSupported, "NOT_SUPPORTED", "Not supported"},
	{UnsupportedUserAgent, "UNSUPPORTED_USER_AGENT", "Browser insecure"},
	{NoProviders, "NO_PROVIDERS", "No providers"},
	{PopupBlocked, "POPUP_BLOCKED", "Popup blocked"},
	{InvalidEventHandler, "INVALID_EVENT_HANDLER", "Invalid event handler"},
	{InvalidContainerID, "INVALID_CONTAINERID", "Invalid containerID"},
	{NotConnected, "NOT_CONNECTED", "Not connected"},
	{InvalidSiteDomain, "INVALID_SITE_DOMAIN", "Invalid site domain"},
	{ProviderConfigurationError, "PROVIDER_CONFIGURATION_ERROR", "Provider configuration error"},
	{LimitReached, "LIMIT_REACHED", "Limit reached"},
	{FrequencyLimitReached, "FREQUENCY_LIMIT_REACHED", "Frequency limit reached"},
	{InvalidAction, "INVALID_ACTION", "Invalid action"},
	{InsufficientPointsToRedeem, "INSUFFICIENT_POINTS_TO_REDEEM", "Insufficient points to redeem"},
	{SignatureTimestampExpired, "SIGNATURE_TIMESTAMP_EXPIRED", "Signature timestamp expired"},
	{PasskeyAuthenticatorRegistered, "PASSKEY_AUTHENTICATOR_REGISTERED", "Passkey authenticator registered"},
	{PasskeyAborted, "PASSKEY_ABORTED", "Passkey aborted"},
	{FIDOOperationFailed, "FIDO_OPERATION_FAILED", "Operation failed"},
	{ErrorDuringExtensionsOperation, "ERROR_DURING_EXTENSIONS_OPERATION", "Error during extensions operation"},
	{ExtensionPointCustomError, "EXTENSION_POINT_CUSTOM_ERROR", "Extension point custom error"},
	{InvalidPolicyConfiguration, "INVALID_POLICY_CONFIGURATION", "Invalid policy configuration"},
	{MediaItemsNotSupported, "MEDIA_ITEMS_NOT_SUPPORTED", "Media items not supported"},
	{AuthenticationRequired, "AUTHENTICATION_REQUIRED", "Authentication required"},
	{SuspectedSpam, "SUSPECTED_SPAM", "Suspected spam"},
	{LoginFailedCaptchaRequired, "LOGIN_FAILED_CAPTCHA_REQUIRED", "Login Failed Captcha Required"},
	{LoginFailedWrongCaptcha, "LOGIN_FAILED_WRONG_CAPTCHA", "Login Failed Wrong Captcha"},
	{RequestFailedCaptchaRequired, "REQUEST_FAILED_CAPTCHA_REQUIRED", "Request Failed Captcha Required"},
	{OldPasswordUsed, "OLD_PASSWORD_USED", "Old password used"},
	{Forbidden, "FORBIDDEN", "Forbidden"},
	{InvalidSessionToken, "INVALID_SESSION_TOKEN", "Invalid session token"},
	{RequestHasExpired, "REQUEST_HAS_EXPIRED", "Request has expired"},
	{InvalidRequestSignature, "INVALID_REQUEST_SIGNATURE", "Invalid request signature"},
	{DuplicateNonce, "DUPLICATE_NONCE", "Duplicate nonce"},
	{UnauthorizedUser, "UNAUTHORIZED_USER", "Unauthorized user"},
	{SensitiveDataSentOverHTTP, "SENSITIVE_DATA_SENT_OVER_HTTP", "Secret Sent Over Http"},
	{PermissionDenied, "PERMISSION_DENIED", "Permission denied"},
	{InvalidOpenIDURL, "INVALID_OPENID_URL", "Invalid OpenID Url"},
	{ProviderSessionExpired, "PROVIDER_SESSION_EXPIRED", "Provider session expired"},
	{InvalidSecret, "INVALID_SECRET", "Invalid Secret"},
	{SessionHasExpired, "SESSION_HAS_EXPIRED", "Session has expired"},
	{NoValidSession, "NO_VALID_SESSION", "No valid session"},
	{UnverifiedUser, "UNVERIFIED_USER", "Unverified user"},
	{MissingRequestReferrer, "MISSING_REQUEST_REFERRER", "Missing request referrer"},
	{UnexpectedProviderUser, "UNEXPECTED_PROVIDER_USER", "Unexpected provider user"},
	{PermissionNotRequested, "PERMISSION_NOT_REQUESTED", "Permission not requested"},
	{NoUserPermission, "NO_USER_PERMISSION", "No user permission"},
	{ProviderLimitReached, "PROVIDER_LIMIT_REACHED", "Provider limit reached"},
	{InvalidToken, "INVALID_TOKEN", "Invalid token"},
	{UnauthorizedAccessError, "UNAUTHORIZED_ACCESS_ERROR", "Unauthorized access error"},
	{DifferentUserForReauth, "DIFFERENT_USER_FOR_REAUTH", "Different user for reauth"},
	{SessionExpiredRetry, "SESSION_EXPIRED_RETRY", "Session expired retry"},
	{ApprovedByModerator, "APPROVED_BY_MODERATOR", "Approved by moderator"},
	{TokenHasRenewed, "TOKEN_HAS_RENEWED", "Token has renewed"},
	{NoUserCookie, "NO_USER_COOKIE", "No user cookie"},
	{UnauthorizedPartner, "UNAUTHORIZED_PARTNER", "Unauthorized partner"},
	{PostDenied, "POST_DENIED", "Post denied"},
	{NoLoginTicket, "NO_LOGIN_TICKET", "No login ticket"},
	{AccountDisabled, "ACCOUNT_DISABLED", "Account Disabled"},
	{InvalidLoginID, "INVALID_LOGINID", "Invalid LoginID"},
	{LoginIdentifierExists, "LOGIN_IDENTIFIER_EXISTS", "Login Identifier Exists"},
	{UnderageUser, "UNDERAGE_USER", "Underage user"},
	{InvalidSiteConfigurationError, "INVALID_SITE_CONFIGURATION_ERROR", "Invalid site configuration error"},
	{LoginIDDoesNotExist, "LOGINID_DOES_NOT_EXIST", "Login ID does not exist"},
	{APIRateLimitExceeded, "API_RATE_LIMIT_EXCEEDED", "Api rate limit exceeded"},
	{PendingPasswordChange, "PENDING_PASSWORD_CHANGE", "Pending password change"},
	{AccountPendingTFAVerification, "ACCOUNT_PENDING_TFA_VERIFICATION", "Account Pending TFA Verification"},
	{AccountPendingTFARegistration, "ACCOUNT_PENDING_TFA_REGISTRATION", "Account Pending TFA Registration"},
	{AccountPendingRecentLogin, "ACCOUNT_PENDING_RECENT_LOGIN", "Account Pending Recent Login"},
	{AccountTemporarilyLockedOut, "ACCOUNT_TEMPORARILY_LOCKED_OUT", "Account temporarily locked out"},
	{RedundantOperation, "REDUNDANT_OPERATION", "Redundant Operation"},
	{InvalidApplicationID, "INVALID_APPLICATION_ID", "Invalid application ID"},
	{ThisAuthenticationMethodIsCurrentlyDisabled, "THIS_AUTHENTICATION_METHOD_IS_CURRENTLY_DISABLED", "This authentication method is currently disabled"},
	{NotFound, "NOT_FOUND", "Not found"},
	{FriendNotFound, "FRIEND_NOT_FOUND", "Friend not found"},
	{CategoryNotFound, "CATEGORY_NOT_FOUND", "Category not found"},
	{UIDNotFound, "UID_NOT_FOUND", "UID not found"},
	{ResourceNotFound, "RESOURCE_NOT_FOUND", "Invalid URL"},
	{InvalidAPIMethod, "INVALID_API_METHOD", "Invalid API method"},
	{IdentityExists, "IDENTITY_EXISTS", "Identity exists"},
	{ForceLinkLoginIdentifierExists, "FORCE_LINK_LOGIN_IDENTIFIER_EXISTS", "Login Identifier Exists"},
	{MissingUserPhoto, "MISSING_USER_PHOTO", "Missing user photo"},
	{CounterNotRegistered, "COUNTER_NOT_REGISTERED", "Counter not registered"},
	{InvalidGmidTicket, "INVALID_GMID_TICKET", "Invalid gmid ticket"},
	{SAMLMappedAttributeNotFound, "SAML_MAPPED_ATTRIBUTE_NOT_FOUND", "SAML mapped attribute not found"},
	{SAMLCertificateNotFound, "SAML_CERTIFICATE_NOT_FOUND", "SAML certificate not found"},
	{SAMLMessageNotFound, "SAML_MESSAGE_NOT_FOUND", "SAML message not found"},
	{ConcurrentUpdatesNotAllowed, "CONCURRENT_UPDATES_NOT_ALLOWED", "Concurrent updates not allowed"},
	{Gone, "GONE", "Gone"},
	{PreconditionFailed, "PRECONDITION_FAILED", "Precondition failed"},
	{RequestEntityTooLarge, "REQUEST_ENTITY_TOO_LARGE", "Request entity too large"},
	{CommentTextTooLarge, "COMMENT_TEXT_TOO_LARGE", "Comment text too large"},
	{ObjectTooLarge, "OBJECT_TOO_LARGE", "Object too large"},
	{ProfilePhotoTooLarge, "PROFILE_PHOTO_TOO_LARGE", "Profile photo too large"},
	{RequestURITooLong, "REQUEST_URI_TOO_LONG", "Request URI too long"},
	{GeneralSecurityWarning, "GENERAL_SECURITY_WARNING", "General security warning"},
	{GeneralServerError, "GENERAL_SERVER_ERROR", "General Server Error"},
	{ServerLoginError, "SERVER_LOGIN_ERROR", "Server login error"},
	{DefaultApplicationConfigurationError, "DEFAULT_APPLICATION_CONFIGURATION_ERROR", "Default application configuration error"},
	{SessionMigrationError, "SESSION_MIGRATION_ERROR", "Session migration error"},
	{ProviderError, "PROVIDER_ERROR", "Provider error"},
	{NetworkError, "NETWORK_ERROR", "Network error"},
	{DatabaseError, "DATABASE_ERROR", "Database error"},
	{UsernameRequired, "USERNAME_REQUIRED", "Username required"},
	{NoProviderApplication, "NO_PROVIDER_APPLICATION", "No provider application"},
	{LoadFailed, "LOAD_FAILED", "Load failed"},
	{InvalidEnvironmentConfig, "INVALID_ENVIRONMENT_CONFIG", "Invalid environment config"},
	{ErrorDuringBackendOperation, "ERROR_DURING_BACKEND_OPERATION", "Error during backend operation"},
	{PasskeyError, "PASSKEY_ERROR", "Passkey error"},
	{ServiceUnavailable, "SERVICE_UNAVAILABLE", "Service unavailable"},
	{Timeout, "TIMEOUT", "Timeout"},
	{RequestTimeout, "REQUEST_TIMEOUT", "Request Timeout"},
	{MissingErrorCode, "MISSING_ERROR_CODE", "Missing error code"},
}

func (c Code) entry() (codeEntry, bool) {
	i, ok := slices.BinarySearchFunc(codeTable[:], c, func(e codeEntry, c Code) int { return int(e.code) - int(c) })
	if !ok {
		return codeEntry{}, false
	}
	return codeTable[i], true
}

// Codes returns every code of the table in ascending order.
func Codes() []Code {
	codes := make([]Code, len(codeTable))
	for i := range codeTable {
		codes[i] = codeTable[i].code
	}
	return codes
}

// Known tells whether the code is in the table.
func (c Code) Known() bool {
	_, ok := c.entry()
	return ok
}

// Name returns the code's name in the public table (INVALID_PARAMETER_VALUE); for a code that is not in the table its
// number.
func (c Code) Name() string {
	if e, ok := c.entry(); ok {
		return e.name
	}
	return strconv.Itoa(int(c))
}

// String returns the name.
func (c Code) String() string { return c.Name() }

// Message returns the constant that errorMessage carries; for a code that is not in the table the words of its status.
func (c Code) Message() string {
	if e, ok := c.entry(); ok {
		return e.message
	}
	return c.Reason()
}

// Status returns statusCode: the first three digits of the code. The codes up to 200010 and those of other clients that
// name no HTTP status are 200; 599999 is 500. 200, 400, 403 and 500 are recorded, the others follow the same rule.
func (c Code) Status() int {
	switch status := int(c) / 1000; {
	case c == MissingErrorCode:
		return http.StatusInternalServerError
	case c == ClientLog:
		return http.StatusOK
	case status >= 200 && status <= 599:
		return status
	case status >= 600 || c < 0:
		return http.StatusInternalServerError
	}
	return http.StatusOK
}

// Reason returns statusReason. It is the older wording for 413 and 414, as the original server has it.
func (c Code) Reason() string {
	switch status := c.Status(); status {
	case http.StatusRequestURITooLong:
		return "Request-URI Too Long"
	case http.StatusRequestEntityTooLarge:
		return "Request Entity Too Large"
	default:
		if reason := http.StatusText(status); reason != "" {
			return reason
		}
		return "Error"
	}
}
