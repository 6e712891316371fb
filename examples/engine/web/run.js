// The page of a run: how far it is, its report, and its dead letters.
import { outcomes, overTime, shares } from './chart.js';
import { api, count, duration, el, figures, lettersTable, many, problem, reasonChips } from './dom.js';

const inProgress = (run) => run.status === 'running' || run.status === 'stopping';

const said = {
  running: 'Running', stopping: 'Stopping', done: 'Done', stopped: 'Stopped', failed: 'Failed', interrupted: 'Interrupted',
};

const waits = {
  retry: 'throttling or faults', pace: 'the rate of the table, or the cap', limit: 'a limiter', window: 'rows that do not settle', source: 'the file',
};

const silent = 'The engine does not answer. The page goes on as soon as it does.';
const unknown = 'The engine does not know this run any more: it was started again with another folder of its state. Start it with the -dir that it had.';
const askAgain = 3000; // milliseconds

export const badge = (run) => el('span', { class: `badge ${run.status}` }, said[run.status]);

export const failedRows = (run) => run.totals.not_written + run.totals.unknown;

// explain says in a sentence how a run is.
function explain(run) {
  switch (run.status) {
    case 'running': return `Rows are being written. You can close this page: the run goes on, and the page finds it again.`;
    case 'stopping': return `No more rows are read. ${many(run.taken - run.totals.rows, 'row')} that were read are being settled.`;
    case 'done': return failedRows(run) > 0
      ? `All rows are settled. ${many(failedRows(run), 'row')} could not be written: see the dead letters below.`
      : 'All rows are settled, and every one is in the table.';
    case 'interrupted': return 'The engine ended in the middle of this run. Everything before its last checkpoint is settled; what came after is read again.';
    default: return 'The rows before the checkpoint are settled.';
  }
}

function tiles(run) {
  const rate = run.seconds > 0 ? run.totals.rows / run.seconds : 0;
  return figures([
    ...outcomes.filter(([key]) => run.totals[key] > 0 || key === 'written' || key === 'not_written')
      .map(([key, name]) => [name, count(run.totals[key]), key]),
    ['Rows per second', count(rate)],
    ['Time', duration(run.seconds)],
    ['Requests', count(run.totals.requests)],
    ['Write units', count(run.totals.write_units)],
  ]);
}

// nowDoing shows what the run does at this moment.
function nowDoing(run) {
  const parts = [many(run.inFlight, 'request') + ' in flight'];
  if (run.pace > 0) parts.push(`spaced for ${count(run.pace)} write units a second`);
  if (run.waitFor) parts.push(`held back by ${waits[run.waitFor] ?? run.waitFor}`);
  return el('p', { class: 'now' }, parts.join(' · '));
}

function notes(run) {
  const list = [];
  if (run.again > 0) list.push(`${many(run.again, 'row')} after the checkpoint are not settled: a resumed run reads them again.`);
  if (run.attempts > 1) list.push(`The run was resumed ${run.attempts === 2 ? 'once' : `${run.attempts - 1} times`}.`);
  if (run.totals.missing_columns) list.push(`No row has ${run.totals.missing_columns.length === 1 ? 'the column' : 'the columns'} ${run.totals.missing_columns.join(', ')}: check the mapping.`);
  return list.map((text) => el('p', { class: 'notice' }, text));
}

// showLetters shows the dead letters of a run that has any.
async function showLetters(run, place) {
  if (failedRows(run) === 0) return;
  const { letters } = await api('GET', `/api/runs/${run.id}/letters`);
  place.replaceChildren(el('div', { class: 'card', id: 'letters' },
    el('h2', {}, 'Dead letters'),
    el('p', {}, 'Rows that are not in the table, or may not be. Correct the rows and upload them as a file of their own. ',
      el('a', { href: `/api/runs/${run.id}/rows.ndjson`, download: '' }, 'Download the rows'), ' or ',
      el('a', { href: `/api/runs/${run.id}/letters.ndjson`, download: '' }, 'all of the dead letters'), ' as NDJSON.'),
    reasonChips(run.reasons), lettersTable(letters, failedRows(run))));
}

// RunPage shows one run, and follows it while it is in progress.
export class RunPage {
  constructor(place, id, onFailure) {
    this.place = place;
    this.id = id;
    this.onFailure = onFailure;
    this.announced = '';
    this.leaving = new AbortController();
    document.addEventListener('visibilitychange', () => this.follow(), { signal: this.leaving.signal });
    this.draw();
    this.follow();
  }

