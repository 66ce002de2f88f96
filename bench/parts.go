package main

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"time"

	"github.com/doorward/doorward/internal/password"
)

// parts are what the server is measured against, each a process that runs on the same core as the server does.
var parts = map[string]func(args []string) error{
	"part-handler": handlerPart,
	"part-rsa":     rsaPart,
	"part-hash":    hashPart,
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

// rsaPart signs as fast as it can for the time and prints the rate.
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

// hashPart hashes as fast as it can for the time, with the server's default costs, and prints the rate.
func hashPart(args []string) error {
	h := password.New(password.Options{Params: password.DefaultParams(), Slots: 1, Rand: rand.Reader})
	return repeat(args[0], func() error {
		_, err := h.Hash(context.Background(), secretWord)
		return err
	})
}

func repeat(text string, work func() error) error {
	d, err := time.ParseDuration(text)
	if err != nil {
		return err
	}
	n := 0
	begin := time.Now()
	for time.Since(begin) < d {
		if err := work(); err != nil {
			return err
		}
		n++
	}
	fmt.Println(float64(n) / time.Since(begin).Seconds())
	return nil
}

// rateOf runs a part that prints a rate.
func (r *run) rateOf(part string) (float64, error) {
	self, err := os.Executable()
	if err != nil {
		return 0, err
	}
	p, line, err := pinned(self, part, r.seconds.String())
	if err != nil {
		return 0, err
	}
	var rate float64
	if _, err := fmt.Sscan(line, &rate); err != nil && err != io.EOF {
		return 0, err
	}
	return rate, p.cmd.Wait()
}
