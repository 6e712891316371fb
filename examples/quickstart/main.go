// Command quickstart writes a week of earthquakes to a DynamoDB table, prints the outcome of the
// rows, and reads the table back to check it.
//
//	go run ./examples/quickstart
//
// It needs no AWS account: the table is in this program's memory, and the AWS SDK's client talks to
// it over HTTP. With -endpoint the table is on another DynamoDB server, whose region is -region,
// else AWS_REGION, else us-east-1; with -region alone it is on AWS. The keys are then those in
// AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN.
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http/httptest"
	"os"
	"os/signal"
	"time"

	"github.com/dynamodest/dynamodest"
	"github.com/dynamodest/dynamodest/dynamodesttest"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "quickstart:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) (err error) {
	flags := flag.NewFlagSet("quickstart", flag.ContinueOnError)
	endpoint := flags.String("endpoint", "", "`URL` of a DynamoDB server")
	region := flags.String("region", "", "AWS `region`")
	table := flags.String("table", "dynamodest-quickstart", "`name` of the table; it is created if it is missing")
	keep := flags.Bool("keep", false, "leave a table that was created here in place")
	if err := flags.Parse(args); err != nil {
		return err
	}

	cfg := dynamodest.Config{Region: *region, Table: *table, Endpoint: *endpoint, Mapping: mapping}
	where := "AWS, " + *region
	if *endpoint == "" && *region == "" {
		server := httptest.NewServer(dynamodesttest.New())
		defer server.Close()
		where = "this program's memory"
		cfg.Endpoint, cfg.Region = server.URL, "us-east-1"
		cfg.Credentials = dynamodest.Credentials{AccessKeyID: "example", SecretAccessKey: "example"}
	} else {
		if *endpoint != "" {
			where = *endpoint
			cfg.Region = cmp.Or(*region, os.Getenv("AWS_REGION"), "us-east-1")
		}
		cfg.Credentials = dynamodest.Credentials{
			AccessKeyID:     os.Getenv("AWS_ACCESS_KEY_ID"),
			SecretAccessKey: os.Getenv("AWS_SECRET_ACCESS_KEY"),
			SessionToken:    os.Getenv("AWS_SESSION_TOKEN"),
		}
		if cfg.Credentials.AccessKeyID == "" || cfg.Credentials.SecretAccessKey == "" {
			return errors.New("set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; DynamoDB Local and dynalite accept any values")
		}
	}
	if err := cfg.Validate(); err != nil { // reports every problem at once, each with its field
		return err
	}

	fmt.Fprintf(out, "Table %s in %s\n", *table, where)
	created, err := createTable(ctx, cfg)
	if err != nil {
		return err
	}
	if created && !*keep {
		defer func() { err = errors.Join(err, deleteTable(ctx, cfg)) }()
	}
	return write(ctx, cfg, created, out)
}

// write shows how to use the library: it writes rows to a table and prints the outcome of each row
// that failed.
func write(ctx context.Context, cfg dynamodest.Config, wasEmpty bool, out io.Writer) error {
	rows, err := earthquakes()
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%d rows: a week of earthquakes, the first %d of them twice, and %d rows that are bad on purpose\n",
		len(rows), revised, len(badRows()))

	dest, err := dynamodest.New(ctx, cfg) // describes the table, and writes nothing
	if err != nil {
		return err
	}
	start := time.Now()
	result, err := dest.Write(ctx, rows)
	account(out, result, time.Since(start))

	// The failed rows have been printed. A Stop is not the fault of a row: access denied, a missing
	// table, an interrupt.
	var failed *dynamodest.WriteError
	if errors.As(err, &failed) && failed.Stop != nil {
		return failed.Stop
	}
	return compare(ctx, cfg, dest, rows, result, wasEmpty, out)
}

// account prints the outcome of the rows, and what an engine should warn of.
func account(out io.Writer, result dynamodest.Result, elapsed time.Duration) {
	s := result.Summary
	fmt.Fprintf(out, "\nDone in %v: %.0f rows/s, %d requests, %.0f write units\n",
		elapsed.Round(time.Millisecond), float64(s.Rows)/elapsed.Seconds(), s.Requests, s.WriteUnits)
	fmt.Fprintf(out, "%6d written\n", s.Written)
	fmt.Fprintf(out, "%6d superseded: a later row with the same key was written instead\n", s.Superseded)
	fmt.Fprintf(out, "%6d not written\n", s.NotWritten)
	fmt.Fprintf(out, "%6d unknown: sent, and no response says whether they were written\n", s.Unknown)

	for _, column := range s.MissingColumns { // a misspelt name, or a column that the source has lost
		fmt.Fprintf(out, "\nwarning: no row has the column %q of the mapping, so its attribute is in no item\n", column)
	}
	for _, r := range result.Rows {
		if r.Err != nil { // names the row and the column, the reason and the fix
			fmt.Fprintf(out, "\n%v: %v\n", r.Outcome, r.Err)
		}
	}
}
