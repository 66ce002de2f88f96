// Command searches measures finding, importing and exporting among many accounts, through the whole server.
//
//	go run ./bench/searches                                  100,000 accounts of about a kilobyte, SQLite
//	go run ./bench/searches -accounts 1000000 -kilobytes 8
//	go run ./bench/searches -database postgres://user@host/name    an empty database
//	go run ./bench/searches -accounts 10000000 -folder big         kept in the folder: measured again without an import
//	go run ./bench/searches -database postgres://user@host/name -folder keys    the same, of a database
//
// It writes a file of accounts with ready hashes, imports it by the command as an operator would, starts the server on it,
// lets the indexes of the searched fields come by use, and measures each job: the times of one caller, and beside them, in
// the same run, the time of a getAccountInfo by UID, which is the least that a call takes. README.md of the folder above
// says what was measured last.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"runtime"
	"time"
)

func main() {
	o := options{}
	flag.IntVar(&o.accounts, "accounts", 100_000, "accounts in the store")
	flag.IntVar(&o.kilobytes, "kilobytes", 1, "size of an account: 1 or 8")
	flag.StringVar(&o.database, "database", "", "an empty PostgreSQL database; default: SQLite in a temporary folder")
	flag.StringVar(&o.folder, "folder", "", "where the installation is kept, with SQLite's database: the accounts are imported if they are not there; default: a temporary folder")
	flag.BoolVar(&o.fillOnly, "fill", false, "end when the accounts are in the folder")
	flag.DurationVar(&o.seconds, "seconds", 3*time.Second, "time of each measurement")
	flag.Parse()
	if err := run(o); err != nil {
		fmt.Fprintln(os.Stderr, "searches:", err)
		os.Exit(1)
	}
}

type options struct {
	accounts, kilobytes int
	database, folder    string
	fillOnly            bool
	seconds             time.Duration
}

func run(o options) (err error) {
	if o.accounts < 1000 || o.kilobytes != 1 && o.kilobytes != 8 {
		return errors.New("at least 1000 accounts, of 1 or 8 kilobytes")
	}
	h := &house{options: o}
	if o.folder == "" {
		if h.folder, err = os.MkdirTemp("", "doorward-searches-"); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(h.folder)) }()
	} else if err := os.MkdirAll(o.folder, 0o700); err != nil {
		return err
	}
	engine := "SQLite"
	if o.database != "" {
		engine = "PostgreSQL"
	}
	fmt.Printf("%s, %d cores, %s; %d accounts of %d KB\n\n", runtime.Version(), runtime.NumCPU(), engine, o.accounts, o.kilobytes)
	if err := h.build(); err != nil {
		return err
	}
	if err := h.start(); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, h.stop()) }()
	filled, err := h.filled()
	if err != nil {
		return err
	}
	if !filled {
		if err := h.fill(); err != nil {
			return err
		}
	}
	if h.fillOnly {
		return nil
	}
	return h.measure()
}
