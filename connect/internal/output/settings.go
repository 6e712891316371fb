package output

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"

	"github.com/dynamodest/dynamodest"
)

// The settings of an output that are the engine's, and not those of a Config.
const (
	MaxInFlight = "max_in_flight"
	Batching    = "batching"
)

// tableSetting is the setting that is always required.
const tableSetting = "table"

// LintMethod is the name of the Bloblang method that returns the problems of settings, for the rules of a linter, and
// LintParameter that of its parameter, the setting.
const (
	LintMethod    = "dynamodest_problems"
	LintParameter = "setting"
)

// Lint makes the method LintMethod for a call with arguments.
func Lint(arguments interface{ GetString(string) (string, error) }) (func(value any) (any, error), error) {
	setting, err := arguments.GetString(LintParameter)
	if err != nil {
		return nil, err
	}
	return func(value any) (any, error) { return Problems(setting, value), nil }, nil
}

// LintRule returns the rule of a linter, in Bloblang, for a setting: "" for all of them together.
func LintRule(setting string) string {
	return fmt.Sprintf("root = this.%s(%q)", LintMethod, setting)
}

// Settings are the settings of an output.
type Settings struct {
	Config      dynamodest.Config
	MaxInFlight int // batches at a time
}

// Decode returns the settings that value, a configuration as the engine has parsed it, holds, or everything that is wrong
// with them.
func Decode(value any) (Settings, error) {
	faults, settings := problems(value)
	if given, _ := value.(map[string]any); len(faults) > 0 {
		// A value of the wrong type hides what is wrong with other settings.
		for _, name := range slices.Sorted(maps.Keys(given)) {
			for _, fault := range alone(name, given[name]) {
				if !slices.Contains(faults, fault) {
					faults = append(faults, fault)
				}
			}
		}
	}
	errs := make([]error, len(faults))
	for i, fault := range faults {
		errs[i] = errors.New(fault.text)
	}
	return settings, errors.Join(errs...)
}

// Problems returns what is wrong with a setting of the output, by its value alone: a text for each fault, with the JSON
// pointer of what is at fault. For the name "" the value is the whole configuration, and the problems are those that no
// setting has alone, such as a version that no field produces. So a linter shows each problem once, in the line of the setting if
// it has one.
func Problems(name string, value any) []any {
	if name == "" {
		return together(value)
	}
	var found []any
	for _, fault := range alone(name, value) {
		found = append(found, fault.text)
	}
	return found
}

// together returns the problems of a configuration that none of its settings has alone.
func together(value any) []any {
	var found []any
	settings, _ := value.(map[string]any)
	shown := map[string]bool{}
	for name, value := range settings {
		for _, fault := range alone(name, value) {
			shown[fault.text] = true
		}
	}
	faults, _ := problems(value)
	for _, fault := range faults {
		if _, given := settings[tableSetting]; fault.setting == tableSetting && !given {
			continue // the linter itself says that the field is required
		}
		if !shown[fault.text] {
			found = append(found, fault.text)
		}
	}
	return found
}

// problem is something that is wrong with a configuration.
type problem struct{ setting, text string }

// companies are two configurations, different in each setting: the required ones, and those by which others are judged. What
// is wrong with a setting in both of them is wrong whatever the other settings are.
var companies = []map[string]any{
	{"region": "us-east-1", "table": "table"},
	{"region": "eu-west-1", "table": "another", "mode": "insert", "duplicates": "fail", "version": "version"},
}

// alone returns the problems that a setting has by its value alone: the same in each of companies.
func alone(name string, value any) []problem {
	var found []problem
	for i, company := range companies {
		settings := maps.Clone(company)
		settings[name] = value
		faults, _ := problems(settings)
		faults = slices.DeleteFunc(faults, func(p problem) bool {
			return p.setting != name || i > 0 && !slices.Contains(found, p)
		})
		found = faults
	}
	return found
}

// problems returns what is wrong with a configuration as the engine has parsed it, and the settings that it holds.
func problems(value any) ([]problem, Settings) {
	given, ok := value.(map[string]any)
	if !ok {
		return []problem{{text: fmt.Sprintf("the settings are no object but a %T", value)}}, Settings{}
	}
	given = filled(given)
	s := Settings{MaxInFlight: 1}
	var faults []problem
	if n, ok := given[MaxInFlight]; ok {
		s.MaxInFlight, ok = whole(n)
		if !ok || s.MaxInFlight < 1 {
			faults = append(faults, problem{MaxInFlight, "/" + MaxInFlight + ": must be a whole number, 1 or more"})
		}
	}
	faults = append(faults, batchingProblems(given[Batching])...)
	delete(given, MaxInFlight)
	delete(given, Batching)

	faults = append(faults, unwritable(given)...)
	text, err := json.Marshal(given)
	if err == nil {
		s.Config, err = dynamodest.DecodeConfig(text)
	}
	if err == nil {
		err = withAWS(s.Config).Validate()
	}
	for _, err := range each(err) {
		faults = append(faults, newProblem(err))
	}
	if _, versioned := given["version"]; s.MaxInFlight > 1 && !versioned {
		faults = append(faults, problem{MaxInFlight, "/" + MaxInFlight + ": must be 1 without a version: batches that are written at the same time are not " +
			"in order, so an older row could replace a newer one. Set version to an attribute that says which row is newer, or leave " + MaxInFlight + " at 1"})
	}
	return faults, s
}

