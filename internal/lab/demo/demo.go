// Package demo shows, and proves, what Landbridge does: two clouds with
// different segmentation ids become one layer-2 network, on real packets.
package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"landbridge/internal/lab"
	"landbridge/internal/lab/console"
	"landbridge/internal/lab/logfile"
	"landbridge/internal/lab/rest"
)

// Demo is one demonstration.
type Demo struct {
	lab     *lab.Lab
	console *console.Console
	links   *links
	results []console.Result
	options lab.Options
	name    string
}

// New makes a demonstration that speaks to a writer. The lab gets the name.
func New(name string, options lab.Options, out io.Writer) *Demo {
	return &Demo{name: name, options: options, console: console.New(out)}
}

// Run builds two clouds, joins them, checks all claims and removes everything,
// also when ctx ends early. An error says which claim does not hold, or what
// could not be done.
func (d *Demo) Run(ctx context.Context) error {
	begun := time.Now()
	d.console.Heading("Landbridge: two clouds on one wire")
	d.console.Text(Topology(lab.TwoClouds(d.name)))
	err := d.run(ctx)
	if err != nil {
		d.showLogs(err)
	}
	if d.lab != nil {
		err = errors.Join(err, d.remove())
	}
	if err == nil {
		d.console.Success("All claims hold, after " + console.Seconds(time.Since(begun)) + ".")
	}
	return errors.Join(err, d.console.Err())
}

func (d *Demo) run(ctx context.Context) error {
	for _, part := range []func(context.Context) error{d.build, d.apart, d.join, d.prove} {
		if err := part(ctx); err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	return d.verdict()
}

func (d *Demo) build(ctx context.Context) error {
	d.console.Heading("Building the clouds")
	err := d.console.Step("removing what killed labs have left", func() error {
		removed, err := lab.RemoveAbandoned(d.options)
		if len(removed) > 0 {
			d.console.Detail(strings.Join(removed, ", "))
		}
		return err
	})
	if err != nil {
		return err
	}
	err = d.console.Step("network namespaces, fabrics, compute nodes, VMs, WAN", func() (err error) {
		d.lab, err = lab.New(lab.TwoClouds(d.name), d.options)
		return err
	})
	if err != nil {
		return err
	}
	return d.console.Step("ovsdb-server, landbridge-vtepd, landbridge-server in each cloud", func() error {
		return d.lab.Run(ctx)
	})
}

// join does what the administrators of the two clouds do.
func (d *Demo) join(ctx context.Context) error {
	d.console.Heading("Joining them, as an administrator does, by the REST API of each side")
	asks := lab.Asks(d.lab.Spec, lab.Blue, lab.WANKey)
	made := map[string]lab.Connected{}
	for _, c := range d.lab.Spec.Clouds {
		gateway := d.lab.Gateways[c.Name]
		err := d.console.Step("cloud "+c.Name, func() (err error) {
			made[c.Name], err = gateway.Connect(ctx, asks[c.Name], d.tellCall)
			return err
		})
		if err != nil {
			return err
		}
	}
	return d.console.Step("waiting until both sides say ACTIVE and compute nodes have their tunnels", func() error {
		ctx, cancel := context.WithTimeout(ctx, activeWithin)
		defer cancel()
		for _, c := range d.lab.Spec.Clouds {
			if err := d.lab.Gateways[c.Name].AwaitActive(ctx, made[c.Name]); err != nil {
				return err
			}
		}
		return d.lab.AwaitTunnels(ctx, lab.Blue)
	})
}

func (d *Demo) tellCall(k rest.Kind, attributes rest.Object) {
	d.console.Detail(fmt.Sprintf("POST %s %s", k.Path(), brief(attributes)))
}

func (d *Demo) verdict() error {
	d.console.Heading("Results")
	d.console.Results(d.results)
	var misses []error
	for _, r := range d.results {
		if !r.Holds {
			misses = append(misses, fmt.Errorf("it does not hold that %s: %s", r.Claim, r.Seen))
		}
	}
	return errors.Join(misses...)
}

// showLogs shows the ends of the programs' logs, where something failed.
func (d *Demo) showLogs(err error) {
	if d.lab == nil || errors.Is(err, context.Canceled) {
		return
	}
	for _, file := range d.lab.Logs() {
		d.console.Heading("the end of " + file)
		d.console.Text(logfile.Tail(file))
	}
}

func (d *Demo) remove() error {
	d.console.Heading("Cleaning up")
	if d.links != nil {
		d.links.close()
	}
	return d.console.Step("ending the programs, removing namespaces and files", d.lab.Remove)
}
