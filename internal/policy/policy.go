package policy

import (
	"encoding/json"

	"github.com/doorward/doorward/internal/pattern"
)

// Policies are the policies in force on a site. They are shared between calls and must not be altered.
type Policies struct {
	Registration       Registration       `json:"registration"`
	GigyaPlugins       GigyaPlugins       `json:"gigyaPlugins"`
	AccountOptions     AccountOptions     `json:"accountOptions"`
	PasswordComplexity PasswordComplexity `json:"passwordComplexity"`
	Security           Security           `json:"security"`
	Authentication     Authentication     `json:"authentication"`
	EmailVerification  EmailVerification  `json:"emailVerification"`
	// full is the effective document, explicit what the site set, group what the parent of its site group set; sections and
	// own are the groups of the first two.
	full, explicit, group json.RawMessage
	sections, own         map[string]json.RawMessage
}

// Registration is the group of that name.
type Registration struct {
	RequireCaptcha          bool `json:"requireCaptcha"`
	RequireSecurityQuestion bool `json:"requireSecurityQuestion"`
	RequireLoginID          bool `json:"requireLoginID"`
	EnforceCoppa            bool `json:"enforceCoppa"`
}

// GigyaPlugins is the group of that name.
type GigyaPlugins struct {
	// SessionExpiration is in seconds; 0: until the browser closes, -1: a sliding 60 s window, -2: never.
	SessionExpiration int64 `json:"sessionExpiration"`
}

// AccountOptions is the group of that name.
type AccountOptions struct {
	VerifyEmail              bool   `json:"verifyEmail"`
	UseCodeVerification      bool   `json:"useCodeVerification"`
	AllowUnverifiedLogin     bool   `json:"allowUnverifiedLogin"`
	PreventLoginIDHarvesting bool   `json:"preventLoginIDHarvesting"`
	DefaultLanguage          string `json:"defaultLanguage"`
	// LoginIdentifiers is a comma list of email, username, providerEmail, phoneNumber.
	LoginIdentifiers string `json:"loginIdentifiers"`
}

// PasswordComplexity is the group of that name.
type PasswordComplexity struct {
	MinCharGroups   int    `json:"minCharGroups"`
	MinLength       int    `json:"minLength"`
	RegExp          string `json:"regExp"`
	MinLowercase    int    `json:"minLowercase"`
	MinUppercase    int    `json:"minUppercase"`
	MinDigit        int    `json:"minDigit"`
	MinSpecialChars int    `json:"minSpecialChars"`
	// form is RegExp ready to run; nil: none.
	form *pattern.Pattern
}

// Security is the group of that name.
type Security struct {
	AccountLockout struct {
		FailedLoginThreshold int   `json:"failedLoginThreshold"`
		LockoutTimeSec       int64 `json:"lockoutTimeSec"`
		FailedLoginResetSec  int64 `json:"failedLoginResetSec"`
	} `json:"accountLockout"`
	// PasswordChangeInterval is in days; 0: off.
	PasswordChangeInterval int `json:"passwordChangeInterval"`
	PasswordHistorySize    int `json:"passwordHistorySize"`
}

// Authentication is the group of that name.
type Authentication struct {
	Methods struct {
		Password struct {
			Enabled bool `json:"enabled"`
		} `json:"password"`
	} `json:"methods"`
}

// EmailVerification is the group of that name.
type EmailVerification struct {
	VerificationEmailExpiration int64 `json:"verificationEmailExpiration"`
}
