// The charts of a run, as SVG. Their colours are in style.css, so that they follow light and dark.
import { count, duration, svg } from './dom.js';

const [width, height] = [720, 220];
const edge = { left: 58, right: 16, top: 12, bottom: 34 };

// ticks returns about five round numbers from 0 to at least most.
function ticks(most) {
  const rough = most / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * [1, 2, 5, 10].find((factor) => factor * power >= rough);
  return Array.from({ length: Math.ceil(most / step) + 1 }, (_, i) => i * step);
}

const line = (points) => points.map(([x, y], i) => `${i === 0 ? 'M' : 'L'}${x.toFixed(1)} ${y.toFixed(1)}`).join('');

// overTime draws how many rows were settled, and how many of them failed, over the seconds of a run.
export function overTime(samples) {
  const points = [[0, 0, 0], ...samples];
  const [seconds, rows, failed] = points.at(-1);
  const across = ticks(Math.max(seconds, 0.1));
  const up = ticks(Math.max(rows, 4));
  const x = (s) => edge.left + (s / across.at(-1)) * (width - edge.left - edge.right);
  const y = (n) => height - edge.bottom - (n / up.at(-1)) * (height - edge.top - edge.bottom);
  const settled = points.map(([s, n]) => [x(s), y(n)]);
  return svg('svg', {
    viewBox: `0 0 ${width} ${height}`, class: 'chart', role: 'img',
    'aria-label': `Rows over time: ${count(rows)} settled after ${duration(seconds)}, ${count(failed)} of them failed`,
  },
  up.map((n) => svg('g', { class: 'grid' },
    svg('line', { x1: edge.left, x2: width - edge.right, y1: y(n), y2: y(n) }),
    svg('text', { x: edge.left - 8, y: y(n) + 4, 'text-anchor': 'end' }, count(n)))),
  across.map((s) => svg('text', { x: x(s), y: height - edge.bottom + 18, 'text-anchor': 'middle', class: 'tick' }, count(s, 2))),
  svg('text', { x: width - edge.right, y: height - 3, 'text-anchor': 'end', class: 'tick' }, 'seconds'),
  svg('path', { class: 'area', d: `${line(settled)}L${x(seconds).toFixed(1)} ${y(0)}L${x(0)} ${y(0)}Z` }),
  svg('path', { class: 'settled', d: line(settled) }),
  failed > 0 ? svg('path', { class: 'failed', d: line(points.map(([s, , n]) => [x(s), y(n)])) }) : null);
}

// outcomes are those that a row may have, with the name of each.
export const outcomes = [
  ['written', 'Written'], ['deleted', 'Deleted'], ['skipped', 'Skipped'], ['superseded', 'Superseded'],
  ['not_written', 'Not written'], ['unknown', 'Unknown'],
];

// shares draws the outcomes of rows as parts of one bar. An outcome that a row has is at least wide enough to be seen.
export function shares(totals) {
  const parts = outcomes.map(([key, name]) => [key, name, totals[key]]).filter(([, , n]) => n > 0);
  const widths = parts.map(([, , n]) => Math.max((n / totals.rows) * width, 6));
  const scale = width / widths.reduce((sum, w) => sum + w, 0);
  let at = 0;
  return svg('svg', {
    viewBox: `0 0 ${width} 22`, class: 'shares', role: 'img', preserveAspectRatio: 'none',
    'aria-label': `Outcomes: ${parts.map(([, name, n]) => `${count(n)} ${name.toLowerCase()}`).join(', ') || 'none yet'}`,
  },
  svg('rect', { class: 'none', x: 0, y: 0, width, height: 22 }),
  parts.map(([key, name, n], i) => {
    const part = svg('rect', { class: key, x: at, y: 0, width: Math.max(widths[i] * scale - 2, 1), height: 22 }, svg('title', {}, `${name}: ${count(n)}`));
    at += widths[i] * scale;
    return part;
  }));
}
