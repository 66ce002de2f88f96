//go:build libcrypto && !cgo

package token

// A build with the tag and without cgo would quietly be the ordinary one. It stops here.
var _ = theTagLibcryptoNeedsCGO_ENABLED1
