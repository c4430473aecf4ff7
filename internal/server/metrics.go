package server

import (
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"selfheal"
)

// Metrics is what is told to Prometheus. Every figure that is compared with a bound
// stands beside the bound.
type Metrics struct {
	registry *prometheus.Registry

	Watching   prometheus.Gauge       // deploys that are being watched
	Looks      *prometheus.CounterVec // by outcome: ok, failed
	LookTime   prometheus.Histogram   // seconds
	Status     *prometheus.GaugeVec   // of the last watched deploy: exit code of its status
	Records    *prometheus.GaugeVec   // of the window so far
	Anomalies  *prometheus.GaugeVec   // flagged
	Confidence *prometheus.GaugeVec   // of the last verdict
	Threshold  prometheus.Gauge       // the confidence from which a remedy is carried out
	SourceUp   *prometheus.GaugeVec   // 1 while the source answers
	Announced  *prometheus.CounterVec // by sender
}

// NewMetrics makes and registers them all.
func NewMetrics(version string) *Metrics {
	deploy := []string{"service", "environment"}
	gauge := func(name, help string, labels []string) *prometheus.GaugeVec {
		return prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "selfheal_" + name, Help: help}, labels)
	}
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: "selfheal_" + name, Help: help}, labels)
	}
	m := &Metrics{
		registry:   prometheus.NewRegistry(),
		Watching:   prometheus.NewGauge(prometheus.GaugeOpts{Name: "selfheal_watches", Help: "Deploys that are being watched."}),
		Looks:      counter("looks_total", "Looks at watched deploys.", "outcome"),
		LookTime:   prometheus.NewHistogram(prometheus.HistogramOpts{Name: "selfheal_look_duration_seconds", Help: "Time that a look takes.", Buckets: prometheus.ExponentialBuckets(.005, 2, 12)}),
		Status:     gauge("deploy_status", "Status of the last watched deploy: 0 clean, 10 regression, 11 inconclusive, 12 cannot observe.", deploy),
		Records:    gauge("window_records", "Records of the window so far.", deploy),
		Anomalies:  gauge("window_anomalies", "Signatures that are flagged in the window.", deploy),
		Confidence: gauge("verdict_confidence", "Confidence of the last verdict.", deploy),
		Threshold:  prometheus.NewGauge(prometheus.GaugeOpts{Name: "selfheal_verdict_confidence_threshold", Help: "Confidence from which a remedy is carried out."}),
		SourceUp:   gauge("source_up", "Whether the source of the logs answered when it was last read.", deploy),
		Announced:  counter("announcements_total", "What was said about deploys.", "from", "outcome"),
	}
	info := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "selfheal_build_info", Help: "Version of selfheal; always 1."}, []string{"version"})
	info.WithLabelValues(version).Set(1)
	m.registry.MustRegister(m.Watching, m.Looks, m.LookTime, m.Status, m.Records, m.Anomalies, m.Confidence, m.Threshold, m.SourceUp,
		m.Announced, info, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// Register adds what another part counts by itself.
func (m *Metrics) Register(c prometheus.Collector) error { return m.registry.Register(c) }

// Handler writes them in the format of Prometheus.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}

// Looked takes in what was seen of a deploy.
func (m *Metrics) Looked(a selfheal.Assessment, sourceUp bool) {
	service, environment := a.Deploy.Service, a.Deploy.Environment
	m.Records.WithLabelValues(service, environment).Set(float64(a.Window.Observability.Watched.Records))
	m.Anomalies.WithLabelValues(service, environment).Set(float64(len(a.Anomalies)))
	up := 0.0
	if sourceUp {
		up = 1
	}
	m.SourceUp.WithLabelValues(service, environment).Set(up)
}

// Answered takes in the status of a deploy, and how sure the verdict is where there is one.
func (m *Metrics) Answered(d selfheal.Deploy, status selfheal.Status, verdict *selfheal.Verdict) {
	m.Status.WithLabelValues(d.Service, d.Environment).Set(float64(status.ExitCode()))
	if verdict != nil {
		m.Confidence.WithLabelValues(d.Service, d.Environment).Set(verdict.Confidence)
	}
}
