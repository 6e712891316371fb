package source_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"testing"

	"github.com/dynamodest/dynamodest"
	"github.com/dynamodest/dynamodest/source"
)

const benchRows = 1000

var benchRow dynamodest.Row // where rows escape to

// BenchmarkNDJSON compares rows with objects that encoding/json decodes one after another.
func BenchmarkNDJSON(b *testing.B) {
	var text []byte
	for i := range benchRows {
		text = fmt.Appendf(text, `{"id":"ci%08d","mag":%d.25,"place":"4km W of Castaic, CA \u00e9","time":%d,"felt":null,"status":"automatic","tsunami":0,"sig":62,`+
			`"net":"ci","types":["geoserve","origin"],"dmin":0.04214,"geometry":{"type":"Point","coordinates":[-118.6671667,34.4945,26.49]}}`+"\n", i, i%9, 1517966773840+int64(i))
	}
	b.Run("source", func(b *testing.B) { benchSequence(b, text, source.NDJSONRows) })
	b.Run("encoding_json", func(b *testing.B) {
		b.SetBytes(int64(len(text)))
		b.ReportAllocs()
		for b.Loop() {
			decoder := json.NewDecoder(bytes.NewReader(text))
			decoder.UseNumber()
			n := 0
			for ; ; n++ {
				var row map[string]any
				if err := decoder.Decode(&row); errors.Is(err, io.EOF) {
					break
				} else if err != nil {
					b.Fatal(err)
				}
			}
			if n != benchRows {
				b.Fatal(n)
			}
		}
	})
}

// BenchmarkCSV compares rows with records of encoding/csv that are put into maps.
func BenchmarkCSV(b *testing.B) {
	text := []byte("iata,name,city,state,country,latitude,longitude\n")
	for i := range benchRows {
		text = fmt.Appendf(text, "%05d,Livingston Municipal,\"Livingston, TX\",TX,USA,30.68586111,-95.01792778\n", i)
	}
	b.Run("source", func(b *testing.B) { benchSequence(b, text, source.CSVRows) })
	b.Run("encoding_csv", func(b *testing.B) {
		b.SetBytes(int64(len(text)))
		b.ReportAllocs()
		for b.Loop() {
			reader := csv.NewReader(bytes.NewReader(text))
			reader.ReuseRecord = true
			first, err := reader.Read()
			if err != nil {
				b.Fatal(err)
			}
			header, n := append([]string(nil), first...), 0
			for ; ; n++ {
				record, err := reader.Read()
				if errors.Is(err, io.EOF) {
					break
				} else if err != nil {
					b.Fatal(err)
				}
				row := make(map[string]any, len(header))
				for i, name := range header {
					row[name] = record[i]
				}
				benchRow = row
			}
			if n != benchRows {
				b.Fatal(n)
			}
		}
	})
}

// benchSequence reads text, all of whose benchRows lines are rows.
func benchSequence(b *testing.B, text []byte, rows func(io.Reader) iter.Seq2[dynamodest.Row, error]) {
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		n := 0
		for row, err := range rows(bytes.NewReader(text)) {
			if err != nil {
				b.Fatal(err)
			}
			benchRow = row
			n++
		}
		if n != benchRows {
			b.Fatal(n)
		}
	}
}
