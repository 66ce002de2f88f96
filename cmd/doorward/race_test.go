//go:build race

package main

// racing: the race detector makes every call some times dearer.
const racing = true
