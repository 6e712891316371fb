// The page: which part of it is shown, and what its buttons do.
import { showCheck, showPolicy, showPreview } from './answers.js';
import { api, byId, bytes, count, duration, el, Failure, many, problem, table } from './dom.js';
import { clearErrors, drawForm, inputId, showErrors } from './form.js';
import { badge, failedRows, RunPage } from './run.js';

// first are the settings that most people change; the others are drawn below "More settings".
const first = ['region', 'table', 'endpoint', 'credentials', 'mode', 'on_existing', 'write_units_per_second', 'mapping'];

let state;
let form;
let runPage;

// fail shows an error, and moves there.
function fail(error) {
  if (!error.failure) console.error(error);
  const failure = error.failure ?? { text: 'the page met an error of its own', remedy: 'reload it' };
  const at = showErrors(failure.fields ?? []);
  const box = byId('failure');
  box.replaceChildren(...problem(failure).filter(Boolean), el('ul', {}, at.map(({ error: e, title, input }) => el('li', {},
    input ? el('button', { type: 'button', class: 'link', onclick: () => goTo(input) }, title) : el('strong', {}, title), ` ${e.problem}`))));
  box.hidden = false;
  box.focus();
}

function goTo(target) {
  show('settings');
  history.replaceState(null, '', '#settings');
  target.scrollIntoView({ block: 'center' });
  target.focus();
}

function clearFailure() {
  clearErrors();
  byId('failure').hidden = true;
}

