package main

import (
	"bytes"
	_ "embed"
	"io"
	"strings"

	"github.com/dynamodest/dynamodest"
)

// sampleKey is the partition key of the table that the sample is for.
const sampleKey = "iata"

// sampleRate is the write units a second that the settings of the sample allow: the run then takes some seconds,
// in which there is something to see.
const sampleRate = 500

//go:embed sample/airports.csv
var airports []byte

// extra are lines that are added to the sample, after the line with the number: five that cannot be written, and a
// correction of the first airport.
var extra = map[int]string{
	400:  ",Airport without a code,Nowhere,TX,USA,31.0,-97.0",
	900:  "ZZ1,Latitude in words,Nowhere,TX,USA,north,-97.0",
	1400: "ZZ2,Fields are missing,Nowhere,TX",
	1900: "ZZ3,A \"quote\" out of place,Nowhere,TX,USA,31.0,-97.0",
	2400: "ZZ4,More than 38 digits,Nowhere,TX,USA,31.0,-97." + strings.Repeat("12345", 8),
	2900: "00M,Thigpen Field,Bay Springs,MS,USA,31.95376472,-89.23450472",
}

// sample returns the sample with its added lines.
func sample() io.Reader {
	var out bytes.Buffer
	line := 0
	for text := range bytes.Lines(airports) {
		line++
		out.Write(text)
		if added, ok := extra[line]; ok {
			out.WriteString(added + "\n")
		}
	}
	return &out
}

// sampleMapping is the mapping for the sample.
func sampleMapping() dynamodest.Mapping {
	return dynamodest.Mapping{Fields: []dynamodest.Field{
		{Column: "iata"},
		{Column: "name"},
		{Column: "city"},
		{Column: "state"},
		{Column: "country"},
		{Column: "latitude", Type: dynamodest.Number},
		{Column: "longitude", Type: dynamodest.Number},
	}}
}
