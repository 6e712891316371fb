// The form of the settings, drawn from their JSON Schema. It knows no setting by its name: what it shows, and in which
// order, is the schema's, and every error is found by its JSON pointer.
import { el } from './dom.js';

const ordered = (properties) => Object.entries(properties).sort(([, a], [, b]) => a['x-order'] - b['x-order']);

// inputId returns the ID of the element that has the setting at a JSON pointer.
export const inputId = (pointer) => `setting${pointer}`;

// describe returns the description of a setting and the place of its errors, and ties both to its input.
function describe(schema, pointer, input) {
  const about = schema.description ? el('p', { class: 'about', id: `about${pointer}` }, schema.description) : null;
  const error = el('p', { class: 'error', id: `error${pointer}`, 'data-error': pointer, hidden: true });
  input?.setAttribute('aria-describedby', about ? `error${pointer} about${pointer}` : `error${pointer}`);
  return [error, about];
}

const choices = (schema) => schema.oneOf?.every((choice) => 'const' in choice) ? schema.oneOf : null;

// suggestions returns the choices of a text that may be another one too.
const suggestions = (schema) => schema.anyOf?.map(choices).find(Boolean) ?? null;

// drawInput returns the input of a setting that is a single value.
function drawInput(schema, pointer, value, required) {
  const attributes = { id: inputId(pointer), name: pointer, required };
  if (choices(schema)) {
    const chosen = value ?? schema.default;
    return el('select', attributes, choices(schema).map((choice) =>
      el('option', { value: choice.const, selected: choice.const === chosen }, choice.title)));
  }
  if (schema.type === 'boolean') {
    return el('input', { ...attributes, type: 'checkbox', checked: value ?? schema.default });
  }
  const example = schema.default === undefined || schema.default === '' ? schema.examples?.[0] : `${schema.default}`;
  const input = el('input', {
    ...attributes, value, placeholder: schema.writeOnly ? null : example, spellcheck: 'false', autocapitalize: 'off',
    type: schema.writeOnly ? 'password' : 'text', autocomplete: schema.writeOnly ? 'new-password' : 'off',
    inputmode: ['integer', 'number'].includes(schema.type) ? 'decimal' : null,
  });
  if (suggestions(schema)) input.setAttribute('list', `list${pointer}`);
  return input;
}

// readInput returns what was entered, or undefined for what the default says as well.
function readInput(schema, input) {
  if (schema.type === 'boolean') return input.checked === schema.default ? undefined : input.checked;
  const text = input.value;
  if (text === '' || text === schema.default) return undefined;
  const isNumber = ['integer', 'number'].includes(schema.type) && /^\s*-?\d+(\.\d+)?\s*$/.test(text);
  return isNumber ? Number(text) : text; // the engine says what is wrong with any other text
}

// choiceAbout shows the description of the choice that is made.
function choiceAbout(schema, input) {
  const line = el('p', { class: 'about choice' });
  const show = () => {
    line.textContent = choices(schema).find((choice) => choice.const === input.value)?.description ?? '';
  };
  input.addEventListener('change', show);
  show();
  return line;
}

// leaf draws a setting that is a single value.
function leaf(schema, pointer, value, required) {
  const input = drawInput(schema, pointer, value, required);
  const list = suggestions(schema);
  const parts = [
    el('label', { for: inputId(pointer) }, schema.title, required ? el('span', { class: 'required' }, ' (required)') : null),
    input,
    list ? el('datalist', { id: `list${pointer}` }, list.map((c) => el('option', { value: c.const }, c.title))) : null,
    ...describe(schema, pointer, input),
    choices(schema) ? choiceAbout(schema, input) : null,
  ];
  return { element: el('div', { class: 'field', 'data-setting': pointer }, parts), read: () => readInput(schema, input) };
}

// group draws a setting that is an object.
function group(schema, pointer, value) {
  const nodes = ordered(schema.properties).map(([name, property]) =>
    [name, node(property, `${pointer}/${name}`, value?.[name], schema.required?.includes(name))]);
  const element = el('fieldset', { id: inputId(pointer), 'data-setting': pointer, tabindex: -1 },
    el('legend', {}, schema.title), ...describe(schema, pointer),
    el('div', { class: 'grid' }, nodes.map(([, n]) => n.element)));
  return { element, read: () => readGroup(nodes) };
}

function readGroup(nodes) {
  const entered = {};
  for (const [name, n] of nodes) {
    const value = n.read();
    if (value !== undefined) entered[name] = value;
  }
  return Object.keys(entered).length > 0 ? entered : undefined;
}

