package measure

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Usage is what one run of a contestant took.
type Usage struct {
	Rows   int           // rows written, or calls made
	Wall   time.Duration // time on the clock
	CPU    time.Duration // of this process, all threads, the garbage collector's too
	Allocs uint64        // heap objects allocated
	Bytes  uint64        // heap bytes allocated
	Live   uint64        // heap bytes that were reachable in the middle of the run; 0: not looked at
	Peak   uint64        // peak resident memory of a process of its own; 0: it had none
}

// Observe runs f, which handles so many rows, and returns what that took. Garbage of earlier runs is collected
// before it.
func Observe(ctx context.Context, rows int, f func(context.Context) error) (Usage, error) {
	runtime.GC()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	cpu, err := ProcessCPU()
	if err != nil {
		return Usage{}, err
	}
	begin := time.Now()
	if err := f(ctx); err != nil {
		return Usage{}, err
	}
	u := Usage{Rows: rows, Wall: time.Since(begin)}
	end, err := ProcessCPU()
	u.CPU = end - cpu
	runtime.ReadMemStats(&after)
	u.Allocs, u.Bytes = after.Mallocs-before.Mallocs, after.TotalAlloc-before.TotalAlloc
	return u, err
}

// ProcessCPU returns the CPU time that this process has used so far.
func ProcessCPU() (time.Duration, error) {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		return 0, fmt.Errorf("getrusage: %w", err)
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano()), nil
}

// LiveHeap returns the heap bytes that are reachable now.
func LiveHeap() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// PeakMemory returns the peak resident memory of this process, which Linux alone reports for a process and not for
// the one that started it too.
func PeakMemory() (uint64, error) {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0, fmt.Errorf("the peak of the resident memory, which needs Linux: %w", err)
	}
	_, after, _ := strings.Cut(string(status), "VmHWM:")
	line, _, _ := strings.Cut(after, "\n")
	kilobytes, err := strconv.ParseUint(strings.TrimSpace(strings.TrimSuffix(line, "kB")), 10, 64)
	return kilobytes << 10, err
}

// Metric is a number that is made of a usage.
type Metric struct {
	Name string
	Unit string
	Of   func(Usage) float64
}

// The metrics.
var (
	CPU     = Metric{"CPU a row", "µs", func(u Usage) float64 { return float64(u.CPU.Nanoseconds()) / 1e3 / float64(u.Rows) }}
	Rate    = Metric{"rows a second", "rows/s", func(u Usage) float64 { return float64(u.Rows) / u.Wall.Seconds() }}
	Latency = Metric{"time a call", "µs", func(u Usage) float64 { return float64(u.Wall.Nanoseconds()) / 1e3 / float64(u.Rows) }}
	Allocs  = Metric{"allocations a row", "allocs", func(u Usage) float64 { return float64(u.Allocs) / float64(u.Rows) }}
	Live    = Metric{"live heap", "MiB", func(u Usage) float64 { return float64(u.Live) / (1 << 20) }}
	Peak    = Metric{"peak resident memory", "MiB", func(u Usage) float64 { return float64(u.Peak) / (1 << 20) }}
	Bytes   = Metric{"bytes allocated a row", "B", func(u Usage) float64 { return float64(u.Bytes) / float64(u.Rows) }}
)
