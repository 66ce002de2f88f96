package postgrestest

import "os/exec"

// owner is not known here: the server runs as who runs the tests.
type owner struct{ uid, gid int }

func findOwner() (*owner, error) { return nil, nil }

func (o *owner) run(*exec.Cmd) {}

// exited cannot tell: a server that does not start is waited for.
func exited(*exec.Cmd) bool { return false }
