package main

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/doorward/doorward/internal/password"
)

// parts are what the server is measured against, each a process that runs on the same core as the server does.
var parts = map[string]func(args []string) error{
	"part-handler": handlerPart,
	"part-rsa":     rsaPart,
	"part-hash":    hashPart,
	"part-sync":    syncPart,
}

// handlerPart is a bare net/http server that parses the form and answers the bytes of the file.
func handlerPart(args []string) error {
	body, err := os.ReadFile(args[0])
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := r.ParseForm(); err != nil || r.PostForm.Get("UID") == "" {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		w.Header().Set("Content-Type", "text/javascript; charset=utf-8")
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
		_, _ = w.Write(body)
	})}
	fmt.Println(listener.Addr())
	stopped, cancel := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer cancel()
	go func() {
		<-stopped.Done()
		_ = server.Close()
	}()
	if err := server.Serve(listener); err != http.ErrServerClosed {
		return err
	}
	return nil
}

// rsaPart signs as fast as it can for the time.
func rsaPart(args []string) error {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return err
	}
	sum := sha256.Sum256([]byte("a token"))
	return repeat(args[0], func() error {
		_, err := rsa.SignPKCS1v15(nil, key, crypto.SHA256, sum[:])
		return err
	})
}

// hashPart hashes as fast as it can for the time, with the server's default costs.
func hashPart(args []string) error {
	h := password.New(password.Options{Params: password.DefaultParams(), Slots: 1, Rand: rand.Reader})
	return repeat(args[0], func() error {
		_, err := h.Hash(context.Background(), secretWord)
		return err
	})
}

// syncPart appends to the file and waits for the disk, as often as it can for the time.
func syncPart(args []string) error {
	f, err := os.OpenFile(args[1], os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	page := make([]byte, 4096)
	return repeat(args[0], func() error {
		_, err := f.Write(page)
		return errors.Join(err, f.Sync())
	})
}

// repeat works for the time and prints how often, how long, and with how much processor time.
func repeat(text string, work func() error) error {
	d, err := time.ParseDuration(text)
	if err != nil {
		return err
	}
	n := 0
	before, begin := ownCPU(), time.Now()
	for time.Since(begin) < d {
		if err := work(); err != nil {
			return err
		}
		n++
	}
	fmt.Println(n, int64(time.Since(begin)), int64(ownCPU()-before))
	return nil
}

// ownCPU is the processor time that this process has taken so far.
func ownCPU() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// part measures a part that repeats something.
func (r *run) part(name string, args ...string) func(d time.Duration) (result, error) {
	return func(d time.Duration) (result, error) {
		self, err := os.Executable()
		if err != nil {
			return result{}, err
		}
		end := keepBusy()
		p, line, err := pinned(self, append([]string{name, d.String()}, args...)...)
		end()
		if err != nil {
			return result{}, err
		}
		var got result
		if _, err := fmt.Sscan(line, &got.calls, &got.took, &got.cpu); err != nil {
			return result{}, fmt.Errorf("%s said %q: %w", name, line, err)
		}
		return got, p.cmd.Wait()
	}
}

// keepBusy keeps this process as busy on the other cores as when it loads a server, until the end: cores of virtual machines
// are often halves of one, and the busy neighbour costs a tenth.
func keepBusy() (end func()) {
	var done atomic.Bool
	var busy sync.WaitGroup
	busy.Go(func() {
		for !done.Load() {
			_ = syscall.Getppid()
		}
	})
	return func() {
		done.Store(true)
		busy.Wait()
	}
}
