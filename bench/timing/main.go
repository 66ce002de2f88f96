// Command timing looks for secrets in the time of answers.
//
//	go run ./bench/timing                     all cases, about five minutes on an idle core
//	go run ./bench/timing -scale 0.1          a tenth of the samples
//	go run ./bench/timing -cases login,sign   those whose names begin so
//
// A case is two kinds of call that must take the same time, such as a login of nobody and one with a wrong password. They
// are made by turns in random order, so that what else runs on the machine touches both alike, in this process without a
// network: whoever measures from outside sees less. Their times are compared by Welch's t-test, as a whole and without
// the slowest hundredth to half, and by their fast quantiles. A case fails when one of these comparisons finds a difference
// of more than five standard errors that is above the case's tolerance. Planted leaks must be found, or the run fails: it
// could not have found anything.
//
// A line shows the difference by the sharpest of the comparisons, the smallest difference that this one would have found
// (visible), and the largest number of standard errors of any (|t|).
//
// The figures of the last run are in SECURITY-TESTS.md.
package main

import (
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"time"
)

func main() {
	scale := flag.Float64("scale", 1, "multiplies the number of samples of every case")
	only := flag.String("cases", "", "comma list of beginnings of names; default: all")
	flag.Parse()
	failed, err := run(*scale, strings.FieldsFunc(*only, func(r rune) bool { return r == ',' }))
	if err != nil {
		fmt.Fprintln(os.Stderr, "timing:", err)
		os.Exit(2)
	}
	if failed > 0 {
		fmt.Printf("\n%d cases are not as they must be\n", failed)
		os.Exit(1)
	}
}

// run measures the cases and returns how many are not as they must be.
func run(scale float64, only []string) (failed int, err error) {
	fmt.Printf("%s, %d cores, %s/%s\n\n", runtime.Version(), runtime.NumCPU(), runtime.GOOS, runtime.GOARCH)
	fmt.Printf("%-26s %9s %12s %12s %12s %7s  %s\n", "case", "samples", "mean", "difference", "visible", "|t|", "")
	measured := 0
	for _, s := range suites {
		wanted := slices.DeleteFunc(slices.Clone(s.cases), func(c testCase) bool {
			return len(only) > 0 && !slices.ContainsFunc(only, func(name string) bool { return strings.HasPrefix(c.name, name) })
		})
		if len(wanted) == 0 {
			continue
		}
		measured += len(wanted)
		n, err := s.run(wanted, scale)
		if err != nil {
			return failed, fmt.Errorf("%s: %w", s.name, err)
		}
		failed += n
	}
	if measured == 0 {
		return 0, errors.New("there is no such case")
	}
	return failed, nil
}

// suite is cases that share a server.
type suite struct {
	name  string
	open  func() (*house, error)
	cases []testCase
}

// testCase is two populations whose times must be the same, or, where a leak is planted, must not.
type testCase struct {
	name string
	// samples is how many of each population are measured.
	samples int
	// tolerance is the greatest difference that is no leak.
	tolerance time.Duration
	// batch is how many operations one sample is; 0: one.
	batch int
	// planted: the difference is there on purpose.
	planted bool
	// populations prepares what they need.
	populations func(h *house) (a, b population, err error)
}

// population makes the next operation. What it does to prepare it is not measured.
type population func() (operation, error)

// operation is what is measured. check, which may be nil, tells afterwards whether it did what it should.
type operation struct {
	run   func()
	check func() error
}

func (s suite) run(cases []testCase, scale float64) (failed int, err error) {
	h, err := s.open()
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, h.close()) }()
	for _, c := range cases {
		v, samples, err := c.measure(h, scale)
		if err != nil {
			return failed, fmt.Errorf("%s: %w", c.name, err)
		}
		each := float64(max(c.batch, 1))
		tolerance := float64(c.tolerance.Nanoseconds()) * each
		sharpest := v.sharpest()
		leaks := v.leaks(tolerance)
		word := "equal"
		switch {
		case c.planted && leaks:
			word = "found, as it must be"
		case c.planted:
			word = "NOT FOUND: nothing can be said of the other cases"
		case leaks:
			word = "LEAKS"
		case v.t() > threshold:
			word = "differs less than " + c.tolerance.String()
		case threshold*sharpest.deviation > tolerance:
			word = "equal as far as the noise lets see: not to " + c.tolerance.String()
		}
		if leaks != c.planted {
			failed++
		}
		fmt.Printf("%-26s %9d %12s %12s %12s %7.1f  %s\n", c.name, samples, show(v.mean/each),
			show(sharpest.difference/each), show(threshold*sharpest.deviation/each), v.t(), word)
	}
	return failed, nil
}

// show writes nanoseconds.
func show(ns float64) string {
	switch {
	case ns >= 1e6 || ns <= -1e6:
		return fmt.Sprintf("%.3f ms", ns/1e6)
	case ns >= 1e3 || ns <= -1e3:
		return fmt.Sprintf("%.2f µs", ns/1e3)
	}
	return fmt.Sprintf("%.2f ns", ns)
}

// Before the clock runs: measurements that only warm up, and how many lie between two collections of garbage, which
// never happen in the middle of one.
const (
	warmUp       = 200
	collectAfter = 500
)

func (c testCase) measure(h *house, scale float64) (v verdict, samples int, err error) {
	a, b, err := c.populations(h)
	if err != nil {
		return v, 0, err
	}
	samples = max(int(float64(c.samples)*scale), 50)
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	warm := min(warmUp, samples/10)
	times := [2][]float64{make([]float64, 0, samples), make([]float64, 0, samples)}
	for i := -2 * warm; len(times[0]) < samples || len(times[1]) < samples; i++ {
		if i%collectAfter == 0 {
			runtime.GC()
		}
		kind, next := 0, a
		if rand.IntN(2) == 1 {
			kind, next = 1, b
		}
		taken, err := measureOne(next, c.batch)
		if err != nil {
			return v, 0, err
		}
		if i >= 0 && len(times[kind]) < samples {
			times[kind] = append(times[kind], taken)
		}
	}
	return compare(times[0], times[1]), samples, nil
}

func measureOne(next population, batch int) (nanoseconds float64, err error) {
	op, err := next()
	if err != nil {
		return 0, err
	}
	begin := time.Now()
	for range max(batch, 1) {
		op.run()
	}
	taken := time.Since(begin)
	if op.check != nil {
		err = op.check()
	}
	return float64(taken.Nanoseconds()), err
}
