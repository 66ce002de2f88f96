//go:build unix

package postgrestest

import (
	"errors"
	"os"
	"os/exec"
	"os/user"
	"strconv"
	"syscall"
)

// owner is who the server runs as when the tests run as root, which it refuses; nil: who runs the tests.
type owner struct{ uid, gid int }

func findOwner() (*owner, error) {
	if os.Getuid() != 0 {
		return nil, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		if u, err := user.Lookup(name); err == nil {
			uid, uidErr := strconv.Atoi(u.Uid)
			gid, gidErr := strconv.Atoi(u.Gid)
			return &owner{uid, gid}, errors.Join(uidErr, gidErr)
		}
	}
	return nil, errors.New("the server refuses to run as root, and there is no user postgres or nobody")
}

// run makes the command run as the owner.
func (o *owner) run(cmd *exec.Cmd) {
	if o != nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(o.uid), Gid: uint32(o.gid)}}
	}
}

// exited tells whether the process has ended. Nobody waits for it after that.
func exited(cmd *exec.Cmd) bool {
	var status syscall.WaitStatus
	pid, err := syscall.Wait4(cmd.Process.Pid, &status, syscall.WNOHANG, nil)
	return err != nil || pid == cmd.Process.Pid
}
