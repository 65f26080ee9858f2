package demo

import (
	"context"
	"errors"
	"io"

	"landbridge/internal/lab"
)

// Up builds two clouds, joins them, leaves them running, and says how to look
// around. Where that fails, or ctx ends, nothing is left.
func Up(ctx context.Context, name string, options lab.Options, out io.Writer) error {
	d := New(name, options, out)
	d.console.Heading("Landbridge: two clouds on one wire")
	d.console.Text(Topology(lab.TwoClouds(name)))
	err := d.build(ctx)
	if err == nil {
		err = d.join(ctx)
	}
	if err == nil {
		err = ctx.Err()
	}
	if err == nil {
		err = d.lab.Keep()
	}
	if err != nil {
		return d.giveUp(err)
	}
	d.console.Heading("They run. To look around:")
	d.console.Text(d.lab.Hints())
	d.console.Text("\nto remove them\n  " + "landbridge-lab down " + name)
	d.lab.Close()
	return d.console.Err()
}

func (d *Demo) giveUp(err error) error {
	d.showLogs(err)
	if d.lab == nil {
		return err
	}
	return errors.Join(err, d.remove())
}
