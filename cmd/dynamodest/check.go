package main

import (
	"context"
	"fmt"
)

// checkCmd is the command check.
type checkCmd struct {
	settings

	Writes bool `help:"Also send requests that DynamoDB must refuse, to see that writing is allowed. Costs one write unit."`
}

// Run checks the table, and prints what was found.
func (cmd *checkCmd) Run(ctx context.Context, sys *system) (err error) {
	ctx, signals := watch(ctx, sys)
	defer func() { err = signals.end(err) }()
	c, err := cmd.read()
	if err != nil {
		return err
	}
	if err := cmd.mapFields(&c.Mapping, nil); err != nil {
		return err
	}
	dest, end, err := cmd.destination(ctx, sys, &c, defaultKey)
	if err != nil {
		return err
	}
	defer end()
	if err := dest.Check(ctx); err != nil {
		return cmd.setupError(err, nil)
	}
	fmt.Fprintf(sys.stdout, "table           %s: exists and takes writes\n", c.Table)
	for _, key := range dest.Keys() {
		fmt.Fprintf(sys.stdout, "%-15s %s (%s)\n", string(key.Role)+" key", key.Name, key.Type)
	}
	if !cmd.Writes {
		fmt.Fprintln(sys.stdout, "writing         not checked: add -writes")
		return nil
	}
	if err := dest.CheckWrites(ctx); err != nil {
		return cmd.setupError(err, nil)
	}
	fmt.Fprintln(sys.stdout, "writing         allowed")
	return nil
}
