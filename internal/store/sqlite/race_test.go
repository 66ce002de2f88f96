//go:build race

package sqlite_test

// racing: the race detector makes every call some times dearer.
const racing = true
