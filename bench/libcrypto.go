package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// skipped is the error of a job that this machine has not the programs for; it says which.
type skipped string

func (s skipped) Error() string { return string(s) }

// jwtLibcrypto measures a server that was built to sign with libcrypto against OpenSSL's own measure of itself.
func (r *run) jwtLibcrypto() (_ figures, err error) {
	for _, name := range []string{"gcc", "openssl"} {
		if _, err := exec.LookPath(name); err != nil {
			return figures{}, skipped(name + " is not installed")
		}
	}
	tagged := *r
	tagged.binary = filepath.Join(r.folder, "doorward-libcrypto")
	if err := build(tagged.binary, "CGO_ENABLED=1", "-tags", "libcrypto"); err != nil {
		return figures{}, err
	}
	if err := tagged.start(); err != nil {
		return figures{}, err
	}
	defer func() { err = errors.Join(err, tagged.server.stop()) }()
	got, err := alternate(r.seconds, tagged.calls("accounts.getJWT", "targetUID", `"id_token"`), opensslSpeed)
	if err != nil {
		return figures{}, err
	}
	return versus(got[0], got[1]), nil
}

// opensslSpeed asks OpenSSL how fast it signs on the core of the server. It counts the processor time that it takes
// itself, and knows whole seconds only.
func opensslSpeed(d time.Duration) (result, error) {
	seconds := strconv.Itoa(int(max(d, time.Second).Round(time.Second) / time.Second))
	name, args := "openssl", []string{"speed", "-mr", "-seconds", seconds, "rsa2048"}
	if taskset, err := exec.LookPath("taskset"); err == nil {
		name, args = taskset, append([]string{"-c", "0", name}, args...)
	}
	end := keepBusy()
	out, err := exec.Command(name, args...).Output()
	end()
	if err != nil {
		return result{}, fmt.Errorf("openssl speed: %w", err)
	}
	return readSpeed(string(out), max(d, time.Second))
}

// readSpeed reads the line "+F2:number:bits:signatures a second:verifications a second".
func readSpeed(text string, took time.Duration) (result, error) {
	for line := range strings.Lines(text) {
		fields := strings.Split(strings.TrimSpace(line), ":")
		if fields[0] != "+F2" || len(fields) < 4 {
			continue
		}
		rate, err := strconv.ParseFloat(fields[3], 64)
		if err != nil || rate <= 0 {
			return result{}, fmt.Errorf("openssl speed said %q", line)
		}
		return result{calls: int(rate * took.Seconds()), took: took, cpu: took}, nil
	}
	return result{}, fmt.Errorf("openssl speed said %q", text)
}

// build makes the stripped binary.
func build(binary, cgo string, more ...string) error {
	args := append([]string{"build", "-trimpath", "-ldflags", "-s -w", "-o", binary}, more...)
	cmd := exec.Command("go", append(args, "github.com/doorward/doorward/cmd/doorward")...)
	cmd.Env = append(os.Environ(), cgo)
	cmd.Stderr = os.Stderr
	return cmd.Run()
}
