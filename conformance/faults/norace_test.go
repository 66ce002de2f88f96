//go:build !race

package faults_test

const racing = false
