import { describe, expect, it } from 'vitest';
import { digestOf } from '../core/digest.ts';
import { toFaults } from '../core/fault.ts';
import { formatLockfile, type Lockfile, type Pin, parseLockfile } from './lockfile.ts';

const pin: Pin = {
  reference: './p.wasm',
  digest: digestOf(Buffer.from('a')),
  signer: { by: 'trust', key_id: 'k1' },
  version: '1.0.0',
  hooks: ['tool_pre_invoke'],
  imports: [],
  required_capabilities: [],
  optional_capabilities: [],
  granted: { clock: { resolution_ms: 10 } },
};
const lockfile: Lockfile = {
  plugins: new Map([
    ['q', pin],
    ['p', pin],
  ]),
  marks: new Map([['p', { version: '1.0.0' }]]),
};

function refusals(text: string) {
  try {
    parseLockfile(text, 'sallyport.lock');
    return [];
  } catch (error) {
    return toFaults(error).map(({ code, details }) => ({ code, ...details }));
  }
}

it('[RUN-40] is read as it was written, in one order of plugins', () => {
  const text = formatLockfile(lockfile);
  const read = parseLockfile(text, 'sallyport.lock');
  expect([...read.plugins.keys()]).toEqual(['p', 'q']);
  expect(read.plugins.get('p')).toEqual(pin);
  expect(formatLockfile(read)).toBe(text);
});

describe('[RUN-44] a lockfile that is malformed or was changed by hand', () => {
  const text = formatLockfile(lockfile);
  it.each([
    { what: 'an edited pin', edit: () => text.replace('resolution_ms: 10', 'resolution_ms: 1'), path: 'plugins.p' },
    { what: 'a pin copied to another id', edit: () => text.replace('\n  q:', '\n  r:'), path: 'plugins.r' },
    {
      what: 'an edited mark',
      edit: () => text.replace(/(high_water:[\s\S]*version: )1\.0\.0/, '$10.9.0'),
      path: 'high_water.p',
    },
    { what: 'an unknown member', edit: () => text.replace('lockfile: 1', 'lockfile: 1\nmore: 1'), path: '' },
    { what: 'another format', edit: () => text.replace('lockfile: 1', 'lockfile: 2'), path: 'lockfile' },
  ])('is refused with its place: $what', ({ edit, path }) => {
    const found = refusals(edit());
    expect(found).toContainEqual(
      expect.objectContaining({ code: 'lockfile_unusable', file: 'sallyport.lock', path, line: expect.any(Number) }),
    );
  });

  it.each([
    { what: 'no YAML', text: 'plugins: [' },
    { what: 'a repeated key', text: 'lockfile: 1\nlockfile: 1\n' },
    { what: 'aliases', text: 'lockfile: 1\nplugins: &a {}\nhigh_water: *a\n' },
  ])('is refused: $what', ({ text: malformed }) => {
    expect(refusals(malformed)).toEqual([expect.objectContaining({ code: 'lockfile_unusable' })]);
  });
});
