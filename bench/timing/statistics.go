package main

import (
	"math"
	"slices"
)

// threshold is the number of standard errors from which a difference counts as one: at 5 chance does it once in a million
// comparisons.
const threshold = 5

// What disturbs a measurement (interrupts, other programs) only ever makes it slower, and hides a small difference of the
// rest. So populations are compared in several ways: by their means without the slowest crops of both together (Welch's
// test), and by the quantiles at which they are fast.
var (
	crops     = [...]float64{0, 0.01, 0.1, 0.25, 0.5}
	quantiles = [...]float64{0.05, 0.25}
)

// verdict is the comparison of two populations of times, in nanoseconds.
type verdict struct {
	// mean is the first one's, without the slowest tenth.
	mean float64
	// estimates are the differences, second minus first, one for each way.
	estimates []estimate
}

// estimate is a difference with its standard error.
type estimate struct{ difference, deviation float64 }

// t is how many standard errors the difference is.
func (e estimate) t() float64 {
	switch {
	case e.difference == 0:
		return 0
	case e.deviation == 0:
		return math.Inf(1)
	}
	return math.Abs(e.difference) / e.deviation
}

// leaks tells whether the populations differ, in any way, by more than the tolerance.
func (v verdict) leaks(tolerance float64) bool {
	return slices.ContainsFunc(v.estimates, func(e estimate) bool { return e.t() > threshold && math.Abs(e.difference) > tolerance })
}

// t is the largest of all ways.
func (v verdict) t() float64 {
	most := 0.0
	for _, e := range v.estimates {
		most = max(most, e.t())
	}
	return most
}

// sharpest is the estimate that would have found the smallest difference.
func (v verdict) sharpest() estimate {
	return slices.MinFunc(v.estimates, func(a, b estimate) int { return int(math.Copysign(1, a.deviation-b.deviation)) })
}

// compare compares the populations, of ten measurements or more each. The bound of a crop is one for both, so that a
// difference between them stays; where nothing of one lies below it, the crop says nothing and the quantiles all.
func compare(a, b []float64) verdict {
	a, b = slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b))
	all := slices.Sorted(slices.Values(slices.Concat(a, b)))
	v := verdict{mean: momentsOf(a[:len(a)-len(a)/10]).mean}
	for _, crop := range crops {
		bound := all[int(float64(len(all)-1)*(1-crop))]
		first, second := momentsOf(below(a, bound)), momentsOf(below(b, bound))
		if first.n < 2 || second.n < 2 {
			continue
		}
		v.estimates = append(v.estimates, estimate{
			second.mean - first.mean, math.Sqrt(first.variance/first.n + second.variance/second.n),
		})
	}
	for _, q := range quantiles {
		first, second := quantile(a, q), quantile(b, q)
		v.estimates = append(v.estimates, estimate{second.value - first.value, math.Hypot(first.deviation, second.deviation)})
	}
	return v
}

// below returns the sorted values up to the bound.
func below(sorted []float64, bound float64) []float64 {
	n, _ := slices.BinarySearchFunc(sorted, bound, func(x, bound float64) int {
		if x <= bound {
			return -1
		}
		return 1
	})
	return sorted[:n]
}

// moments of measurements.
type moments struct{ n, mean, variance float64 }

func momentsOf(values []float64) moments {
	var m moments
	squares := 0.0
	for _, x := range values {
		m.n++
		step := x - m.mean
		m.mean += step / m.n
		squares += step * (x - m.mean)
	}
	if m.n > 1 {
		m.variance = squares / (m.n - 1)
	}
	return m
}

// place is a quantile with its standard error, which half the distance of the places a standard deviation of the rank
// above and below it estimates.
type place struct{ value, deviation float64 }

func quantile(sorted []float64, q float64) place {
	n := float64(len(sorted))
	at := func(rank float64) float64 { return sorted[int(min(max(rank, 0), n-1))] }
	spread := math.Sqrt(n * q * (1 - q))
	return place{at(n * q), (at(n*q+spread) - at(n*q-spread)) / 2}
}
