// Command bench measures the whole server, each job as a ratio against what the same machine can do in the same run.
//
//	go run ./bench                      all jobs, 20 000 accounts
//	go run ./bench -accounts 100000 -seconds 10 -jobs get,signed
//
// The server is a process of its own on one core; the load comes from this process on the others. Each job and what it is
// measured against take turns. The ratios are those of the processor times of a call, so that other programs on the
// machine touch them little; rates differ from machine to machine and minute to minute.
// README.md beside this file says what each job is measured against and what was measured last.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"
)

// run is one run of the benchmark.
type run struct {
	accounts int
	seconds  time.Duration
	folder   string
	binary   string
	server   *process
	site     identity
}

func main() {
	// The same program plays the parts it measures against, as processes of their own.
	if len(os.Args) > 1 {
		if part, ok := parts[os.Args[1]]; ok {
			exit(part(os.Args[2:]))
		}
	}
	accounts := flag.Int("accounts", 20000, "accounts in the store")
	seconds := flag.Duration("seconds", 3*time.Second, "time of each measurement")
	only := flag.String("jobs", "", "comma list of jobs; default: all")
	flag.Parse()
	exit(measure(*accounts, *seconds, *only))
}

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

func measure(accounts int, seconds time.Duration, only string) (err error) {
	wanted := strings.FieldsFunc(only, func(r rune) bool { return r == ',' })
	for _, name := range wanted {
		if !slices.ContainsFunc(jobs, func(j job) bool { return j.name == name }) {
			return fmt.Errorf("there is no job %q", name)
		}
	}
	r := &run{accounts: accounts, seconds: seconds}
	if r.folder, err = os.MkdirTemp("", "doorward-bench-"); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(r.folder)) }()
	fmt.Printf("%s, %d cores, %s/%s; %d accounts; %s a measurement\n\n", runtime.Version(), runtime.NumCPU(), runtime.GOOS, runtime.GOARCH, accounts, seconds)
	if err := r.prepare(); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.server.stop()) }()
	fmt.Printf("%-13s %-56s %16s %16s %13s  %s\n", "job", "what, against what", "ours", "limit", "ratio", "aim")
	for _, j := range jobs {
		if len(wanted) > 0 && !slices.Contains(wanted, j.name) {
			continue
		}
		got, err := j.measure(r)
		var why skipped
		if errors.As(err, &why) {
			fmt.Printf("%-13s %-56s skipped: %s\n", j.name, j.what, why)
			continue
		}
		if err != nil {
			return fmt.Errorf("%s: %w", j.name, err)
		}
		fmt.Printf("%-13s %-56s %16s %16s %13s  %s\n", j.name, j.what, got.ours, got.limit, got.ratio, j.aim)
	}
	return nil
}

// prepare builds the binary, fills a store and starts the server on it.
func (r *run) prepare() error {
	if err := r.build(); err != nil {
		return err
	}
	if err := r.seed(); err != nil {
		return err
	}
	return r.start()
}
