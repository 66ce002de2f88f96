package gateway_test

import (
	"strconv"
	"testing"
	"time"
)

func itoa(n int) string { return strconv.Itoa(n) }

func missing(name string) string {
	return failure("400002", "Missing required parameter : "+name, "Missing required parameter", "400", "Bad Request")
}

func conflict() string {
	return "*\"errorCode\": 400001"
}

func generalError() string {
	return failure("500001", "General Server Error", "General Server Error", "500", "Internal Server Error")
}

func notSupported() string {
	return "*\"errorCode\": 400096"
}

func movedAway() string {
	return `{
  "callId": "CALLID",
  "errorCode": 301001,
  "errorDetails": "This API key is served by another data center",
  "errorMessage": "Invalid data center",
  "apiVersion": 2,
  "statusCode": 301,
  "statusReason": "Moved Permanently",
  "time": "2026-03-02T10:15:30.123Z",
  "apiDomain": "eu1.gigya.com",
  "location": "https://test.eu1.gigya.com/test.server"
}`
}

func ignored(names ...string) string {
	text := ",\n  \"ignoredParams\": ["
	for i, name := range names {
		if i > 0 {
			text += ","
		}
		text += `
    {
      "paramName": "` + name + `",
      "warningCode": 403007,
      "message": "This parameter was not recognized as valid for this API method with your security credentials nor was it recognized as a standard Gigya control parameter."
    }`
	}
	return text + "\n  ]"
}

// fixedClock stands at noon.
type fixedClock struct{}

func (fixedClock) Now() time.Time { return noon }

// zeroes is a source of randomness that has none.
type zeroes struct{}

func (zeroes) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// eventually waits until the condition holds, for some seconds at most.
func eventually(t *testing.T, holds func() bool) {
	t.Helper()
	for range 500 {
		if holds() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
}
