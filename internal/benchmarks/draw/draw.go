// Package draw draws charts as SVG files.
package draw

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"image/color"
	"os"
	"path/filepath"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"

	"github.com/dynamodest/dynamodest/internal/benchmarks/measure"
)

// Chart is a chart with bars or lines.
type Chart struct {
	File  string // without its extension
	Title string
	Axis  string // what the bars, or the heights of the lines, stand for
	Bars  []Bar
	Lines []Line
	Along string // what the lines go along
}

// Bar is a value with its name.
type Bar struct {
	Name  string
	Value float64
	Ours  bool // of the library, which has a color of its own
}

// Line is a line with its name. Points are evenly spaced: the labels of the axis say where they are.
type Line struct {
	Name   string
	Labels []string
	Values []float64
}

// Add adds a point.
func (l *Line) Add(label string, value float64) {
	l.Labels, l.Values = append(l.Labels, label), append(l.Values, value)
}

// Colors that readers with the common color deficiencies tell apart.
var colors = []color.Color{
	color.RGBA{0, 0x72, 0xb2, 0xff}, color.RGBA{0xd5, 0x5e, 0, 0xff}, color.RGBA{0, 0x9e, 0x73, 0xff}, color.RGBA{0xcc, 0x79, 0xa7, 0xff},
}

// sans is the variant of all fonts.
const sans = "Sans"

var gray = color.RGBA{0xb8, 0xb8, 0xb8, 0xff}

const (
	width      = 760 * vg.Length(0.75) // 760 pixels
	lineHeight = 24 * vg.Length(0.75)
	captionTop = 14 * vg.Length(0.75)
)

// Save draws the chart, with a caption of several lines, as a file in dir.
func (c Chart) Save(dir, caption string) error {
	svg, err := c.svg(caption)
	if err != nil {
		return fmt.Errorf("chart %s: %w", c.File, err)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, c.File+".svg"), svg, 0o644)
}

func (c Chart) svg(caption string) ([]byte, error) {
	p := plot.New()
	p.Title.Text, p.Title.Padding = c.Title, 6
	for _, style := range []*draw.TextStyle{
		&p.Title.TextStyle, &p.X.Label.TextStyle, &p.Y.Label.TextStyle, &p.X.Tick.Label, &p.Y.Tick.Label, &p.Legend.TextStyle,
	} {
		style.Font.Variant = sans
	}
	height := 340 * vg.Length(0.75)
	var err error
	if len(c.Bars) > 0 {
		height = lineHeight*vg.Length(len(c.Bars)) + 90*0.75
		err = c.addBars(p)
	} else {
		err = c.addLines(p)
	}
	if err != nil {
		return nil, err
	}
	lines := strings.Split(caption, "\n")
	bottom := captionTop*vg.Length(len(lines)) + 12
	canvas := vgsvg.New(width, height+bottom)
	page := draw.New(canvas)
	page.SetColor(color.White)
	page.Fill(page.Rectangle.Path())
	p.Draw(draw.Crop(page, 6, -18, bottom, -6))
	style := draw.TextStyle{Color: color.Gray{0x55}, Font: p.X.Label.TextStyle.Font, Handler: p.TextHandler}
	style.Font.Size = 8
	for i, line := range lines {
		page.FillText(style, vg.Point{X: 8, Y: bottom - captionTop*vg.Length(i+1)}, line)
	}
	var b bytes.Buffer
	if _, err := canvas.WriteTo(&b); err != nil {
		return nil, err
	}
	// Readers who lack the font in which the text was measured have one of nearly the same widths.
	svg := bytes.ReplaceAll(b.Bytes(), []byte("font-family:Liberation Sans;"), []byte("font-family:Liberation Sans,Arial,Helvetica,sans-serif;"))
	return withTitle(svg, c.Title), nil
}

// withTitle adds the title that screen readers read.
func withTitle(svg []byte, title string) []byte {
	var escaped bytes.Buffer
	_ = xml.EscapeText(&escaped, []byte(title)) // a Buffer takes everything
	start := bytes.Index(svg, []byte("<svg"))
	end := start + bytes.IndexByte(svg[start:], '>') + 1
	return append(svg[:end:end], append([]byte("\n<title>"+escaped.String()+"</title>"), svg[end:]...)...)
}

// addBars adds horizontal bars, the first at the top.
func (c Chart) addBars(p *plot.Plot) error {
	names := make([]string, len(c.Bars))
	var labels plotter.XYLabels
	for i, bar := range c.Bars {
		at := float64(len(c.Bars) - 1 - i)
		names[len(c.Bars)-1-i] = bar.Name
		one, err := plotter.NewBarChart(plotter.Values{bar.Value}, lineHeight*0.66)
		if err != nil {
			return err
		}
		one.Horizontal, one.XMin, one.LineStyle.Width, one.Color = true, at, 0, gray
		if bar.Ours {
			one.Color = colors[0]
		}
		p.Add(one)
		labels.XYs = append(labels.XYs, plotter.XY{X: bar.Value, Y: at})
		labels.Labels = append(labels.Labels, fmt.Sprintf(" %.3g", bar.Value))
	}
	numbers, err := plotter.NewLabels(labels)
	if err != nil {
		return err
	}
	for i := range numbers.TextStyle {
		numbers.TextStyle[i].YAlign, numbers.TextStyle[i].Font.Variant = text.YCenter, sans
	}
	p.Add(numbers)
	p.NominalY(names...)
	p.Y.Padding = 14 // so that bars cover no name whose font is wider than ours
	p.X.Label.Text, p.X.Min = c.Axis, 0
	p.X.Max *= 1.08
	return nil
}

// wholeTicks returns the default ticks, with whole numbers that have commas.
func wholeTicks(least, most float64) []plot.Tick {
	ticks := plot.DefaultTicks{}.Ticks(least, most)
	for i, tick := range ticks {
		if tick.Label != "" {
			ticks[i].Label = measure.Number(tick.Value)
		}
	}
	return ticks
}

func (c Chart) addLines(p *plot.Plot) error {
	for i, line := range c.Lines {
		points := make(plotter.XYs, len(line.Values))
		for j, v := range line.Values {
			points[j] = plotter.XY{X: float64(j), Y: v}
		}
		drawn, dots, err := plotter.NewLinePoints(points)
		if err != nil {
			return err
		}
		drawn.Color, drawn.Width = colors[i%len(colors)], 1.5
		dots.Color, dots.Shape, dots.Radius = drawn.Color, draw.CircleGlyph{}, 2.5
		p.Add(drawn, dots)
		p.Legend.Add(line.Name, drawn, dots)
	}
	p.Add(plotter.NewGrid())
	p.Legend.Top, p.Legend.Left, p.Legend.Padding = true, true, 3
	p.Y.Tick.Marker = plot.TickerFunc(wholeTicks)
	p.X.Label.Text, p.Y.Label.Text, p.Y.Min = c.Along, c.Axis, 0
	p.Y.Max *= 1.25 // room for the legend
	if len(c.Lines) > 0 {
		p.NominalX(c.Lines[0].Labels...)
	}
	return nil
}
