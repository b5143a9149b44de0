/** Implements `console`, which writes to the gateway's log. */
import { log } from 'sallyport:powers';
import { isBuilt, refuseTopLevel } from './phase.js';
import { placed } from './places.js';
import { provide } from './provide.js';

/** @param {unknown} value */
function show(value) {
  if (typeof value === 'string') return value;
  if (value instanceof Error) return `${value.name}: ${value.message}\n${placed(value.stack)}`;
  return json(value);
}

/** @param {unknown} value */
function json(value) {
  try {
    return (
      JSON.stringify(value, (_name, member) => (typeof member === 'bigint' ? `${member}n` : member)) ?? String(value)
    );
  } catch {
    return String(value);
  }
}

/** @type {Readonly<Record<string, (value: any) => string>>} */
const formats = {
  s: show,
  d: value => String(Number(value)),
  i: value => String(Number.parseInt(value, 10)),
  f: value => String(Number.parseFloat(value)),
  o: json,
  O: json,
  j: json,
  c: () => '',
};

/**
 * Formats values as the Console Standard does: a leading string may contain directives, the remaining values follow.
 * @param {readonly unknown[]} values
 */
function format(values) {
  const [first, ...rest] = values;
  if (typeof first !== 'string' || rest.length === 0) return values.map(show).join(' ');
  const text = first.replace(/%([sdifoOjc%])/g, (all, letter) => {
    if (letter === '%') return '%';
    return rest.length === 0 ? all : (formats[letter]?.(rest.shift()) ?? all);
  });
  return [text, ...rest.map(show)].join(' ');
}

/** @param {'debug' | 'info' | 'warn' | 'error'} level */
const line =
  level =>
  /** @param {unknown[]} values */
  (...values) => {
    if (!isBuilt()) refuseTopLevel('console');
    log.write(level, format(values));
  };

provide('console', {
  log: line('info'),
  info: line('info'),
  warn: line('warn'),
  error: line('error'),
  debug: line('debug'),
  trace: line('debug'),
});
