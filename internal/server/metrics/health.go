package metrics

import (
	"context"
	"encoding/json"
	"net/http"
	"time"
)

// Check is one thing that a server needs before it can serve.
type Check struct {
	Name string // "database"
	// Missing is nil, or why the server is not ready: a sentence for an operator.
	Missing func(ctx context.Context) error
}

// checkWithin bounds each look.
const checkWithin = 2 * time.Second

// readiness is the answer of /readyz.
type readiness struct {
	Status  string    `json:"status"` // "ready" or "not ready"
	Missing []missing `json:"missing"`
}

type missing struct {
	Name   string `json:"name"`
	Reason string `json:"reason"`
}

// serveHealth answers as long as the process can.
func (m *Metrics) serveHealth(w http.ResponseWriter, _ *http.Request) {
	m.write(w, http.StatusOK, map[string]string{"status": "alive"})
}

// serveReady answers 200, or 503 with what is missing.
func (m *Metrics) serveReady(w http.ResponseWriter, r *http.Request) {
	answer := readiness{Status: "ready", Missing: []missing{}}
	status := http.StatusOK
	for _, c := range m.cfg.Checks {
		if err := look(r.Context(), c); err != nil {
			answer.Missing = append(answer.Missing, missing{c.Name, err.Error()})
			answer.Status, status = "not ready", http.StatusServiceUnavailable
		}
	}
	m.write(w, status, answer)
}

func look(ctx context.Context, c Check) error {
	ctx, cancel := context.WithTimeout(ctx, checkWithin)
	defer cancel()
	return c.Missing(ctx)
}

func (m *Metrics) write(w http.ResponseWriter, status int, answer any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	if err := json.NewEncoder(w).Encode(answer); err != nil {
		m.cfg.Logger.Debug("health not delivered", "error", err)
	}
}
