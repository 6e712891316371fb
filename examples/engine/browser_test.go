package main

import (
	"bytes"
	"cmp"
	"context"
	"flag"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// screenshots is where the screenshots go; by default among the artifacts of the test.
var screenshots = flag.String("screenshots", "", "`folder` of the screenshots that the test of the page takes")

// findBrowser returns the path of a headless Chromium.
func findBrowser(t *testing.T) string {
	t.Helper()
	if path := os.Getenv("DYNAMODEST_BROWSER"); path != "" {
		return path
	}
	for _, name := range []string{"chromium-headless-shell", "chromium", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	if os.Getenv("DYNAMODEST_REQUIRE_BROWSER") != "" {
		t.Fatal("there is no Chromium: install one, or give its path by DYNAMODEST_BROWSER")
	}
	t.Skip("there is no Chromium: give its path by DYNAMODEST_BROWSER")
	return ""
}

// tab is a page in a browser.
type tab struct {
	t      *testing.T
	ctx    context.Context
	folder string
}

// patient is how long the test waits for the page before it fails.
const patient = 3 * time.Minute

// newTab opens a browser with an empty page. Errors of the page's scripts, and what its policy of contents refuses, fail
// the test.
func newTab(t *testing.T) *tab {
	t.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(findBrowser(t)), chromedp.WindowSize(1000, 900))
	if os.Geteuid() == 0 {
		options = append(options, chromedp.NoSandbox)
	}
	ctx, cancel := context.WithTimeout(context.Background(), patient)
	ctx, endBrowser := chromedp.NewExecAllocator(ctx, options...)
	ctx, endTab := chromedp.NewContext(ctx)
	tb := &tab{t: t, ctx: ctx, folder: *screenshots}
	if tb.folder == "" {
		tb.folder = t.ArtifactDir()
	}
	t.Cleanup(func() {
		_ = chromedp.Cancel(ctx) // which waits for the end of the browser
		endTab()
		endBrowser()
		cancel()
	})
	require.NoError(t, chromedp.Listen(ctx, func(event any) {
		switch event := event.(type) {
		case *runtime.EventExceptionThrown:
			t.Errorf("a script of the page failed: %v", event.ExceptionDetails)
		case *log.EventEntryAdded:
			if event.Entry.Source == log.EntrySourceSecurity {
				t.Errorf("the page's policy refused something: %s", event.Entry.Text)
			}
		}
	}))
	tb.resize(900)
	return tb
}

// do runs actions one after another.
func (tb *tab) do(actions ...chromedp.Action[chromedp.Void]) {
	tb.t.Helper()
	require.NoError(tb.t, chromedp.Do(tb.ctx, actions...))
}

// get runs an action and returns what it found.
func get[T any](tb *tab, action chromedp.Action[T]) T {
	tb.t.Helper()
	v, err := chromedp.Run(tb.ctx, action)
	require.NoError(tb.t, err)
	return v
}

// open opens an address of the page, and waits until it is drawn.
func (tb *tab) open(url string) {
	tb.t.Helper()
	tb.do(chromedp.Navigate("about:blank"), chromedp.Navigate(url))
	tb.until("document.body.hasAttribute('data-ready')")
}

// await waits until an expression is neither false nor null in the page, and returns what then comes of it. It looks
// and acts in one step of the page's own scripts: an element that the page has replaced in between cannot be meant.
func await[T any](tb *tab, expression, then string) T {
	tb.t.Helper()
	script := "new Promise((resolve) => { const look = () => { const found = " + expression +
		"; if (found) resolve(" + then + "); else requestAnimationFrame(look); }; look(); })"
	found, err := chromedp.Run(tb.ctx, chromedp.Evaluate[T](script, chromedp.EvalAwaitPromise))
	require.NoError(tb.t, err, expression)
	return found
}

// until waits until a condition holds in the page.
func (tb *tab) until(condition string) {
	tb.t.Helper()
	assert.True(tb.t, await[bool](tb, "("+condition+")", "true"))
}

// click clicks the first element of a selector that can be seen and used, and for which a condition holds.
func (tb *tab) click(selector, condition string) {
	tb.t.Helper()
	found := "[...document.querySelectorAll(" + strconv.Quote(selector) + ")].find((e) => e.checkVisibility() && !e.disabled && " + condition + ")"
	assert.True(tb.t, await[bool](tb, found, "(found.click(), true)"))
}

// enter replaces the text of the input of a setting.
func (tb *tab) enter(pointer, text string) {
	tb.t.Helper()
	input := "document.getElementById(" + strconv.Quote("setting"+pointer) + ")"
	tb.do(chromedp.Evaluate[chromedp.Void](input+".focus(); "+input+".select();"), chromedp.KeyEvent("\b"+text))
}

// press presses the button that has a text.
func (tb *tab) press(text string) {
	tb.t.Helper()
	tb.click("button", "e.textContent.trim() === "+strconv.Quote(text))
}

// act presses a button of the page of a run, once it can be pressed.
func (tb *tab) act(path string) {
	tb.t.Helper()
	tb.click("#run button", "e.value === "+strconv.Quote(path))
}

// follow follows the link of a part of the page.
func (tb *tab) follow(part string) {
	tb.t.Helper()
	tb.click("nav a", "e.hash === "+strconv.Quote("#"+part))
}

// see waits until an element can be seen, and returns its text.
func (tb *tab) see(selector string) string {
	tb.t.Helper()
	return await[string](tb, "[...document.querySelectorAll("+strconv.Quote(selector)+")].find((e) => e.checkVisibility())", "found.innerText")
}

// says waits until the text of an element that can be seen has a part.
func (tb *tab) says(selector, part string) {
	tb.t.Helper()
	tb.until("[...document.querySelectorAll(" + strconv.Quote(selector) + ")].some((e) => e.checkVisibility() && e.innerText.includes(" + strconv.Quote(part) + "))")
}

// shoot takes a screenshot of the page, up to a height.
func (tb *tab) shoot(name string, height int) {
	tb.t.Helper()
	tb.resize(height)
	tb.do(chromedp.Evaluate[chromedp.Void]("document.activeElement?.blur(); window.scrollTo(0, 0)"))
	shot, err := png.Decode(bytes.NewReader(get(tb, chromedp.CaptureScreenshot())))
	require.NoError(tb.t, err)
	var file bytes.Buffer
	require.NoError(tb.t, (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&file, paletted(shot)))
	require.NoError(tb.t, os.WriteFile(filepath.Join(tb.folder, name+".png"), file.Bytes(), 0o600))
	assert.Less(tb.t, file.Len(), 100<<10, "%s.png is too large for a README", name)
}

// paletted returns an image with at most 256 colours, the most frequent ones, which makes its file a third as large.
func paletted(from image.Image) *image.Paletted {
	pixels := map[color.Color]int{}
	bounds := from.Bounds()
	for y := range bounds.Dy() {
		for x := range bounds.Dx() {
			pixels[from.At(x, y)]++
		}
	}
	colours := slices.SortedFunc(maps.Keys(pixels), func(a, b color.Color) int {
		return cmp.Or(pixels[b]-pixels[a], cmp.Compare(fmt.Sprint(a), fmt.Sprint(b)))
	})
	palette := color.Palette(colours[:min(len(colours), 256)])
	nearest := map[color.Color]uint8{}
	for c := range pixels {
		nearest[c] = uint8(palette.Index(c))
	}
	to := image.NewPaletted(bounds, palette)
	for y := range bounds.Dy() {
		for x := range bounds.Dx() {
			to.SetColorIndex(x, y, nearest[from.At(x, y)])
		}
	}
	return to
}

// resize makes the page so many pixels high.
func (tb *tab) resize(height int) {
	tb.t.Helper()
	_, err := chromedp.Call(tb.ctx, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{
		Width: 1000, Height: int64(height), DeviceScaleFactor: 1,
	})
	require.NoError(tb.t, err)
}

// colours asks for dark or light ones.
func (tb *tab) colours(scheme string) {
	tb.t.Helper()
	_, err := chromedp.Call(tb.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
	})
	require.NoError(tb.t, err)
}
