package writers

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"github.com/dynamodest/dynamodest/internal/benchmarks/measure"
	"github.com/dynamodest/dynamodest/internal/benchmarks/wire"
)

//go:embed boto3.py
var boto3 string

// Boto3Version returns the version of boto3 that python3 has, or why there is none.
func Boto3Version(ctx context.Context) (string, error) {
	out, err := exec.CommandContext(ctx, "python3", "-c", "import boto3; print(boto3.__version__)").Output()
	if err != nil {
		return "", errors.New("python3 with boto3 is not installed")
	}
	return strings.TrimSpace(string(out)), nil
}

// Boto3 writes so many rows by boto3's batch_writer, which has one thread, and returns what that took in its process.
func Boto3(ctx context.Context, url string, rows int) (measure.Usage, error) {
	out, err := exec.CommandContext(ctx, "python3", "-c", boto3, url, wire.Table, strconv.Itoa(rows)).Output()
	if failed := (*exec.ExitError)(nil); errors.As(err, &failed) {
		return measure.Usage{}, fmt.Errorf("boto3: %w\n%s", err, failed.Stderr)
	}
	if err != nil {
		return measure.Usage{}, err
	}
	var took struct{ Seconds, CPU float64 }
	if err := json.Unmarshal(out, &took); err != nil {
		return measure.Usage{}, err
	}
	seconds := func(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
	return measure.Usage{Rows: rows, Wall: seconds(took.Seconds), CPU: seconds(took.CPU)}, nil
}
