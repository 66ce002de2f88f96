package gigya

import (
	"fmt"
	"html"
)

// Code is an errorCode of the protocol. Its constants and what belongs to each are in codes.go.
type Code int

// Error is a failed call, or an interrupted one (206001 and its like): what the envelope says of it.
type Error struct {
	Code Code
	// Details is errorDetails; empty: the code's message is repeated there.
	Details string
	// Flags is errorFlags, seldom used.
	Flags string
	// Validation is validationErrors, in the order in which the checks ran.
	Validation []ValidationError
	// Members are further members of the answer (regToken, apiDomain, the account of an interruption): anything that
	// [Marshal] takes and that becomes a JSON object; nil: none.
	Members any
	// Cause is for the log; it never leaves the server.
	Cause error
}

// ValidationError is an item of validationErrors.
type ValidationError struct {
	ErrorCode Code   `json:"errorCode"`
	Message   string `json:"message"`
	// FieldName is the parameter (email, username, password) or the path (profile.email, data.x).
	FieldName string `json:"fieldName"`
}

func (e *Error) Error() string {
	text := fmt.Sprintf("gigya: %d %s", e.Code, e.Code.Message())
	if e.Details != "" && e.Details != e.Code.Message() {
		text += ": " + e.Details
	}
	if e.Cause != nil {
		text += ": " + e.Cause.Error()
	}
	return text
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Cause }

// NewError returns an error with the code and errorDetails; with empty details the code's message is repeated there.
func NewError(code Code, details string) *Error { return &Error{Code: code, Details: details} }

// MissingParameter is 400002 for the parameter, with the recorded text (a blank on both sides of the colon).
func MissingParameter(name string) *Error {
	return NewError(MissingRequiredParameter, "Missing required parameter : "+name)
}

// InvalidArgument is 400006 for the parameter, with the recorded text.
func InvalidArgument(name string) *Error {
	return NewError(InvalidParameterValue, "Invalid argument: "+name)
}

// InvalidArgumentBecause is 400006 for the parameter, with what is wrong and how to mend it.
func InvalidArgumentBecause(name, reason string) *Error {
	return NewError(InvalidParameterValue, "Invalid argument: "+name+": "+reason)
}

// InvalidFormat is 400004 for the parameter, with what is wrong and how to mend it.
func InvalidFormat(name, reason string) *Error {
	return NewError(InvalidParameterFormat, "Invalid argument: "+name+": "+reason)
}

// NotPermitted is 403007 for the method: there is none of that name, or the credential may not call it. One text for
// both, recorded with its HTML escapes and its blank at the end; a caller cannot tell which it was.
func NotPermitted(namespace, method string) *Error {
	return NewError(PermissionDenied, "Invalid namespace &#39;"+escapeName(namespace)+"&#39; or method &#39;"+
		escapeName(method)+"&#39; or you do not have the required permissions to call it. ")
}

// escapeName makes a part of a path that a stranger chose fit for the text of NotPermitted.
func escapeName(name string) string {
	const longest = 128
	if len(name) > longest {
		name = name[:longest]
	}
	return html.EscapeString(validText(name))
}

// Ignored is the element of ignoredParams for a parameter that the method does not know, with the recorded text.
func Ignored(name string) IgnoredParam {
	return IgnoredParam{ParamName: name, WarningCode: PermissionDenied, Message: "This parameter was not recognized as " +
		"valid for this API method with your security credentials nor was it recognized as a standard Gigya control parameter."}
}

// UnknownParameter is 403007 for the first parameter that the method does not know, when the caller asked with
// checkParams=true to be told so; the documented text.
func UnknownParameter(name string) *Error {
	return NewError(PermissionDenied, "These parameters were not recognized as valid for this API method with your "+
		"security credentials nor were they recognized as standard Gigya control parameters: "+name)
}
