package typemap

import (
	"context"
	"database/sql/driver"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest/internal/fault"
	"github.com/dynamodest/dynamodest/internal/item"
	"github.com/dynamodest/dynamodest/internal/table"
)

// calling is a value whose method calls a function.
type calling func()

func (f calling) Value() (driver.Value, error) {
	f()
	return "done", nil
}

// leaving is a value whose method ends the goroutine, as a test's FailNow does.
var leaving = calling(runtime.Goexit)

func numbered(n int) []row {
	rows := make([]row, n)
	for i := range rows {
		rows[i] = row{"id": i}
	}
	return rows
}

// newShare returns a share of all rows, and where it puts their items.
func newShare(c *Converter, rows []row) (*share, []*item.Item) {
	items := make([]*item.Item, len(rows))
	return &share{errs: make([]*fault.Error, len(rows)), end: len(rows), convert: func(i int) (err *fault.Error) {
		items[i], err = c.convert(rows[i])
		return err
	}}, items
}

// slabsFor returns slabs for n rows.
func slabsFor(n, size int) []Slab {
	var slabs []Slab
	for ; n > 0; n -= size {
		slabs = append(slabs, Slab{make([]item.Item, min(n, size)), new(item.Texts)})
	}
	return slabs
}

func TestConvertAll(t *testing.T) {
	t.Parallel()
	c := New(Mapping{}, partitionKey("id", item.N))
	for _, n := range []int{0, 1, 31, 32, 33, 64, 65, 1000} {
		rows := numbered(n)
		for i := 5; i < n; i += 7 {
			rows[i] = row{"id": fmt.Sprint(i)}
		}
		items, errs := c.ConvertAll(t.Context(), rows)
		require.Len(t, items, n)
		require.Len(t, errs, n)
		for i, r := range rows {
			it, err := c.Convert(r)
			require.Equal(t, it, items[i], i)
			require.Equal(t, err, errs[i], i)
		}
	}
}

func TestConvertKeys(t *testing.T) {
	t.Parallel()
	for name, m := range map[string]Mapping{"plain": {}, "convert": {Convert: func(string, any) (any, bool, error) { return nil, false, nil }}} {
		c := New(m, partitionKey("id", item.N))
		rows := numbered(1000)
		for i := range rows {
			rows[i]["x"] = make(chan int) // which Convert refuses
		}
		rows[5] = nil
		rows[999] = row{"id": "text"}
		items, errs := c.ConvertKeys(t.Context(), rows)
		for i, r := range rows {
			it, err := c.ConvertKey(r)
			require.Equal(t, it, items[i], name)
			require.Equal(t, err, errs[i], name)
			require.Equal(t, i == 5 || i == 999, err != nil, name)
		}
	}
}

func TestConvertAllStopsWithItsContext(t *testing.T) {
	t.Parallel()
	c := New(Mapping{}, table.Schema{})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	rows := numbered(1000)
	for _, r := range rows {
		r["x"] = calling(cancel)
	}
	for _, goroutines := range []int{runtime.GOMAXPROCS(0), 0} { // the second time ctx is done from the start
		items, errs := c.ConvertAll(ctx, rows)
		reached := 0
		for i := range rows {
			assert.Nil(t, errs[i])
			if items[i] != nil {
				reached++
			}
		}
		assert.LessOrEqual(t, reached, goroutines)
	}
}

// A method that ends its goroutine costs its own row alone.
func TestGoexitCostsOneRow(t *testing.T) {
	t.Parallel()
	c := New(Mapping{}, table.Schema{})
	rows := numbered(10)
	for _, i := range []int{0, 4, 5, 9} {
		rows[i]["x"] = leaving
	}
	s, items := newShare(c, rows)
	var workers sync.WaitGroup
	c.start(t.Context(), &workers, s)
	workers.Wait()
	for i, r := range rows {
		if _, ok := r["x"]; ok {
			assert.Nil(t, items[i])
			require.NotNil(t, s.errs[i])
			assert.Equal(t, fault.Mapping, s.errs[i].Reason)
			assert.Equal(t, "a method of a value in the row called runtime.Goexit", s.errs[i].Text)
			assert.Contains(t, s.errs[i].Advice().Remedy, "remove that call")
			continue
		}
		assert.NotNil(t, items[i])
		assert.Nil(t, s.errs[i])
	}
}

