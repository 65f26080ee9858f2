package config

import (
	"errors"
	"time"

	"landbridge/internal/oslomsg"
	"landbridge/internal/strictyaml"
)

// Control is how this server works with other servers on its database, and with
// agents of their own.
type Control struct {
	Bus oslomsg.Config
	// Down is after how much silence an agent is taken for gone.
	Down time.Duration
}

type rawControl struct {
	Transport strictyaml.Value `yaml:"transport_url"`
	Down      strictyaml.Value `yaml:"agent_down_time"`
}

const defaultAgentDown = "2s"

// control gives nil for a server that is alone, with its agent inside.
func (c checker) control(r rawControl, switches []strictyaml.Value) (*Control, error) {
	down, err := time.ParseDuration(r.Down.Or(defaultAgentDown))
	if err != nil || down < time.Second || down > time.Minute {
		return nil, c.bad("control.agent_down_time", r.Down, "must be a time from 1s to 1m, as 2s")
	}
	if r.Transport.Text == "" {
		return nil, nil
	}
	bus, err := oslomsg.ParseURL(r.Transport.Text)
	if err != nil {
		r.Transport.Text = hidden(r.Transport.Text)
		return nil, c.bad("control.transport_url", r.Transport, "%v; write rabbit://USER:PASSWORD@HOST:5672/landbridge", err)
	}
	if len(switches) > 0 {
		return nil, errors.New("switches: are of the agents where control.transport_url is set; name them in the configuration of landbridge-agent")
	}
	return &Control{Bus: bus, Down: down}, nil
}
