package scenario

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// chart is a drawing of rates over time.
type chart struct {
	title    string
	seconds  []float64 // the ends of the intervals of the lines; the first begins at 0
	capacity []level   // empty: none is drawn
	lines    []line
}

// line is a rate in each interval of a chart.
type line struct {
	name   string
	color  string
	filled bool // down to the axis
	rates  []float64
}

// The size of a drawing, and of the margins around its plot, in pixels.
const (
	width, height                               = 900, 360
	marginLeft, marginRight, marginTop, marginX = 70, 20, 66, 48
)

// The colors of lines, which differ for color-blind readers too.
const appliedColor, refusedColor = "#0072b2", "#d55e00"

// maxPoints is the largest number of intervals drawn. It keeps files small, and makes an interval of
// a minute long enough for the rate not to depend on where single requests fall.
const maxPoints = 240

// chart returns the drawing of a series.
func (s series) chart(title string) chart {
	c := chart{title: title, capacity: s.capacity}
	others := line{name: "applied by other writers", color: "#b8b8b8", filled: true}
	ours := line{name: "applied by the library", color: appliedColor}
	refused := line{name: "refused rows of the library", color: refusedColor}
	few := s.samples.thin(maxPoints)
	for i := 1; i < len(few); i++ {
		d := few[i].minus(few[i-1])
		c.seconds = append(c.seconds, few[i].at-few[0].at)
		others.rates = append(others.rates, d.Others/d.at)
		ours.rates = append(ours.rates, d.ours()/d.at)
		refused.rates = append(refused.rates, d.returned/d.at)
	}
	if s.samples.total().Others > 0 {
		c.lines = append(c.lines, others)
	}
	c.lines = append(c.lines, refused, ours)
	return c
}

// Simulated returns the drawing of a simulation, as SVG: what workers that share a table of one capacity applied,
// and what it refused them, in write units a second over intervals of so many seconds.
func Simulated(title string, capacity, interval float64, applied, refused []float64) []byte {
	c := chart{title: title, capacity: []level{{units: capacity}}, lines: []line{
		{name: "refused units", color: refusedColor, rates: refused},
		{name: "applied units", color: appliedColor, rates: applied},
	}}
	for i := range applied {
		c.seconds = append(c.seconds, float64(i+1)*interval)
	}
	return c.svg()
}

// save writes the drawing of a series to the file name.svg in dir.
func (s series) save(dir, name, about string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, name+".svg"), s.chart(name+": "+about).svg(), 0o644)
}

// svg returns the drawing, which is the same for equal charts.
func (c chart) svg() []byte {
	x, y := c.axes()
	var b bytes.Buffer
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %[1]d %[2]d" role="img" aria-labelledby="title desc" font-family="system-ui, sans-serif" font-size="12" fill="#333">`+"\n", width, height)
	fmt.Fprintf(&b, "<title id=\"title\">%s</title>\n<desc id=\"desc\">%s</desc>\n", escaped(c.title), escaped(c.description()))
	fmt.Fprintf(&b, "<rect width=\"%d\" height=\"%d\" fill=\"#fff\"/>\n", width, height)
	fmt.Fprintf(&b, "<text x=\"%d\" y=\"26\" font-size=\"15\" font-weight=\"600\">%s</text>\n", marginLeft, escaped(c.title))
	x.drawVertical(&b)
	y.drawHorizontal(&b)
	for _, l := range c.lines {
		c.draw(&b, l, x, y)
	}
	if len(c.capacity) > 0 {
		fmt.Fprintf(&b, "<path d=\"%s\" %s/>\n", c.capacityPath(x, y), capacityStroke)
	}
	c.legend(&b)
	b.WriteString("</svg>\n")
	return b.Bytes()
}

const capacityStroke = `fill="none" stroke="#111" stroke-width="1.5" stroke-dasharray="6 4"`

// end returns the length of the time axis, in seconds.
func (c chart) end() float64 {
	if len(c.seconds) == 0 {
		return 1
	}
	return c.seconds[len(c.seconds)-1]
}

// axes returns the axis of the time, and the axis of the rates, which has room for the largest.
func (c chart) axes() (x, y axis) {
	top := 0.0
	for _, l := range c.capacity {
		top = max(top, l.units)
	}
	for _, l := range c.lines {
		for _, rate := range l.rates {
			top = max(top, rate)
		}
	}
	step := niceStep(top, 5)
	end := math.Ceil(c.end())
	x = axis{from: marginLeft, to: width - marginRight, end: end, step: niceStep(end, 10)}
	y = axis{from: height - marginX, to: marginTop, end: max(step, math.Ceil(top/step)*step), step: step}
	return x, y
}

// draw draws a line through the middles of the intervals.
func (c chart) draw(b *bytes.Buffer, l line, x, y axis) {
	if len(l.rates) == 0 {
		return
	}
	var path strings.Builder
	from := 0.0
	for i, rate := range l.rates {
		fmt.Fprintf(&path, "L%s %s", x.at((from+c.seconds[i])/2), y.at(rate))
		from = c.seconds[i]
	}
	d := path.String()[1:]
	if l.filled {
		first, last := x.at(c.seconds[0]/2), x.at((c.end()+c.seconds[max(0, len(c.seconds)-2)])/2)
		fmt.Fprintf(b, "<path d=\"M%s %sL%sL%s %sZ\" fill=\"%s\"/>\n", first, y.at(0), d, last, y.at(0), l.color)
		return
	}
	fmt.Fprintf(b, "<path d=\"M%s\" fill=\"none\" stroke=\"%s\" stroke-width=\"1.5\" stroke-linejoin=\"round\"/>\n", d, l.color)
}

