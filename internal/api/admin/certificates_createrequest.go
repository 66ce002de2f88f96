package admin

import (
	"context"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/method"
)

// certificatesCreateRequest serves admin.certificates.createRequest: 400096 for everybody who may call it. Certificates are the
// business of whoever runs the server.
//
// Source: exported ACLs, which name the method.
func certificatesCreateRequest() *method.Method {
	spec := changing(aboutPartner("admin.certificates.createRequest", "Is not supported: the server's own settings say where its certificates come from."))
	return method.New(spec, func(context.Context, *method.Call[method.None]) (method.None, error) {
		return method.None{}, gigya.NewError(gigya.NotSupported, "Certificates are set up on the server itself")
	})
}
