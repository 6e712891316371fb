package main

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dynamodest/dynamodest"
	"github.com/dynamodest/dynamodest/dynamodesttest"
)

// A person fills in the form, checks, looks at the preview and runs. The page is closed in the middle of the run, and a
// page that is opened later shows the run as it is.
func TestPage(t *testing.T) {
	s, r := newSite(t), newRemote(t)
	p := newTab(t)
	p.open(s.url)
	p.shoot("settings", 1080)

	p.enter("/endpoint", r.url)
	p.says("#keys", "Keys are required for this endpoint")
	p.enter("/credentials/access_key_id", keyID)
	p.enter("/credentials/secret_access_key", secretKey)
	p.enter("/write_units_per_second", "lots")
	p.press("Check")
	p.says("#failure", "Write units per second is a text, but must be a number")
	assert.Equal(t, "is a text, but must be a number", p.see(`[id="error/write_units_per_second"]`))
	p.shoot("errors", 900)

	p.enter("/write_units_per_second", "2000")
	p.press("Check")
	p.says("#checked .checks", "The credentials may write")
	p.shoot("check", 900)
	assert.Empty(t, r.db.Writes())
	assert.Empty(t, get(p, chromedp.Value(chromedp.CSS(`[name="/credentials/secret_access_key"]`))), "the form forgets keys that the engine holds")

	p.press("Preview")
	p.says("#previewed .figures", "3,377")
	p.says("#previewed", `Column "latitude": the text is not a decimal number.`)
	assert.Equal(t, "preview", get(p, chromedp.Evaluate[string](`document.activeElement.id`)), "what is read next begins there")
	p.shoot("preview", 1320)
	assert.Empty(t, r.db.Writes())

	release := make(chan struct{})
	r.hold(70, release)
	p.press("Run")
	p.until(`document.querySelector('#run[data-status=running] progress')?.value > 1000`)
	p.shoot("running", 920)
	p.do(chromedp.Navigate("about:blank"))
	p.open(s.url)
	p.until(`location.hash === '#run/1' && document.querySelector('#run[data-status=running] progress')?.value > 1000`)
	close(release)
	p.until(`document.querySelector('#run[data-status=done] #letters') !== null`)
	p.says("#run", "3,382 of 3,382 rows")
	p.says("#letters", "Set its Type to \"S\"")
	p.shoot("report", 1380)
	p.colours("dark")
	p.shoot("report-dark", 1380)
	s.isComplete(t, r, s.follow(t, 1))
	p.follow("runs")
	p.says("#list", "Done")
	assert.Regexp(t, `Run 1\s+Done\s+airports.csv\s+airports\s+3,382\s+3,377\s+5`, p.see("#list"))
}

// Texts of a file are shown as they are, whatever they look like: in the mapping, the preview and the dead letters.
func TestPageShowsTextsAsTheyAre(t *testing.T) {
	s := newSite(t)
	p := newTab(t)
	p.open(s.url)
	const evil = `<img src=x onerror="document.title='caught'">`
	path := filepath.Join(t.TempDir(), "<b>evil.csv")
	text := "iata," + `"` + strings.ReplaceAll(evil, `"`, `""`) + `",n` + "\n" +
		`"` + strings.ReplaceAll(evil, `"`, `""`) + `",x,1` + "\n" + ",y,2\n"
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	p.do(chromedp.SetUploadFiles(chromedp.CSS("#upload"), []string{path}))
	p.until(`document.querySelectorAll('.entries tbody tr').length === 3`)
	p.says("#source-about", evil)
	assert.Equal(t, evil, get(p, chromedp.Value(chromedp.CSS(`[name="/mapping/fields/1/column"]`))))
	p.press("Preview")
	p.says("#previewed pre", `<img src=x onerror=\"document.title='caught'\">`)
	p.press("Run")
	p.until(`document.querySelector('#run[data-status=done] #letters') !== null`)
	p.says("#run .lead", "<b>evil.csv to the table airports")
	assert.Contains(t, get(p, chromedp.Title()), "Sync engine")
	assert.Zero(t, get(p, chromedp.Evaluate[int](`document.querySelectorAll('img[src=x], b').length`)))
}

// A file that is too large is not sent, since a browser may not show an answer that comes before the end of what it sends.
func TestPageRefusesLargeFiles(t *testing.T) {
	s := newSite(t, "-max-upload", "1")
	p := newTab(t)
	p.open(s.url)
	path := filepath.Join(t.TempDir(), "large.csv")
	require.NoError(t, os.WriteFile(path, []byte("iata\n"+strings.Repeat("x\n", 3<<19)), 0o600))
	p.do(chromedp.SetUploadFiles(chromedp.CSS("#upload"), []string{path}))
	p.says("#failure", "The file has 3 MiB, and the engine takes 1 MiB at most.")
}

