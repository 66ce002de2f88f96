package ds

import "github.com/doorward/doorward/internal/method"

// Methods is the table of the folder's methods.
func Methods(d Deps) []*method.Method {
	return []*method.Method{
		storeObject(d),
		getObject(d),
		deleteObject(d),
		findObjects(d),
		getSchema(d),
		setSchema(d),
		deleteSchemaFields(d),
		getTypes(d),
	}
}
