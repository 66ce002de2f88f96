package gateway

import (
	"strconv"

	"github.com/prometheus/client_golang/prometheus"
)

// Metrics counts calls. Its labels come from closed sets: names of served methods and codes of the protocol's table.
type Metrics struct {
	calls    *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
	inFlight prometheus.Gauge
	panics   prometheus.Counter
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