// What is wrong with the access is shown with the policy that is needed; a run is stopped, shown as interrupted after a kill,
// and resumed, by the buttons.
func TestPageWhenThingsGoWrong(t *testing.T) {
	r, dir := newRemote(t), filepath.Join(t.TempDir(), "state")
	first := startProcess(t, r, dir)
	p := newTab(t)
	p.open(first.url)
	p.click("#more summary", "true")
	p.enter("/concurrency", "4")

	denied := func(dynamodesttest.Call) dynamodesttest.Fault {
		return dynamodesttest.Error(400, "AccessDeniedException", "not authorized")
	}
	r.db.SetFault(denied)
	p.press("Check")
	p.says("#failure", "access denied")
	p.says("#checked pre", "dynamodb:BatchWriteItem")
	r.db.SetFault(nil)

	p.follow("settings")
	p.press("Add a field")
	field := len(sampleMapping().Fields)
	p.enter("/mapping/fields/"+strconv.Itoa(field)+"/column", "code")
	p.enter("/mapping/fields/"+strconv.Itoa(field)+"/attribute", "name")
	p.press("Run")
	p.says("#failure", "Attribute, field 8 has the same attribute as field number 2")
	p.click("button", `e.ariaLabel === "Remove field 8"`)

	held := r.hold(30, nil)
	p.press("Run")
	<-held
	p.see(`#run[data-status=running]`)
	p.do(chromedp.Evaluate[chromedp.Void](`window.stop = document.querySelector('#run button[value=stop]').getBoundingClientRect()`))
	p.press("Stop")
	p.see(`#run[data-status=stopping]`)
	assert.Equal(t, "Stop", get(p, chromedp.Evaluate[string](`document.elementFromPoint(window.stop.x + 5, window.stop.y + 5).closest(':disabled')?.textContent`)),
		"the second click of a double click does nothing")
	// The answer comes after the last event, and is older: it must not take the place of what the event said.
	p.do(chromedp.Evaluate[chromedp.Void](`window.fetched = window.fetch; window.fetch = async (...request) => {
		const answer = await window.fetched(...request);
		while (!document.querySelector('#run[data-status=stopped]')) await new Promise(requestAnimationFrame);
		window.answered = true;
		return answer;
	}`))
	p.act("stop?now=1")
	p.until("window.answered")
	p.do(chromedp.Evaluate[chromedp.Void]("window.fetch = window.fetched"))
	p.until(`document.querySelector('#run[data-status=stopped]') !== null`)
	p.says("#run", "a resumed run reads them again")

	r.db.SetFault(nil)
	held = r.hold(30, nil)
	p.act("resume")
	<-held
	first.kill(t)
	p.says("#run .notice", "The engine does not answer.")

	r.db.SetFault(nil)
	second := startProcess(t, r, dir)
	p.open(second.url + "/#run/1")
	p.until(`document.querySelector('#run[data-status=interrupted]') !== null`)
	p.says("#run", "The engine ended in the middle of this run.")
	r.db.SetFault(denied)
	p.act("resume")
	p.says("#failure", "access denied")
	p.says("#checked pre", "dynamodb:BatchWriteItem")
	r.db.SetFault(nil)
	p.open(second.url + "/#run/1")
	p.act("resume")
	p.until(`document.querySelector('#run[data-status=done]') !== null`)
	v := decode[view](t, second.send(t, "GET", "/api/runs/1", "", ""))
	second.isComplete(t, r, v)
	assert.Equal(t, 3, v.Attempts)
	assert.Equal(t, exitOK, second.terminate(t))
}

// The form has every setting of the schema, and what it sends back unchanged is what it was given.
func TestFormKeepsTheSettings(t *testing.T) {
	s, r := newSite(t), newRemote(t)
	c := r.settings()
	c.Mode, c.OnExisting, c.Delete, c.Duplicates, c.MaxKeys = dynamodest.Insert, dynamodest.Overwrite, "gone", dynamodest.RefuseDuplicates, 5000
	c.Mapping.Null, c.Mapping.EmptyString, c.Mapping.Missing = dynamodest.OmitNull, dynamodest.KeepEmpty, dynamodest.MissingNull
	c.Mapping.Fields[1].Required, c.Mapping.Fields[2].Attribute = true, "town"
	c.WriteUnitsPerSecond, c.MaxWait, c.WindowBytes = 12.5, 3e8, 1<<21
	c.Retry = dynamodest.Retry{MaxAttempts: 4, MinDelay: 1e6, MaxDelay: 2e9}
	c.OnExisting = "" // the default, which is what the form sends for it
	require.Equal(t, 200, s.post(t, "/api/check?source="+s.sample, c).status)
	before := s.send(t, "GET", "/api/state", "", "").text
	p := newTab(t)
	p.open(s.url)
	p.press("Check")
	p.see("#checked .checks")
	assert.JSONEq(t, before, s.send(t, "GET", "/api/state", "", "").text)
	assert.Zero(t, get(p, chromedp.Evaluate[int](`[...document.querySelectorAll('input, select, button, progress, summary')]
		.filter((e) => !e.labels?.length && !e.getAttribute('aria-label') && !e.textContent.trim()).length`)), "everything has a name")
	inputs := get(p, chromedp.Evaluate[int](`document.querySelectorAll('#fields [data-setting]').length`))
	assert.Equal(t, strings.Count(string(dynamodest.ConfigSchema()), `"x-order"`)-4, inputs, "all but the columns of the table of fields")
}
