package main

import (
	"context"
	"encoding/json"

	"github.com/dynamodest/dynamodest"
)

// policyCmd is the command policy.
type policyCmd struct {
	settings

	Account    string   `placeholder:"ID" help:"Account that owns the table. Without it the table is described, unless -table is an ARN."`
	KMSKey     []string `name:"kms-key" sep:"none" placeholder:"ARN" help:"Customer managed KMS key of the table. May be repeated."`
	Trust      string   `placeholder:"PRINCIPAL" help:"Print the trust policy of a role instead, which this account or ARN may assume. Needs -external-id."`
	ExternalID string   `name:"external-id" placeholder:"ID" help:"External ID of -trust."`
}

// Run prints the policy.
func (cmd *policyCmd) Run(ctx context.Context, sys *system) (err error) {
	ctx, signals := watch(ctx, sys)
	defer func() { err = signals.end(err) }()
	policy, err := cmd.policy(ctx, sys)
	if err != nil {
		return cmd.setupError(err, nil)
	}
	return printJSON(sys, policy)
}

// policy returns the policy that the flags ask for.
func (cmd *policyCmd) policy(ctx context.Context, sys *system) (json.RawMessage, error) {
	if cmd.Trust != "" || cmd.ExternalID != "" {
		return dynamodest.TrustPolicy(cmd.Trust, cmd.ExternalID)
	}
	c, err := cmd.read()
	if err != nil {
		return nil, err
	}
	if cmd.Account != "" || isARN(c.Table) {
		if err := cmd.addAWS(ctx, &c); err != nil {
			return nil, err
		}
		return c.Policy(cmd.Account, cmd.KMSKey...)
	}
	dest, end, err := cmd.destination(ctx, sys, &c, defaultKey)
	if err != nil {
		return nil, err
	}
	defer end()
	return dest.Policy(cmd.KMSKey...)
}
