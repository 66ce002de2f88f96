package gateway

import (
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// Metrics counts calls. Its labels come from closed sets: names of served methods and codes of the protocol's table. It is safe
// for concurrent use; a nil one counts nothing.
type Metrics struct {
	inFlight atomic.Int64
	panics   atomic.Uint64

	// methods are by name: *methodMetrics.
	methods sync.Map
}

// unknownCode stands for every code that is not in the protocol's table.
const unknownCode = math.MinInt

// methodMetrics are those of one method.
type methodMetrics struct {
	successes atomic.Uint64
	seconds   histogram

	mu sync.Mutex
	// failures are by code.
	failures map[int]uint64
}

// NewMetrics returns metrics that have counted nothing yet.
func NewMetrics() *Metrics { return &Metrics{} }

func (m *Metrics) begin() {
	if m != nil {
		m.inFlight.Add(1)
	}
}

func (m *Metrics) end(r *Record) {
	if m == nil {
		return
	}
	m.inFlight.Add(-1)
	of := m.of(r.CanonicalName())
	of.seconds.observe(r.Duration)
	switch {
	case r.Code == 0:
		of.successes.Add(1)
	case r.Code.Known():
		of.fail(int(r.Code))
	default:
		of.fail(unknownCode)
	}
	if r.Stack != nil {
		m.panics.Add(1)
	}
}

func (m *Metrics) of(name string) *methodMetrics {
	found, ok := m.methods.Load(name)
	if !ok {
		found, _ = m.methods.LoadOrStore(name, &methodMetrics{failures: map[int]uint64{}})
	}
	return found.(*methodMetrics)
}

func (m *methodMetrics) fail(code int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.failures[code]++
}

// histogram counts durations by the bucket that they fall into.
type histogram struct {
	// counts are those of the bounds, and of what is above all of them.
	counts [len(bounds) + 1]atomic.Uint64
	sum    atomic.Int64 // in nanoseconds
}

// bounds are the upper ends of the buckets.
var bounds = [...]time.Duration{
	500 * time.Microsecond, time.Millisecond, 2500 * time.Microsecond, 5 * time.Millisecond, 10 * time.Millisecond,
	25 * time.Millisecond, 50 * time.Millisecond, 100 * time.Millisecond, 250 * time.Millisecond, 500 * time.Millisecond,
	time.Second, 2500 * time.Millisecond, 10 * time.Second,
}

func (h *histogram) observe(d time.Duration) {
	i := 0
	for i < len(bounds) && d > bounds[i] {
		i++
	}
	h.counts[i].Add(1)
	h.sum.Add(int64(d))
}

// Write writes the metrics in the text format of Prometheus.
func (m *Metrics) Write(w io.Writer) {
	names, of := m.byName()
	family(w, "doorward_calls_total", "counter", "Calls answered, by method and errorCode.")
	for _, name := range names {
		of[name].writeCalls(w, name)
	}
	family(w, "doorward_call_seconds", "histogram", "Time from the request line to the answer, by method.")
	for _, name := range names {
		of[name].seconds.write(w, name)
	}
	family(w, "doorward_calls_in_flight", "gauge", "Calls being answered now.")
	fmt.Fprintf(w, "doorward_calls_in_flight %d\n", m.inFlight.Load())
	family(w, "doorward_panics_total", "counter", "Calls answered 500001 because the code panicked.")
	fmt.Fprintf(w, "doorward_panics_total %d\n", m.panics.Load())
}

func (m *Metrics) byName() (names []string, of map[string]*methodMetrics) {
	of = map[string]*methodMetrics{}
	m.methods.Range(func(name, metrics any) bool {
		of[name.(string)] = metrics.(*methodMetrics)
		return true
	})
	return slices.Sorted(maps.Keys(of)), of
}

func family(w io.Writer, name, kind, help string) {
	fmt.Fprintf(w, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, kind)
}

func (m *methodMetrics) writeCalls(w io.Writer, name string) {
	if n := m.successes.Load(); n > 0 {
		fmt.Fprintf(w, "doorward_calls_total{code=\"0\",method=%q} %d\n", name, n)
	}
	m.mu.Lock()
	failures := maps.Clone(m.failures)
	m.mu.Unlock()
	for _, code := range slices.Sorted(maps.Keys(failures)) {
		label := strconv.Itoa(code)
		if code == unknownCode {
			label = "other"
		}
		fmt.Fprintf(w, "doorward_calls_total{code=%q,method=%q} %d\n", label, name, failures[code])
	}
}

func (h *histogram) write(w io.Writer, name string) {
	var total uint64
	for i := range h.counts {
		total += h.counts[i].Load()
		bound := "+Inf"
		if i < len(bounds) {
			bound = strconv.FormatFloat(bounds[i].Seconds(), 'g', -1, 64)
		}
		fmt.Fprintf(w, "doorward_call_seconds_bucket{method=%q,le=%q} %d\n", name, bound, total)
	}
	fmt.Fprintf(w, "doorward_call_seconds_sum{method=%q} %g\n", name, time.Duration(h.sum.Load()).Seconds())
	fmt.Fprintf(w, "doorward_call_seconds_count{method=%q} %d\n", name, total)
}
