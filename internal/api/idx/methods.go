package idx

import "github.com/doorward/doorward/internal/method"

// Methods is the table of the folder's methods.
func Methods(d Deps) []*method.Method {
	return []*method.Method{
		createDataflow(d),
		createDataflowDraft(d),
		getDataflow(d),
		setDataflow(d),
		setDataflowDraft(d),
		deleteDataflow(d),
		createScheduling(d),
		getScheduling(d),
		setScheduling(d),
		deleteScheduling(d),
		find(d),
	}
}
