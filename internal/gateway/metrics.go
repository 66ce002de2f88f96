package gateway

import (
	"strconv"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
)

// Metrics counts calls. Its labels come from closed sets: names of served methods and codes of the protocol's table.
type Metrics struct {
	calls    *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
	inFlight prometheus.Gauge
	panics   prometheus.Counter

	// successes are the counters of the methods that were called: method name to *success.
	successes sync.Map
}

// success counts the calls of one method that succeeded.
type success struct {
	calls   prometheus.Counter
	seconds prometheus.Observer
}

// NewMetrics returns metrics that are registered with the registry.
func NewMetrics(registry prometheus.Registerer) (*Metrics, error) {
	m := &Metrics{
		calls: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "doorward_calls_total", Help: "Calls answered, by method and errorCode.",
		}, []string{"method", "code"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "doorward_call_seconds", Help: "Time from the request line to the answer, by method.",
			Buckets: []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 10},
		}, []string{"method"}),
		inFlight: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "doorward_calls_in_flight", Help: "Calls being answered now.",
		}),
		panics: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "doorward_panics_total", Help: "Calls answered 500001 because the code panicked.",
		}),
	}
	for _, c := range []prometheus.Collector{m.calls, m.seconds, m.inFlight, m.panics} {
		if err := registry.Register(c); err != nil {
			return nil, err
		}
	}
	return m, nil
}

func (m *Metrics) begin() {
	if m != nil {
		m.inFlight.Inc()
	}
}

func (m *Metrics) end(r *Record) {
	if m == nil {
		return
	}
	m.inFlight.Dec()
	if r.Code == 0 && r.Method != nil {
		s := m.success(r.Method.Spec.Name)
		s.calls.Inc()
		s.seconds.Observe(r.Duration.Seconds())
		return
	}
	code := "other"
	if r.Code == 0 || r.Code.Known() {
		code = strconv.Itoa(int(r.Code))
	}
	name := r.CanonicalName()
	m.calls.WithLabelValues(name, code).Inc()
	m.seconds.WithLabelValues(name).Observe(r.Duration.Seconds())
	if r.Stack != nil {
		m.panics.Inc()
	}
}

func (m *Metrics) success(name string) *success {
	if found, ok := m.successes.Load(name); ok {
		return found.(*success)
	}
	found, _ := m.successes.LoadOrStore(name, &success{m.calls.WithLabelValues(name, "0"), m.seconds.WithLabelValues(name)})
	return found.(*success)
}