  draw() {
    const part = (attributes) => el('div', attributes);
    this.parts = { head: part(), progress: el('progress', { max: 1, value: 0, 'aria-label': 'Rows settled' }), of: el('p', { class: 'of' }), body: part(), letters: part() };
    this.lost = el('p', { class: 'notice bad', hidden: true });
    this.voice = el('p', { class: 'hidden', role: 'status', 'aria-live': 'polite' });
    this.buttons = el('p', { class: 'buttons', hidden: true }, [['Stop', 'stop'], ['Stop at once', 'stop?now=1'], ['Resume', 'resume', 'main']].map(([name, path, kind]) =>
      el('button', { type: 'button', value: path, class: kind, onclick: () => this.act(path) }, name)));
    this.place.replaceChildren(this.lost, this.parts.head, el('div', { class: 'card' }, this.parts.progress, this.parts.of, this.buttons), this.voice, this.parts.body, this.parts.letters);
  }

  // follow listens to the engine until the run has ended. The browser connects again by itself if the engine is gone. A page
  // that is hidden does not listen, since a browser has few connections for all pages of the engine together.
  follow() {
    this.rest();
    if (document.hidden || this.leaving.signal.aborted) return;
    this.events = new EventSource(`/api/runs/${this.id}/events`);
    this.events.onmessage = (event) => this.show(JSON.parse(event.data));
    this.events.onerror = () => {
      this.warn(silent);
      if (this.events.readyState === EventSource.CLOSED) this.ask();
    };
  }

  // ask finds out why the engine, or a proxy, refuses the events: the browser does not connect again then.
  async ask() {
    try {
      await api('GET', `/api/runs/${this.id}`);
    } catch (error) {
      if (error.status === 404) {
        this.forget();
        return;
      }
    }
    this.later = setTimeout(() => this.follow(), askAgain);
  }

  // forget says that the run is not known any more.
  forget() {
    this.close();
    this.warn(unknown);
    this.buttons.hidden = true;
  }

  warn(text) {
    this.lost.textContent = text;
    this.lost.hidden = false;
  }

  // rest stops listening.
  rest() {
    this.events?.close();
    clearTimeout(this.later);
  }

  close() {
    this.leaving.abort();
    this.rest();
  }

  show(run) {
    if (this.leaving.signal.aborted) return;
    this.started ??= run.started;
    if (run.started !== this.started) { // another run that has got its number
      this.forget();
      return;
    }
    this.lost.hidden = true;
    this.place.dataset.status = run.status;
    this.parts.head.replaceChildren(
      el('h1', {}, `Run ${run.id} `, badge(run)),
      el('p', { class: 'lead' }, `${run.source.name} to the table ${run.table}`),
      run.failure ? el('div', { class: 'notice bad' }, problem(run.failure)) : el('p', {}, explain(run)));
    this.parts.progress.max = Math.max(run.source.rows, 1);
    this.parts.progress.value = run.totals.rows;
    this.parts.of.textContent = `${count(run.totals.rows)} of ${many(run.source.rows, 'row')}`;
    this.parts.body.replaceChildren(
      el('div', { class: 'card' }, el('h2', {}, inProgress(run) ? 'Now' : 'Report'), shares(run.totals), tiles(run), inProgress(run) ? nowDoing(run) : null, notes(run)),
      el('div', { class: 'card' }, el('h2', {}, 'Rows over time'), overTime(run.samples),
        el('p', { class: 'legend' }, el('span', { class: 'written' }, 'settled'), el('span', { class: 'not_written' }, 'failed'))));
    this.showButtons(run);
    this.announce(run);
    if (!inProgress(run)) {
      this.rest();
      showLetters(run, this.parts.letters).catch(this.onFailure);
    }
  }

  // showButtons offers what can be done. Each button keeps its place, so that the second click of a double click is not for
  // another one.
  showButtons(run) {
    const can = { stop: run.status === 'running', 'stop?now=1': run.status === 'stopping', resume: run.resumable };
    this.buttons.hidden = !Object.values(can).includes(true);
    for (const button of this.buttons.children) button.disabled = !can[button.value];
  }

  async act(path) {
    for (const button of this.buttons.children) button.disabled = true;
    try {
      await api('POST', `/api/runs/${this.id}/${path}`);
      if (path === 'resume') this.parts.letters.replaceChildren();
    } catch (error) {
      this.onFailure(error); // another page may have done it
    }
    this.follow(); // the answer is not shown: it may be older than the last event
  }

  // announce tells screen readers of each tenth of the run, and of its end.
  announce(run) {
    const tenth = Math.floor((10 * run.totals.rows) / Math.max(run.source.rows, 1)) * 10;
    const text = inProgress(run) ? `${said[run.status]}: ${tenth} percent of the rows are settled` : `${said[run.status]}: ${explain(run)}`;
    if (text !== this.announced) this.voice.textContent = text;
    this.announced = text;
  }
}
