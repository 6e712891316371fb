package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"reflect"
	"regexp"
	"strings"

	"github.com/aws/aws-sdk-go-v2/config"

	"github.com/dynamodest/dynamodest"
	"github.com/dynamodest/dynamodest/cmd/dynamodest/internal/serve"
	"github.com/dynamodest/dynamodest/cmd/dynamodest/internal/words"
)

// settings are the flags that say where rows go and how. They go before what the file of -config says.
type settings struct {
	Config   string `placeholder:"FILE" type:"existingfile" help:"Settings as JSON, in the form that 'dynamodest schema' describes. Flags go before it."`
	Table    string `placeholder:"NAME" help:"Name or ARN of the table."`
	Region   string `help:"AWS region of the table. The default is that of the ARN, of the profile or of the environment."`
	Profile  string `help:"Profile of the AWS configuration files."`
	Endpoint string `placeholder:"URL" help:"Where requests go, for local servers and VPC endpoints."`

	Local bool   `help:"Write to a table in the memory of this process: no account is needed, and nothing leaves the machine."`
	Key   string `placeholder:"NAME:TYPE" help:"With -local, the key of the table, such as id:S, or id:S,at:N with a sort key. The default is the first column."`

	Mode             string      `placeholder:"MODE" help:"upsert (default) or insert."`
	OnExisting       string      `placeholder:"WORD" help:"With -mode insert, if the key already exists: overwrite (default), skip or fail."`
	VersionAttribute string      `placeholder:"NAME" help:"Attribute that says which of two rows of a key is newer: an item is only replaced by a newer one."`
	DeleteColumn     string      `placeholder:"NAME" help:"Column that says whether a row is a delete."`
	Duplicates       string      `placeholder:"WORD" help:"Rows of one key: last (default) writes the last one, fail refuses them."`
	Map              []string    `sep:"none" placeholder:"COLUMN=ATTRIBUTE:TYPE" help:"Write a column, as an attribute of this name and type. May be repeated: then only these columns are written. Attribute and type may be left out."`
	Type             columnTypes `placeholder:"COLUMN=TYPE" help:"Type of a column, such as S, N, B, BOOL, M or EPOCH_SECONDS. May be repeated."`
	Null             string      `placeholder:"WORD" help:"A null becomes: null (default), omit (no attribute) or refuse (the row fails)."`
	Empty            string      `placeholder:"WORD" help:"An empty text becomes: null (default), keep or omit."`
	Missing          string      `placeholder:"WORD" help:"A column that a row lacks: nothing (default), null or required."`
	Concurrency      int         `placeholder:"N" help:"Most requests in flight at once (64 by default)."`
	MaxRate          float64     `placeholder:"UNITS" help:"Most write units a second."`
}

// read returns the settings as a Config, without AWS's part.
func (s *settings) read() (dynamodest.Config, error) {
	var c dynamodest.Config
	if s.Config != "" {
		data, err := os.ReadFile(s.Config)
		if err != nil {
			return c, usageError("-config: %w", err)
		}
		if c, err = dynamodest.DecodeConfig(data); err != nil {
			return c, s.settingsError(err, nil)
		}
	}
	c.Table = cmp.Or(s.Table, c.Table)
	c.Region = cmp.Or(s.Region, c.Region)
	c.Endpoint = cmp.Or(s.Endpoint, c.Endpoint)
	c.Mode = cmp.Or(dynamodest.Mode(s.Mode), c.Mode)
	c.OnExisting = cmp.Or(dynamodest.OnExisting(s.OnExisting), c.OnExisting)
	c.Version = cmp.Or(s.VersionAttribute, c.Version)
	c.Delete = cmp.Or(s.DeleteColumn, c.Delete)
	c.Duplicates = cmp.Or(dynamodest.Duplicates(s.Duplicates), c.Duplicates)
	c.Mapping.Null = cmp.Or(dynamodest.Null(s.Null), c.Mapping.Null)
	c.Mapping.EmptyString = cmp.Or(dynamodest.EmptyString(s.Empty), c.Mapping.EmptyString)
	c.Mapping.Missing = cmp.Or(dynamodest.Missing(s.Missing), c.Mapping.Missing)
	c.Concurrency = cmp.Or(s.Concurrency, c.Concurrency)
	c.WriteUnitsPerSecond = cmp.Or(s.MaxRate, c.WriteUnitsPerSecond)
	return c, nil
}

// addAWS adds to c what the AWS configuration files and the environment say. Access keys in c go before
// theirs.
func (s *settings) addAWS(ctx context.Context, c *dynamodest.Config) error {
	keys := c.Credentials != (dynamodest.Credentials{})
	if keys && c.Region != "" {
		return nil
	}
	loaded, err := config.LoadDefaultConfig(ctx, config.WithSharedConfigProfile(s.Profile))
	if err != nil {
		return usageError("AWS configuration: %w", err)
	}
	if keys {
		c.Region = loaded.Region
		return nil
	}
	c.AWS = &loaded
	return nil
}

// keyFunc returns the key of a local table that none was given for.
type keyFunc func() ([]dynamodest.KeyAttribute, error)

