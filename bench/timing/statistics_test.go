package main

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// times are measurements of a busy machine: a floor, noise above it, and now and then something else that runs.
func times(source *rand.Rand, n int, shift float64) []float64 {
	values := make([]float64, n)
	for i := range values {
		values[i] = 50_000 + 2_000*source.ExpFloat64() + shift
		if source.IntN(50) == 0 {
			values[i] += 300_000 * source.Float64()
		}
	}
	return values
}

func TestADifferenceAboveTheNoiseIsFoundAndOneBelowIsNot(t *testing.T) {
	source := rand.New(rand.NewPCG(1, 2))
	for _, c := range []struct {
		name  string
		shift float64
		found bool
	}{
		{"no difference", 0, false},
		{"a tenth of the visible one", 20, false},
		{"a tenth of the noise", 200, true},
		{"as large as the noise", 2_000, true},
		{"apart as a whole", 10_000_000, true},
	} {
		v := compare(times(source, 20_000, 0), times(source, 20_000, c.shift))
		difference := v.sharpest().difference
		if got := v.leaks(0); got != c.found {
			t.Errorf("%s: found %v, t %.1f, difference %.0f", c.name, got, v.t(), difference)
		}
		if c.found && (difference < c.shift*0.8 || difference > c.shift*1.2) {
			t.Errorf("%s: the difference is %.0f, not %.0f", c.name, difference, c.shift)
		}
		if v.leaks(c.shift*2 + 100) {
			t.Errorf("%s: more than twice what there is", c.name)
		}
	}
}

func TestEqualPopulationsAreSeldomCalledDifferent(t *testing.T) {
	source := rand.New(rand.NewPCG(3, 4))
	for i := range 200 {
		if v := compare(times(source, 500, 0), times(source, 500, 0)); v.leaks(0) {
			t.Errorf("run %d: t %.1f", i, v.t())
		}
	}
}

func TestMeasurementsWithoutAnyNoiseAreCompared(t *testing.T) {
	same, other := slices.Repeat([]float64{5}, 20), slices.Repeat([]float64{6}, 20)
	if compare(same, same).leaks(0) || !compare(same, other).leaks(0) || compare(same, other).leaks(2) {
		t.Error("constant populations are not told apart")
	}
}
