package metrics

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// statements counts what the store asks of its database.
type statements struct {
	duration *prometheus.HistogramVec
	errors   *prometheus.CounterVec
}

func newStatements() *statements {
	return &statements{
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: prefix + "database_statement_duration_seconds", Help: "Time of SQL statements, by operation; its count is their number.",
			Buckets: []float64{.0001, .0005, .001, .005, .01, .05, .1, .5, 1, 5, 10},
		}, []string{"operation"}),
		errors: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: prefix + "database_errors_total", Help: "SQL statements that failed, by operation; those whose client has gone do not count.",
		}, []string{"operation"}),
	}
}

// Statement counts a statement that has ended. It is for store.Observe.
func (m *Metrics) Statement(operation string, took time.Duration, err error) {
	operation = strings.ToUpper(operation)
	m.statements.duration.WithLabelValues(operation).Observe(took.Seconds())
	if err != nil && !errors.Is(err, sql.ErrNoRows) && !errors.Is(err, context.Canceled) {
		m.statements.errors.WithLabelValues(operation).Inc()
	}
}
