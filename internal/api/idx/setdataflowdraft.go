package idx

import "github.com/doorward/doorward/internal/method"

// setDataflowDraft serves idx.setDataflowDraft: replaces a draft, like idx.setDataflow.
//
// Source: SAP's toolkit.
func setDataflowDraft(d Deps) *method.Method {
	return d.setter("idx.setDataflowDraft", "Replaces a draft of a dataflow.", draftKind)
}
