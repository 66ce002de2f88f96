package idx

import "github.com/doorward/doorward/internal/method"

// createDataflowDraft serves idx.createDataflowDraft: stores a dataflow as a draft, like idx.createDataflow. Drafts are found under
// dataflow_draft.
//
// Source: SAP's toolkit.
func createDataflowDraft(d Deps) *method.Method {
	return d.creator("idx.createDataflowDraft", "Stores a draft of a dataflow.", draftKind)
}
