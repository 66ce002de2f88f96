package idx

import (
	"testing"

	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/method"
)

// CheckMasks masks a dataflow, and takes it for what is sent back.
func CheckMasks(t *testing.T, data string) {
	t.Helper()
	flow, err := dataflowOf(method.Object(data))
	if err != nil {
		return
	}
	shown := flow.Clone()
	mask(shown)
	before := shown.Clone()
	if mask(shown); !shown.Equal(before) {
		t.Errorf("masked again it is another: %s", shown.JSON())
	}
	back, err := document.ParseObject(shown.JSON())
	if err != nil {
		t.Fatal(err)
	}
	if unmask(back, flow); !back.Equal(flow) {
		t.Errorf("%s\ncame back as\n%s", flow.JSON(), back.JSON())
	}
}

// SecretNames are the forms of names that stand for secrets.
func SecretNames() []string { return secretNames }
