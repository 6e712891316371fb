package main

import (
	"context"
	"fmt"

	"github.com/dynamodest/dynamodest"
)

// checkCmd is the command check.
type checkCmd struct {
	settings

	Writes bool `help:"Also send requests that DynamoDB must refuse, to see that writing is allowed. Costs one write unit."`
}

// Run checks the table, and prints what was found.
func (cmd *checkCmd) Run(ctx context.Context, sys *system) error {
	c, err := cmd.config(ctx)
	if err != nil {
		return err
	}
	dest, err := destination(ctx, c)
	if err != nil {
		return err
	}
	if err := dest.Check(ctx); err != nil {
		return setupError(err)
	}
	fmt.Fprintf(sys.stdout, "table      %s: exists and takes writes\n", c.Table)
	for _, key := range dest.Keys() {
		fmt.Fprintf(sys.stdout, "%-10s %s (%s)\n", roleName(key.Role), key.Name, key.Type)
	}
	if !cmd.Writes {
		fmt.Fprintln(sys.stdout, "writing    not checked: add -writes")
		return nil
	}
	if err := dest.CheckWrites(ctx); err != nil {
		return setupError(err)
	}
	fmt.Fprintln(sys.stdout, "writing    allowed")
	return nil
}

// roleName returns the words for the role of a key attribute.
func roleName(role dynamodest.KeyRole) string {
	if role == dynamodest.SortKey {
		return "sort key"
	}
	return "key"
}
