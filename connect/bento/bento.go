// Package bento is the output of package connect for Bento, a fork of Benthos with an import path of its own: what is
// registered with one of them is unknown to the other. Importing it registers the output "dynamodest" with Bento:
//
//	package main
//
//	import (
//		"context"
//
//		_ "github.com/warpstreamlabs/bento/public/components/io"
//		_ "github.com/warpstreamlabs/bento/public/components/pure"
//		"github.com/warpstreamlabs/bento/public/service"
//
//		_ "github.com/dynamodest/dynamodest/connect/bento"
//	)
//
//	func main() { service.RunCLI(context.Background()) }
//
// The settings and what becomes of each row are those of package connect, which docs/connect.md explains.
//
// Bento serves HTTP to every machine of the network unless a configuration sets http.enabled to false, or http.address to an
// address of the loopback interface.
package bento

import (
	"context"
	"errors"

	"github.com/warpstreamlabs/bento/public/bloblang"
	"github.com/warpstreamlabs/bento/public/service"

	"github.com/dynamodest/dynamodest/connect/internal/output"
)

func init() {
	if err := errors.Join(
		bloblang.RegisterMethodV2(output.LintMethod, lintSpec(), newLint),
		service.RegisterBatchOutput(output.Name, Spec(), New),
	); err != nil {
		panic(err) // the name is taken
	}
}

// lintSpec returns the description of the method that finds problems of settings, for the rules of the linter.
func lintSpec() *bloblang.PluginSpec {
	return bloblang.NewPluginSpec().
		Description(output.LintDescription).
		Param(bloblang.NewStringParam(output.LintParameter).Description(output.LintParameterDescription).Default(""))
}

// newLint returns the method that lintSpec describes.
func newLint(arguments *bloblang.ParsedParams) (bloblang.Method, error) {
	return output.Lint(arguments)
}

// Spec returns the specification of the output. With [New] it registers the output under another name, or in an environment
// of its own, whose Bloblang environment must have the method that the linter uses: the global one has it.
func Spec() *service.ConfigSpec {
	kit := output.Kit[*service.ConfigField]{
		String: service.NewStringField, Any: service.NewAnyField, Choice: service.NewStringAnnotatedEnumField,
		Object: service.NewObjectField, List: service.NewObjectListField, BatchPolicy: service.NewBatchPolicyField,
	}
	return service.NewConfigSpec().
		Beta().
		Categories("Services", "AWS").
		Summary(output.Summary).
		Description(output.Description).
		Fields(output.Fields(kit)...).
		Fields(output.EngineFields(kit)...).
		LintRule(output.LintRule(""))
}

// New makes the output of a pipeline from settings that were parsed by [Spec]. It sends nothing; its errors are those of the
// settings.
func New(parsed *service.ParsedConfig, resources *service.Resources) (service.BatchOutput, service.BatchPolicy, int, error) {
	var policy service.BatchPolicy
	value, err := parsed.FieldAny()
	if err != nil {
		return nil, policy, 0, err
	}
	settings, err := output.Decode(value)
	if err != nil {
		return nil, policy, 0, err
	}
	if policy, err = parsed.FieldBatchPolicy(output.Batching); err != nil {
		return nil, policy, 0, err
	}
	output.DefaultBatching(&policy.Count, &policy.Period, policy.ByteSize, policy.Check)
	return &sink{output.New(settings, output.Engine{
		Log:  resources.Logger(),
		Rows: resources.Metrics().NewCounter(output.RowsMetric, output.RowLabels...),
	})}, policy, settings.MaxInFlight, nil
}

// engineErrors are the errors by which Bento learns what became of a batch.
var engineErrors = output.Errors[service.MessageBatch, *service.BatchError]{
	NotConnected: service.ErrNotConnected, Ended: service.ErrEndOfInput, Batch: service.NewBatchError,
}

// sink is the output as Bento calls it.
type sink struct{ *output.Output }

// WriteBatch writes the rows of a batch until each is taken or at fault.
func (s *sink) WriteBatch(ctx context.Context, batch service.MessageBatch) error {
	return output.WriteBatch(ctx, s.Output, batch, engineErrors)
}
