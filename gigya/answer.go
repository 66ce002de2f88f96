package gigya

import "time"

// Format is how an answer is written.
type Format int

// The formats.
const (
	JSON Format = iota
	JSONP
	XML
)

// Answer is one answer before it is written: the envelope and the method's members.
type Answer struct {
	// Method is the method's canonical name: XML names the root element after it.
	Method string
	CallID string
	// Context is echoed; HasContext tells an empty one from none.
	Context    string
	HasContext bool
	// Err is nil for a success.
	Err  *Error
	Time time.Time
	// Ignored are the parameters that were not known.
	Ignored []IgnoredParam
	// Members is a compact JSON object with the method's members, or empty.
	Members []byte
}

// IgnoredParam is an element of ignoredParams.
type IgnoredParam struct {
	ParamName   string `json:"paramName"`
	WarningCode Code   `json:"warningCode"`
	Message     string `json:"message"`
}

// An Appender writes itself as compact JSON. [Marshal] prefers it to reflection.
type Appender interface {
	AppendJSON(dst []byte) []byte
}