// unwritable takes out settings that JSON has no form for, and returns what is wrong with them.
func unwritable(settings map[string]any) []problem {
	var faults []problem
	maps.DeleteFunc(settings, func(name string, value any) bool {
		_, err := json.Marshal(value)
		if err != nil {
			faults = append(faults, problem{name, "/" + name + ": has a value that JSON has no form for, such as NaN"})
		}
		return err != nil
	})
	return faults
}

// filled returns an object without what is not filled in, as the command "create" leaves settings that are not needed: null, and
// empty texts, lists and objects.
func filled(object map[string]any) map[string]any {
	left := map[string]any{}
	for name, value := range object {
		switch v := value.(type) {
		case map[string]any:
			if v = filled(v); len(v) > 0 {
				left[name] = v
			}
		case []any:
			list := make([]any, len(v))
			for i, member := range v {
				list[i] = member
				if object, ok := member.(map[string]any); ok {
					list[i] = filled(object)
				}
			}
			if len(list) > 0 {
				left[name] = list
			}
		default:
			if value != nil && value != "" {
				left[name] = value
			}
		}
	}
	return left
}

// batchingProblems returns what is wrong with a batch policy.
func batchingProblems(value any) []problem {
	policy, _ := value.(map[string]any)
	size, _ := whole(policy["count"])
	bytes, _ := whole(policy["byte_size"])
	text, given := policy["period"].(string)
	period, err := time.ParseDuration(text)
	var faults []problem
	switch {
	case given && (err != nil || period <= 0):
		faults = append(faults, problem{Batching, "/" + Batching + `/period: must be a duration above 0, such as "1s"`})
	case !given && (size > 1 || bytes > 0 || policy["check"] != nil):
		faults = append(faults, problem{Batching, "/" + Batching + `/period: is missing, so a batch that is not full waits for ever: give one, such as "1s"`})
	}
	if policy["processors"] != nil {
		faults = append(faults, problem{Batching, "/" + Batching + "/processors: cannot be used: an engine cannot tell which messages were rejected once processors " +
			"have removed, added or merged some, so a row at fault could be lost. Move them to pipeline.processors"})
	}
	return faults
}

// whole returns a whole number of a configuration.
func whole(value any) (int, bool) {
	switch n := value.(type) {
	case int:
		return n, true
	case int64:
		return int(n), true
	case float64:
		return int(n), float64(int(n)) == n
	case json.Number:
		i, err := n.Int64()
		return int(i), err == nil
	}
	return 0, false
}

// each returns the errors that err joins.
func each(err error) []error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		return joined.Unwrap()
	}
	if err == nil {
		return nil
	}
	return []error{err}
}

// newProblem returns the problem that an error of the library's settings is.
func newProblem(err error) problem {
	var c *dynamodest.ConfigError
	if !errors.As(err, &c) || c.Pointer == "" {
		return problem{text: err.Error()}
	}
	setting, _, _ := strings.Cut(c.Pointer[1:], "/")
	return problem{setting, c.Pointer + ": " + c.Problem}
}

// regionOfHost matches the region in the host of an endpoint of AWS.
var regionOfHost = regexp.MustCompile(`\b[a-z]{2,4}(-[a-z]+)+-[0-9]{1,2}\b`)

// withAWS returns c with what the AWS configuration of the machine may give: so it can be validated before that is loaded. A
// region that is not given is taken to be that of the endpoint.
func withAWS(c dynamodest.Config) dynamodest.Config {
	region := cmp.Or(regionOfHost.FindString(c.Endpoint), "us-east-1")
	if c.Credentials == (dynamodest.Credentials{}) {
		c.AWS = &aws.Config{Region: region, Credentials: aws.AnonymousCredentials{}}
	} else if !saysRegion(c) {
		c.Region = region
	}
	return c
}

// saysRegion reports whether c says which region the table is in, if its table is valid.
func saysRegion(c dynamodest.Config) bool {
	return c.Region != "" || strings.HasPrefix(c.Table, "arn:")
}

// complete adds to c what the AWS configuration files and the environment say, as the AWS command line finds them. Access
// keys and a region in c go before theirs.
func complete(ctx context.Context, c dynamodest.Config) (dynamodest.Config, error) {
	keys := c.Credentials != (dynamodest.Credentials{})
	if c.Client != nil || keys && saysRegion(c) {
		return c, nil
	}
	loaded, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		return c, fmt.Errorf("AWS configuration: %w", err)
	}
	if keys {
		c.Region = loaded.Region
	} else {
		c.AWS = &loaded
	}
	return c, nil
}
