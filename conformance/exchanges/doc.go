// Package exchanges holds whole calls as they go over the wire, and the test that a server answers them byte for byte.
//
// The calls are data: testdata/*.txtar, in the form that README.md describes, so that other implementations of the
// protocol, and programs that must understand its answers, can use them too. This package has no code but its tests.
package exchanges