// rows draws a setting that is a list of objects, as a table with a line for each.
function rows(schema, pointer, value) {
  const columns = ordered(schema.items.properties);
  const body = el('tbody');
  let lines = [];

  const draw = (values) => {
    lines = values.map((one, i) => columns.map(([name, column]) => {
      const at = `${pointer}/${i}/${name}`;
      const input = drawInput(column, at, one[name], false);
      input.setAttribute('aria-label', `${column.title}, field ${i + 1}`);
      return { name, at, input, read: () => readInput(column, input) };
    }));
    body.replaceChildren(...lines.map((cells, i) => el('tr', { id: inputId(`${pointer}/${i}`), tabindex: -1 },
      cells.map(({ at, input }) => el('td', {}, input, ...describe({}, at, input))),
      el('td', {}, el('button', {
        type: 'button', class: 'plain', 'aria-label': `Remove field ${i + 1}`, onclick: () => draw(read().filter((_, j) => j !== i)),
      }, '×'), ...describe({}, `${pointer}/${i}`)))));
  };
  const read = () => lines.map((cells) => readGroup(cells.map((cell) => [cell.name, cell])) ?? {});
  const add = () => {
    draw([...read(), {}]);
    lines.at(-1)[0].input.focus();
  };
  draw(value ?? []);
  const element = el('div', { class: 'field whole', id: inputId(pointer), 'data-setting': pointer, tabindex: -1 },
    el('p', { class: 'label' }, schema.title), ...describe(schema, pointer),
    el('div', { class: 'scroll' }, el('table', { class: 'entries' },
      el('thead', {}, el('tr', {}, columns.map(([, c]) => el('th', { scope: 'col' }, c.title)), el('td'))), body)),
    el('p', { class: 'buttons' }, el('button', { type: 'button', onclick: add }, 'Add a field')));
  element.replaceRows = draw;
  return { element, read: () => lines.length > 0 ? read() : undefined };
}

function node(schema, pointer, value, required) {
  if (schema.type === 'object') return group(schema, pointer, value);
  if (schema.type === 'array') return rows(schema, pointer, value);
  return leaf(schema, pointer, value, required);
}

// drawForm draws the settings that a schema describes. first are those that most people change; the others are in a part
// that is closed at first. read returns what was entered.
export function drawForm(schema, values, first) {
  const nodes = ordered(schema.properties).map(([name, property]) =>
    [name, node(property, `/${name}`, values[name], schema.required?.includes(name))]);
  const of = (wanted) => nodes.filter(([name]) => first.includes(name) === wanted).map(([, n]) => n.element);
  const objects = of(true).filter((element) => element.matches('fieldset'));
  const single = of(true).filter((element) => !element.matches('fieldset'));
  const element = el('div', {},
    el('div', { class: 'card' }, el('h2', {}, schema.title), el('div', { class: 'grid' }, single)),
    objects.map((object) => el('div', { class: 'card' }, object)),
    el('details', { class: 'card', id: 'more' }, el('summary', {}, 'More settings'), of(false).length > 0 ? el('div', { class: 'grid' }, of(false)) : null));
  return { element, read: () => readGroup(nodes) ?? {} };
}

// clearErrors removes the errors that showErrors has shown.
export function clearErrors() {
  for (const place of document.querySelectorAll('[data-error]')) place.hidden = true;
  for (const input of document.querySelectorAll('[aria-invalid]')) input.removeAttribute('aria-invalid');
}

// titleOf returns the name of a setting as the form shows it.
const titleOf = (input) => input.getAttribute('aria-label')
  ?? document.querySelector(`label[for="${input.id}"]`)?.firstChild.textContent
  ?? input.querySelector('legend, .label')?.textContent;

// showErrors shows errors at their settings, and returns them with the element that each is about, and its title: that of
// the setting, or of the nearest one around it that the form has.
export function showErrors(errors) {
  return errors.map((error) => {
    let pointer = error.pointer ?? '';
    while (pointer && !document.getElementById(`error${pointer}`)) pointer = pointer.slice(0, pointer.lastIndexOf('/'));
    const place = document.getElementById(`error${pointer}`);
    const input = document.getElementById(inputId(pointer));
    if (!place || !input) return { error, title: error.field };
    place.textContent = error.problem;
    place.hidden = false;
    input.setAttribute('aria-invalid', 'true');
    const around = place.closest('details');
    if (around) around.open = true;
    return { error, title: titleOf(input) ?? error.field, input };
  });
}