// Once ctx is done a method that ends its goroutine starts no other goroutine.
func TestGoexitAfterTheContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	c := New(Mapping{}, table.Schema{})
	rows := numbered(10)
	rows[3]["x"] = calling(func() { cancel(); runtime.Goexit() })
	s, items := newShare(c, rows)
	var workers sync.WaitGroup
	c.start(ctx, &workers, s)
	workers.Wait()
	for i := range rows {
		assert.Nil(t, s.errs[i])
		assert.Equal(t, i < 3, items[i] != nil)
	}
}

// If a method ends the caller's own goroutine, no other goroutine is left behind.
func TestGoexitOfTheCaller(t *testing.T) {
	t.Parallel()
	c := New(Mapping{}, table.Schema{})
	rows := numbered(32 * 8)
	var converted atomic.Int32
	for _, r := range rows {
		r["x"] = calling(func() { converted.Add(1) })
	}
	last := len(rows) - 1
	rows[last]["x"] = leaving
	returned := false
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		c.ConvertAll(t.Context(), rows)
		returned = true
	}()
	<-ended
	assert.False(t, returned)
	assert.EqualValues(t, last, converted.Load())
}

// TestConvertIsRaceFree has a meaning only under the race detector: one Converter serves many
// goroutines.
func TestConvertIsRaceFree(t *testing.T) {
	t.Parallel()
	c := New(Mapping{}, partitionKey("id", item.N))
	var running sync.WaitGroup
	for g := range 8 {
		running.Go(func() {
			for i := range 200 {
				name := fmt.Sprint("c", (g+i)%5)
				it, err := c.Convert(row{"id": i, name: struct{ A, B int }{i, g}, "z": nil})
				assert.Nil(t, err)
				assert.Len(t, it.Attrs, 3)
			}
		})
	}
	running.Wait()
}

func TestEncodeAll(t *testing.T) {
	t.Parallel()
	for name, m := range map[string]Mapping{"plain": {}, "convert": {Convert: func(string, any) (any, bool, error) { return nil, false, nil }}} {
		c := New(m, partitionKey("id", item.N))
		for _, n := range []int{0, 1, 15, 16, 17, 32, 33, 48, 64, 65, 1000} {
			for _, size := range []int{16, 5, 64} {
				rows := numbered(n)
				for i := 5; i < n; i += 7 {
					rows[i] = row{"id": fmt.Sprint(i)}
				}
				slabs := slabsFor(n, size)
				errs := c.EncodeAll(t.Context(), rows, slabs)
				require.Len(t, errs, n)
				for i, r := range rows {
					it, err := c.Convert(r)
					sameFault(t, err, errs[i])
					if got := &slabs[i/size].Items[i%size]; err == nil {
						sameItem(t, it, got)
					} else {
						require.Equal(t, item.Item{}, *got, name)
					}
				}
			}
		}
	}
}

func TestEncodeAllStopsWithItsContext(t *testing.T) {
	t.Parallel()
	c := New(Mapping{}, table.Schema{})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	rows := numbered(1000)
	for _, r := range rows {
		r["x"] = calling(cancel)
	}
	for _, goroutines := range []int{runtime.GOMAXPROCS(0), 0} { // the second time ctx is done from the start
		slabs := slabsFor(len(rows), 16)
		errs := c.EncodeAll(ctx, rows, slabs)
		reached := 0
		for i := range rows {
			assert.Nil(t, errs[i])
			if slabs[i/16].Items[i%16].JSON != nil {
				reached++
			}
		}
		assert.LessOrEqual(t, reached, goroutines)
	}
}

// A method that ends its goroutine costs its own row alone, in any share but the caller's.
func TestGoexitCostsOneEncodedRow(t *testing.T) {
	t.Parallel()
	m := Mapping{Convert: func(string, any) (any, bool, error) { return nil, false, nil }} // so that no share is the caller's
	c := New(m, table.Schema{})
	rows := numbered(200)
	for i := 0; i < len(rows); i += 9 {
		rows[i]["x"] = leaving
	}
	slabs := slabsFor(len(rows), 16)
	errs := c.EncodeAll(t.Context(), rows, slabs)
	for i := range rows {
		if got := &slabs[i/16].Items[i%16]; i%9 == 0 {
			sameFault(t, c.errGoexit(), errs[i])
			assert.Equal(t, item.Item{}, *got)
		} else {
			assert.Nil(t, errs[i])
			assert.JSONEq(t, fmt.Sprintf(`{"id":{"N":"%d"}}`, i), string(got.AppendAttributes(nil)))
		}
	}
}
