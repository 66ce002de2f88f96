package main

import "os"

// lockFile has no lock to take: an open file cannot be removed there, but it can be read twice.
func lockFile(*os.File) bool { return true }