// show shows one part of the page.
function show(name) {
  for (const view of document.querySelectorAll('[data-view]')) view.hidden = view.id !== name;
  document.title = `${byId(name).querySelector('h1')?.textContent ?? 'Run'} · Sync engine`;
  for (const link of document.querySelectorAll('nav a')) {
    const here = link.hash === `#${name}` || (name === 'run' && link.hash === '#runs');
    if (here) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
}

// go goes to a part of the page, and gives it the focus, which was in the part that is hidden now.
async function go(hash) {
  history.pushState(null, '', hash);
  await route();
  document.querySelector('[data-view]:not([hidden])').focus();
}

async function route() {
  runPage?.close();
  runPage = undefined;
  const [name, id] = location.hash.slice(1).split('/');
  if (name === 'run' && /^\d+$/.test(id ?? '')) {
    await api('GET', `/api/runs/${id}`); // which says if there is none
    show('run');
    runPage?.close(); // of a route that was taken in the meantime
    runPage = new RunPage(byId('run'), id, (error) => showLack(error).then(() => fail(error), fail));
  } else if (name === 'runs') {
    state = await api('GET', '/api/state');
    drawRuns();
    show('runs');
  } else {
    show(['check', 'preview'].includes(name) ? name : 'settings');
  }
}

function drawRuns() {
  byId('list').replaceChildren(state.runs.length === 0
    ? el('p', {}, 'There is no run yet.')
    : table('The runs of this engine, the newest first', ['Run', 'State', 'Source', 'Table', 'Rows', 'Written', 'Failed', 'Time', 'Started'], state.runs.map((run) => [
      el('a', { href: `#run/${run.id}` }, `Run ${run.id}`), badge(run), run.source.name, run.table, count(run.totals.rows),
      count(run.totals.written), count(failedRows(run)), duration(run.seconds), new Date(run.started).toLocaleString(),
    ])));
}

// drawSources shows the sources, and chooses one.
function drawSources(chosen) {
  byId('source').replaceChildren(...state.sources.map((s) => el('option', { value: s.id, selected: s.id === chosen }, s.name)));
  describeSource();
}

const chosenSource = () => state.sources.find((s) => s.id === byId('source').value);

function describeSource() {
  const s = chosenSource();
  byId('source-about').textContent = s ? `${many(s.rows, 'row')}; columns: ${s.columns.join(', ')}` : '';
}

async function upload() {
  const file = byId('upload').files[0];
  if (!file) return;
  byId('upload').value = ''; // so that the same file can be chosen again
  if (file.size > state.maxUpload) {
    throw new Failure({ text: `the file has ${bytes(file.size)}, and the engine takes ${bytes(state.maxUpload)} at most`, remedy: 'split it, or start the engine with -max-upload' });
  }
  const type = /\.(ndjson|jsonl)$/i.test(file.name) ? 'application/x-ndjson' : 'text/csv';
  const source = await busy('Uploading', () => api('POST', `/api/sources?name=${encodeURIComponent(file.name)}`, file, type));
  state.sources = [...state.sources.filter((s) => s.id !== source.id), source];
  drawSources(source.id);
  await propose();
}

// propose fills the mapping with what the first rows of the source suggest.
async function propose() {
  const mapping = await api('GET', `/api/sources/${byId('source').value}/mapping`);
  byId(inputId('/mapping/fields')).replaceRows(mapping.fields ?? []);
}

// describeKeys says which credentials are used for the endpoint that is entered.
function describeKeys() {
  const endpoint = byId(inputId('/endpoint')).value;
  const note = byId('keys');
  const forget = el('button', { type: 'button', class: 'link', onclick: guarded(async () => {
    state.held = (await api('DELETE', '/api/keys')).held;
    describeKeys();
  }) }, 'Forget them');
  if (endpoint !== '' && endpoint === state.memory) note.replaceChildren('The table is in the memory of the engine, and takes any keys.');
  else if (state.held.includes(endpoint)) note.replaceChildren('The engine holds keys for this endpoint in its memory, until it ends. ', forget);
  else if (state.environment.includes(endpoint)) note.replaceChildren('Without keys here, those of the environment of the engine are used. Keys that are entered stay in its memory, until it ends.');
  else note.replaceChildren('Keys are required for this endpoint. They stay in the memory of the engine, until it ends.');
}

// showExisting shows what insert does with items that exist, which is for that mode alone.
function showExisting() {
  const existing = byId(inputId('/on_existing'));
  const insert = byId(inputId('/mode')).value === 'insert';
  existing.closest('.field').hidden = !insert;
  if (!insert) existing.value = 'overwrite';
}

function drawSettings(schema) {
  form = drawForm(schema, state.settings.config, first);
  byId('fields').replaceChildren(form.element);
  byId(inputId('/credentials')).append(el('p', { id: 'keys', class: 'about', role: 'status' }));
  byId(inputId('/endpoint')).addEventListener('input', describeKeys);
  byId(inputId('/mode')).addEventListener('change', showExisting);
  byId(inputId('/mapping/fields')).querySelector('.buttons').append(
    el('button', { type: 'button', id: 'propose', onclick: guarded(propose) }, 'Propose from the file'));
  describeKeys();
  showExisting();
}

// busy says what is being done, and keeps the buttons from being pressed meanwhile.
async function busy(what, work) {
  const buttons = document.querySelectorAll('.actions button');
  const say = (text) => document.querySelectorAll('.busy').forEach((place) => { place.textContent = text; });
  say(`${what} …`);
  for (const button of buttons) button.disabled = true;
  try {
    return await work();
  } finally {
    say('');
    for (const button of buttons) button.disabled = false;
  }
}

const doing = { check: 'Checking', preview: 'Reading the file', run: 'Starting' };

// showLack shows the policy that the credentials lack, if that is the error.
async function showLack(error) {
  if (!error.failure?.policy) return;
  await go('#check');
  showPolicy(byId('checked'), error.failure);
}

// submit sends the settings for what a button does.
async function submit(action) {
  const source = `?source=${encodeURIComponent(byId('source').value)}`;
  const settings = JSON.stringify(form.read());
  const path = action === 'run' ? '/api/runs' : `/api/${action}`;
  byId('checked').replaceChildren();
  let answer;
  try {
    answer = await busy(doing[action], async () => {
      const found = await api('POST', path + source, settings);
      state.held = (await api('GET', '/api/state')).held;
      if (action === 'run') await go(`#run/${found.id}`); // before the button can be pressed again
      return found;
    });
  } catch (error) {
    await showLack(error);
    throw error;
  }
  for (const secret of document.querySelectorAll('input[type=password]')) secret.value = '';
  describeKeys();
  if (action === 'check') showCheck(byId('checked'), answer);
  if (action === 'preview') showPreview(byId('previewed'), answer);
  if (action !== 'run') await go(`#${action}`);
}

// guarded returns a handler that shows what goes wrong.
function guarded(handler) {
  return async (event) => {
    clearFailure();
    try {
      await handler(event);
    } catch (error) {
      fail(error);
    }
  };
}

async function begin() {
  const [schema, now] = await Promise.all([api('GET', '/api/schema'), api('GET', '/api/state')]);
  state = now;
  drawSettings(schema);
  drawSources(state.settings.source);
  byId('source').addEventListener('change', describeSource);
  byId('upload').addEventListener('change', guarded(upload));
  byId('form').addEventListener('submit', (event) => {
    event.preventDefault();
    guarded(() => submit(event.submitter?.value ?? 'check'))();
  });
  for (const button of document.querySelectorAll('[data-do]')) button.addEventListener('click', guarded(() => submit(button.dataset.do)));
  window.addEventListener('hashchange', guarded(route));
  const current = state.runs.find((run) => run.status === 'running' || run.status === 'stopping');
  if (current && location.hash === '') history.replaceState(null, '', `#run/${current.id}`);
  await route();
  document.body.dataset.ready = 'true';
}

begin().catch(fail);
