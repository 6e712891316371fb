// Helpers for the page. Texts become text nodes: nothing that comes from a row, a file or a server is ever read as HTML.

const svgSpace = 'http://www.w3.org/2000/svg';

// fill sets the attributes of an element, and appends children to it. Children are elements, texts, or null for none.
function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (name.startsWith('on')) {
      element.addEventListener(name.slice(2), value);
    } else if (value === true) {
      element.setAttribute(name, '');
    } else if (value !== false && value !== undefined && value !== null) {
      element.setAttribute(name, value);
    }
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

export const el = (tag, attributes, ...children) => fill(document.createElement(tag), attributes, children);

export const svg = (tag, attributes, ...children) => fill(document.createElementNS(svgSpace, tag), attributes, children);

export const byId = (id) => document.getElementById(id);

export const count = (n, digits = 0) => n.toLocaleString('en-US', { maximumFractionDigits: digits });

// many returns a number with its noun.
export const many = (n, one, more = `${one}s`) => `${count(n)} ${n === 1 ? one : more}`;

export function duration(seconds) {
  if (seconds < 60) return `${count(seconds, 1)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${Math.floor(seconds % 60)} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

export function bytes(n) {
  if (n < 1024) return many(n, 'byte');
  return n < 1 << 20 ? `${count(n / 1024, 1)} KiB` : `${count(n / (1 << 20), 1)} MiB`;
}

// range shows a figure that is at least and at most so large.
export function range({ least, most }, digits = 0) {
  const [a, b] = [count(least, digits), count(most, digits)];
  return a === b ? a : `${a}–${b}`;
}

// words has a label in snake case as people read it.
export const words = (label) => label.replaceAll('_', ' ');

// lettersTable shows rows that failed, each with what is wrong and what to do, which the other columns do not repeat.
export const lettersTable = (letters, total) => table(letters.length < total ? `The first ${count(letters.length)} of ${count(total)}` : many(total, 'row'),
  ['Row', 'Line', 'Reason', 'What is wrong', 'What to do'], letters.map((l) => [
    count(l.row), l.line ? count(l.line) : '', words(l.reason), sentence(l.text.replace(/^row \d+: [^:]*: /, '')), l.remedy ? sentence(l.remedy) : '',
  ]), { class: 'letters' });

// reasonChips shows how many rows failed for each reason.
export const reasonChips = (reasons) => el('p', { class: 'reasons' },
  Object.entries(reasons).map(([reason, n]) => el('span', { class: 'chip' }, `${words(reason)}: ${count(n)}`)));

// sentence begins a text with a capital letter, and ends it with a full stop.
export function sentence(text) {
  const whole = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(whole) ? whole : `${whole}.`;
}

// code shows a text as it is, on several lines.
export const code = (text) => el('pre', { tabindex: 0 }, el('code', {}, text));

// table shows rows of cells under a head.
export function table(caption, head, rows, attributes) {
  return el('div', { class: 'scroll' }, el('table', attributes,
    el('caption', {}, caption),
    el('thead', {}, el('tr', {}, head.map((text) => el('th', { scope: 'col' }, text)))),
    el('tbody', {}, rows.map((cells) => el('tr', {}, cells.map((cell) => el('td', {}, cell)))))));
}

// figures shows names with values, as tiles.
export const figures = (pairs) => el('dl', { class: 'figures' }, pairs.map(([name, value, kind]) =>
  el('div', { class: kind }, el('dt', {}, name), el('dd', {}, value))));

// problem shows an error as the engine describes it, apart from the fields of the form that it names.
export function problem(failure) {
  return [
    el('p', {}, el('strong', {}, sentence(failure.text))),
    failure.remedy ? el('p', {}, `What to do: ${failure.remedy}.`) : null,
  ];
}

// Failure is an error that the engine described.
export class Failure extends Error {
  constructor(failure, status) {
    super(failure.text);
    this.failure = failure;
    this.status = status; // of HTTP; undefined if the engine did not answer
  }
}

// api asks the engine, and returns its answer. What goes wrong is a Failure.
export async function api(method, path, body, type = 'application/json') {
  let response;
  let answer;
  try {
    response = await fetch(path, { method, body, headers: body === undefined ? {} : { 'Content-Type': type } });
    answer = await response.json();
  } catch {
    throw new Failure({ text: 'the engine does not answer', remedy: 'see whether it is still running, and reload the page' });
  }
  if (!response.ok) throw new Failure(answer.error, response.status);
  return answer;
}
