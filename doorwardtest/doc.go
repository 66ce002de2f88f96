// Package doorwardtest runs a whole Doorward server inside a Go test, in one call:
//
//	func TestLogin(t *testing.T) {
//		d := doorwardtest.New(t)
//		body := d.Call("accounts.initRegistration", "apiKey", d.APIKey)
//		…
//	}
//
// The server has a store of its own in a temporary folder, a partner with one site, and a user key with a secret and an
// RSA pair. It listens on loopback, plain and with TLS, and ends with the test. Passwords are hashed at the least cost.
package doorwardtest
