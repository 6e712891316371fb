// What the engine answers to Check and Preview.
import { bytes, code, count, duration, el, figures, lettersTable, many, range, reasonChips, words } from './dom.js';

const policy = (text) => el('div', { class: 'card' },
  el('h2', {}, 'The IAM policy that these settings need'),
  el('p', { class: 'about' }, 'Attach it to the user or role whose credentials are used. Where it has the account 111122223333, write the number of your own.'),
  code(JSON.stringify(text, null, 2)));

// showCheck shows that a check found nothing wrong.
export function showCheck(place, checked) {
  const keys = checked.keys.map((key) => `${key.name} (${key.type}), the ${words(key.role)} key`.replace('key key', 'key'));
  place.replaceChildren(
    el('ul', { class: 'card checks' },
      el('li', {}, 'The settings are valid.'),
      el('li', {}, `The table ${checked.table} is there and takes writes.`),
      el('li', {}, `Its key is ${keys.join(', and ')}; the mapping makes it.`),
      el('li', {}, 'The credentials may write: DynamoDB was asked by requests that write nothing.')),
    policy(checked.policy));
}

// showPolicy shows the policy that the credentials lack.
export function showPolicy(place, failure) {
  place.replaceChildren(...failure.policy ? [policy(failure.policy)] : []);
}

function timeOf(time) {
  if (!time.bound) return 'not bounded by the table';
  const from = { provisioned: 'provisioned capacity', max_on_demand: 'the on-demand maximum', warm_throughput: 'warm throughput', cap: 'the cap in the settings' };
  const [least, most] = [duration(time.least_seconds), duration(time.most_seconds)];
  return `${least === most ? most : `${least} to ${most}`}, at ${count(time.write_units_per_second)} units a second (${from[time.bound]})`;
}

// showPreview shows what a run would do.
export function showPreview(place, found) {
  const f = found.forecast;
  place.replaceChildren(
    el('div', { class: 'card' },
      el('h2', {}, found.source.name),
      figures([
        ['Rows', count(f.rows)],
        ['Would be written', count(f.valid), 'written'],
        ['Would fail', count(f.invalid), f.invalid > 0 ? 'not_written' : ''],
        ['Repeated keys', count(f.duplicates)],
        ['Write units', range(f.write_units.total)],
        ['Requests', range(f.requests)],
      ]),
      el('p', {}, el('strong', {}, 'Time: '), timeOf(f.time)),
      el('p', {}, el('strong', {}, 'Items: '), `${bytes(f.sizes.median)} each in the middle, ${bytes(f.sizes.max)} at most, ${bytes(f.sizes.total)} in all`),
      f.estimated ? el('p', { class: 'notice' }, 'The figures depend on what the table holds, so they are estimates.') : null,
      f.missing_columns ? el('p', { class: 'notice bad' }, `No row has ${f.missing_columns.join(', ')}: check the mapping.`) : null,
      found.warnings.map((w) => el('p', { class: 'notice' }, `The type ${w.type} of the column ${w.column} changes its text in ${many(w.rows, 'row')}, as it drops zeros before or after a number. Choose the type String for codes.`))),
    failing(f, found.failures),
    el('div', { class: 'card' }, el('h2', {}, 'The first items'), el('p', { class: 'about' }, 'As DynamoDB will store them.'),
      found.items.map((item) => code(JSON.stringify(item)))));
}

function failing(forecast, failures) {
  if (failures.length === 0) return el('p', { class: 'notice good' }, 'No row would fail.');
  return el('div', { class: 'card' }, el('h2', {}, 'Rows that would fail'),
    reasonChips(forecast.reasons), lettersTable(failures, forecast.invalid));
}
