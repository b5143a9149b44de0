import type { z } from 'zod';

type RawIssue = z.core.$ZodRawIssue;

const article = (name: string) => (/^[aeio]/.test(name) ? `an ${name}` : `a ${name}`);

/** The names of types where zod's differ from those that people who write YAML use. */
const typeNames: Readonly<Record<string, string>> = { int: 'whole number', record: 'object', null: 'empty value' };

/** Says which type a value must have. */
export const expectedType = (type: string) => `expected ${article(typeNames[type] ?? type)}`;

function foundType(value: unknown): string {
  if (value === null) return 'an empty value';
  return article(Array.isArray(value) ? 'array' : typeof value);
}

const units: Readonly<Record<string, readonly [one: string, several: string]>> = {
  string: ['character', 'characters'],
  array: ['entry', 'entries'],
  set: ['entry', 'entries'],
  object: ['member', 'members'],
  record: ['member', 'members'],
};

/** Says what a bound requires of a number, or of the length of something else. */
function bound(origin: string, most: 'at least' | 'at most', limit: number | bigint, inclusive: boolean): string {
  const unit = units[origin];
  if (unit === undefined) {
    return inclusive ? `must be ${most} ${limit}` : `must be ${most === 'at least' ? 'more' : 'less'} than ${limit}`;
  }
  if (most === 'at least' && Number(limit) === 1) return 'must not be empty';
  return `must have ${most} ${limit} ${Number(limit) === 1 ? unit[0] : unit[1]}`;
}

/** Says in plain words what zod found in a value. Undefined leaves the text to zod; a schema's own text is used before. */
export function issueText(issue: RawIssue): string | undefined {
  switch (issue.code) {
    case 'invalid_type':
      return `${expectedType(String(issue.expected))}, found ${foundType(issue.input)}`;
    case 'too_small':
      return bound(issue.origin, 'at least', issue.minimum, issue.inclusive ?? true);
    case 'too_big':
      return bound(issue.origin, 'at most', issue.maximum, issue.inclusive ?? true);
    case 'invalid_value': {
      const values = issue.values.map(String);
      return values.length === 1 ? `expected ${values[0]}` : `expected one of ${values.join(', ')}`;
    }
    default:
      return undefined;
  }
}
