// Package connect is an output of Redpanda Connect, and of every other stream processor that is built on Benthos, which
// writes messages to an Amazon DynamoDB table. Importing it registers the output "dynamodest":
//
//	import _ "github.com/dynamodest/dynamodest/connect"
//
// The output takes the settings of [dynamodest.Config] in their JSON form, and in addition max_in_flight and batching. Each
// message is a row: a JSON object, or the values that a processor has made of it.
//
// Rows that DynamoDB does not take at the moment are sent again until it does, or the pipeline ends. Only rows that are at
// fault themselves are rejected, with a text that begins with the label of a [dynamodest.Reason], so an output "fallback"
// around it has them as dead letters, and nothing else. A fault of the table, the access or a setting stops the output: it keeps
// its batch, checks the table again and again, and goes on where it ended.
//
// docs/connect.md is the manual.
package connect

import (
	"context"
	"reflect"

	"github.com/redpanda-data/benthos/v4/public/bloblang"
	"github.com/redpanda-data/benthos/v4/public/service"

	"github.com/dynamodest/dynamodest/connect/internal/output"
)

func init() {
	bloblang.MustRegisterMethodV2(output.LintMethod, lintSpec(), newLint)
	service.MustRegisterBatchOutput(output.Name, Spec(), New)
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
	return &sink{
		output.New(settings, output.Engine{
			Log:  resources.Logger(),
			Rows: resources.Metrics().NewCounter(output.RowsMetric, output.RowLabels...),
		}),
		engineErrors{
			NotConnected: service.ErrNotConnected, Ended: service.ErrEndOfInput, Batch: service.NewBatchError, Withholds: strict(resources),
		},
	}, policy, settings.MaxInFlight, nil
}

// strict reports whether error_handling.strict is set: then Benthos withholds messages that failed in a processor. Its public
// API does not say it. If that cannot be found out, it is taken to be set, which loses no message.
func strict(resources *service.Resources) bool {
	unwrap := reflect.ValueOf(resources.XUnwrapper()).MethodByName("Unwrap")
	if !unwrap.IsValid() || unwrap.Type().NumIn() > 0 || unwrap.Type().NumOut() != 1 {
		return true
	}
	manager, ok := unwrap.Call(nil)[0].Interface().(interface{ Strict() bool })
	return !ok || manager.Strict()
}

// engineErrors are the errors by which Benthos learns what became of a batch.
type engineErrors = output.Errors[service.MessageBatch, *service.BatchError]

// sink is the output as Benthos calls it.
type sink struct {
	*output.Output
	errors engineErrors
}

// WriteBatch writes the rows of a batch until each is taken or at fault.
func (s *sink) WriteBatch(ctx context.Context, batch service.MessageBatch) error {
	return output.WriteBatch(ctx, s.Output, batch, s.errors)
}

// ConnectionTest reports what keeps the output from writing.
func (s *sink) ConnectionTest(ctx context.Context) service.ConnectionTestResults {
	if err := s.Test(ctx); err != nil {
		return service.ConnectionTestFailed(err).AsList()
	}
	return service.ConnectionTestSucceeded().AsList()
}
