//go:build race

package faults_test

// racing: the race detector makes every call some times dearer.
const racing = true