// capacityPath returns the path of the capacity, a flight of steps.
func (c chart) capacityPath(x, y axis) string {
	var path strings.Builder
	for i, l := range c.capacity {
		if i == 0 {
			fmt.Fprintf(&path, "M%s %s", x.at(l.from), y.at(l.units))
			continue
		}
		fmt.Fprintf(&path, "H%sV%s", x.at(l.from), y.at(l.units))
	}
	return path.String() + "H" + x.at(x.end)
}

// legend draws the names of the lines next to their colors.
func (c chart) legend(b *bytes.Buffer) {
	const y = 48
	at := marginLeft
	entry := func(name, mark string) {
		fmt.Fprintf(b, "<path d=\"M%d %dh24\" %s/>\n<text x=\"%d\" y=\"%d\">%s</text>\n", at, y-4, mark, at+30, y, escaped(name))
		at += 200
	}
	if len(c.capacity) > 0 {
		entry("capacity of the table", capacityStroke)
	}
	for _, l := range c.lines {
		thickness := 2
		if l.filled {
			thickness = 10
		}
		entry(l.name, fmt.Sprintf(`stroke="%s" stroke-width="%d"`, l.color, thickness))
	}
}

// description says in words what is drawn.
func (c chart) description() string {
	var b strings.Builder
	fmt.Fprintf(&b, "Write units a second over %.0f seconds.", c.end())
	for i, l := range c.capacity {
		if i == 0 {
			fmt.Fprintf(&b, " Capacity of the table: %s", thousands(l.units))
			continue
		}
		fmt.Fprintf(&b, ", from second %.0f on %s", l.from, thousands(l.units))
	}
	if len(c.capacity) > 0 {
		b.WriteString(".")
	}
	b.WriteString(" On average")
	for i, l := range c.lines {
		units, from := 0.0, 0.0
		for j, rate := range l.rates {
			units += rate * (c.seconds[j] - from)
			from = c.seconds[j]
		}
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, " %s %s", thousands(units/c.end()), l.name)
	}
	return b.String() + "."
}

// axis maps values from 0 to end to pixels.
type axis struct{ from, to, end, step float64 }

// at returns the pixel of a value, as it is written in a path.
func (a axis) at(value float64) string {
	return strconv.FormatFloat(math.Round(10*(a.from+(a.to-a.from)*min(max(0, value), a.end)/a.end))/10, 'f', -1, 64)
}

// drawVertical draws the axis of the time, below the plot.
func (a axis) drawVertical(b *bytes.Buffer) {
	const bottom = height - marginX
	for i := 0; float64(i)*a.step <= a.end; i++ {
		value := float64(i) * a.step
		fmt.Fprintf(b, "<text x=\"%s\" y=\"%d\" text-anchor=\"middle\">%s</text>\n", a.at(value), bottom+18, thousands(value))
	}
	fmt.Fprintf(b, "<text x=\"%s\" y=\"%d\" text-anchor=\"middle\">seconds</text>\n", a.at(a.end/2), bottom+38)
}

// drawHorizontal draws the axis of the rates, left of the plot, and its grid.
func (a axis) drawHorizontal(b *bytes.Buffer) {
	for i := 0; float64(i)*a.step <= a.end; i++ {
		value, stroke := float64(i)*a.step, "#ddd"
		if i == 0 {
			stroke = "#333"
		}
		fmt.Fprintf(b, "<path d=\"M%d %sH%d\" stroke=\"%s\"/>\n", marginLeft, a.at(value), width-marginRight, stroke)
		fmt.Fprintf(b, "<text x=\"%d\" y=\"%s\" dy=\"4\" text-anchor=\"end\">%s</text>\n", marginLeft-8, a.at(value), thousands(value))
	}
	middle := a.at(a.end / 2)
	fmt.Fprintf(b, "<text x=\"16\" y=\"%s\" text-anchor=\"middle\" transform=\"rotate(-90 16 %[1]s)\">write units a second</text>\n", middle)
}

// niceStep returns 1, 2 or 5 times a power of ten, such that at most n of it cover the length.
func niceStep(length float64, n int) float64 {
	least := max(length, 1e-9) / float64(n)
	power := math.Pow(10, math.Floor(math.Log10(least)))
	for _, step := range []float64{1, 2, 5} {
		if step*power >= least {
			return step * power
		}
	}
	return 10 * power
}

// thousands writes a number without a fraction, unless it is under 10, and with commas.
func thousands(v float64) string {
	if math.Abs(v) < 10 {
		return strconv.FormatFloat(math.Round(10*v)/10, 'f', -1, 64)
	}
	digits := strconv.FormatFloat(v, 'f', 0, 64)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

// escaped returns text as it is written in XML.
func escaped(text string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(text))
	return b.String()
}
