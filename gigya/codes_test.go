package gigya_test

import (
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/doorward/doorward/gigya"
)

// The file has a line a code: number, name, message, statusCode, statusReason.
func TestTheCodeTableIsComplete(t *testing.T) {
	text, err := os.ReadFile("testdata/codes.tsv")
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Split(strings.TrimSpace(string(text)), "\n")
	var got []string
	for _, c := range gigya.Codes() {
		got = append(got, strings.Join([]string{
			strconv.Itoa(int(c)), c.Name(), c.Message(), strconv.Itoa(c.Status()), c.Reason(),
		}, "\t"))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("codes differ from the published table (-want +got):\n%s", diff)
	}
}

func TestACodeThatIsNotInTheTableStillHasAStatus(t *testing.T) {
	tests := []struct {
		code   gigya.Code
		status int
		reason string
	}{
		{400999, 400, "Bad Request"},
		{0, 200, "OK"},
		{100999, 200, "OK"},
		{418001, 418, "I'm a teapot"},
		{499000, 499, "Error"},
		{700000, 500, "Internal Server Error"},
		{-1, 500, "Internal Server Error"},
	}
	for _, tt := range tests {
		if got := tt.code.Status(); got != tt.status {
			t.Errorf("status of %d: got %d, want %d", int(tt.code), got, tt.status)
		}
		if got := tt.code.Reason(); got != tt.reason {
			t.Errorf("reason of %d: got %q, want %q", int(tt.code), got, tt.reason)
		}
	}
	if gigya.Code(400999).Known() || !gigya.OK.Known() {
		t.Error("Known must tell codes of the table from others")
	}
	if got := gigya.Code(400999).String(); got != "400999" {
		t.Errorf("name of an unknown code: got %q", got)
	}
}

func TestConstructorsWriteTheRecordedTexts(t *testing.T) {
	tests := []struct {
		name    string
		err     *gigya.Error
		code    gigya.Code
		details string
	}{
		{"missing", gigya.MissingParameter("apiKey"), 400002, "Missing required parameter : apiKey"},
		{"invalid", gigya.InvalidArgument("regToken"), 400006, "Invalid argument: regToken"},
		{
			"not permitted", gigya.NotPermitted("accounts", "getAccountInfo"), 403007,
			"Invalid namespace &#39;accounts&#39; or method &#39;getAccountInfo&#39; or you do not have the required permissions to call it. ",
		},
		{
			"not permitted, markup", gigya.NotPermitted("<b>", "o'x&"+strings.Repeat("y", 500)), 403007,
			"Invalid namespace &#39;&lt;b&gt;&#39; or method &#39;o&#39;x&amp;" + strings.Repeat("y", 124) +
				"&#39; or you do not have the required permissions to call it. ",
		},
		{
			"unknown parameter", gigya.UnknownParameter("ignoreMe"), 403007,
			"These parameters were not recognized as valid for this API method with your security credentials nor were they " +
				"recognized as standard Gigya control parameters: ignoreMe",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if tt.err.Code != tt.code || tt.err.Details != tt.details {
				t.Errorf("got %d %q, want %d %q", tt.err.Code, tt.err.Details, tt.code, tt.details)
			}
		})
	}
}