// destination returns a Destination for c, which it completes: with -local by a table in memory, whose key is
// key's unless -key gives one, and otherwise by AWS's settings. The caller calls end.
func (s *settings) destination(ctx context.Context, sys *system, c *dynamodest.Config, key keyFunc) (dest *dynamodest.Destination, end func(), err error) {
	end = func() {}
	if s.Local {
		table, err := s.makeLocal(ctx, sys, c, key)
		if err != nil {
			return nil, nil, err
		}
		end = table.close
	} else if err := s.addAWS(ctx, c); err != nil {
		return nil, nil, err
	}
	if dest, err = dynamodest.New(ctx, *c); err != nil {
		end()
		return nil, nil, s.setupError(err, c.Mapping.Fields)
	}
	return dest, end, nil
}

// makeLocal makes the table of -local if the settings are right, and points c at it. The caller closes it.
func (s *settings) makeLocal(ctx context.Context, sys *system, c *dynamodest.Config, key keyFunc) (*local, error) {
	c.Table = cmp.Or(c.Table, localName)
	if s.Key != "" {
		key = func() ([]dynamodest.KeyAttribute, error) {
			key, err := serve.ParseKey(s.Key)
			if err != nil {
				return nil, usageError("-key: %w", err)
			}
			return key, nil
		}
	}
	attributes, keyErr := key()
	if err := checkLocal(*c); err != nil {
		return nil, s.settingsError(errors.Join(append(each(err), keyErr)...), c.Mapping.Fields)
	} else if keyErr != nil {
		return nil, keyErr
	}
	table, err := serveLocal(ctx, c, attributes)
	if err == nil {
		fmt.Fprintf(sys.stderr, "-local: a table with the key %s, in the memory of this process\n", words.Name(serve.FormatKey(attributes)))
	}
	return table, err
}

// isARN reports whether a table is given by its ARN.
func isARN(table string) bool { return strings.HasPrefix(table, "arn:") }

// defaultKey returns the key of a local table where there are no columns to take it from.
func defaultKey() ([]dynamodest.KeyAttribute, error) {
	return partitionKey("id", dynamodest.String), nil
}

// setupError gives an error of the library its exit code and the terms of the command, unless it has them. fields are
// those of the mapping.
func (s *settings) setupError(err error, fields []dynamodest.Field) error {
	var coded *exitError
	var table *dynamodest.TableError
	switch {
	case errors.As(err, &coded):
		return err
	case errors.As(err, &table):
		return &exitError{code: exitStopped, err: forUsers(err)}
	}
	return s.settingsError(err, fields)
}

// settingsError returns the error for settings that are wrong: a line for each fault, after where a user finds the
// setting.
func (s *settings) settingsError(err error, fields []dynamodest.Field) error {
	text := "the settings are wrong:"
	if s.Config != "" {
		text = "the settings are wrong (those with a slash are in " + s.Config + "):"
	}
	for _, err := range each(err) {
		var fault *dynamodest.ConfigError
		if errors.As(err, &fault) {
			text += "\n" + s.name(fault, fields) + ": " + words.Command(fault.Problem, "") + s.keyRemedy(fault.Problem)
		} else {
			text += "\n" + err.Error()
		}
	}
	return &exitError{code: exitUsage, err: &userError{err, text}}
}

// tableKey matches what the problem of a setting that does not fit the key of the table says of it.
var tableKey = regexp.MustCompile(`(partition|sort) key \(`)

// keyRemedy returns what else fixes a problem, if the key of the table can be another one; otherwise "".
func (s *settings) keyRemedy(problem string) string {
	if !s.Local || !tableKey.MatchString(problem) {
		return ""
	}
	return "; or give the table of -local another key by -key"
}

// each returns the errors that err joins, or err itself.
func each(err error) []error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		return joined.Unwrap()
	}
	return []error{err}
}

// name returns the flag of the setting that has a fault, or its JSON pointer in the file of -config. fields are those of
// the mapping.
func (s *settings) name(fault *dynamodest.ConfigError, fields []dynamodest.Field) string {
	var i int
	if _, err := fmt.Sscanf(fault.Field, "Mapping.Fields[%d]", &i); err == nil && i < len(fields) {
		column := fields[i].Column
		_, typed := s.Type[column]
		switch {
		case typed && strings.HasSuffix(fault.Field, ".Type"):
			return "-type " + words.Name(column)
		case i < len(s.Map):
			return "-map " + words.Name(s.Map[i])
		}
	}
	flag, pointer := words.Flag(fault.Field), fault.Pointer
	member := fault.Field[strings.LastIndex(fault.Field, ".")+1:]
	switch {
	case fault.Field == "Config": // the file as a whole
		return "-config"
	case flag == "" || strings.HasSuffix(pointer, "/"+member): // a name as it is written, which is unknown
		return cmp.Or(pointer, fault.Field)
	case s.Config == "" || pointer == "" || s.given(flag):
		return flag
	}
	return pointer + " (" + flag + ")"
}

// inWords matches where two words of a Go name meet.
var inWords = regexp.MustCompile(`([a-z])([A-Z])`)

// given reports whether the command line has a flag, by the names that kong makes of those of the fields.
func (s *settings) given(flag string) bool {
	v := reflect.ValueOf(s).Elem()
	for i := range v.NumField() {
		if "-"+strings.ToLower(inWords.ReplaceAllString(v.Type().Field(i).Name, "$1-$2")) == flag {
			return !v.Field(i).IsZero()
		}
	}
	return false
}
