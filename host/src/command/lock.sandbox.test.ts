import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { type OperatorFolder, operatorFolder } from '../../../test/fixtures/operator-folder.ts';
import { toFaults } from '../core/fault.ts';
import { lock } from './lock.ts';

interface Asked {
  readonly json?: boolean;
  readonly approve?: readonly string[];
  readonly allowDowngrade?: boolean;
}

const lockOn = ({ file }: OperatorFolder, more: Asked = {}): Promise<string> =>
  lock({ config: file, json: false, approve: [], allowDowngrade: false, ...more });

/** What a lock refuses: code, details and hint of each fault. */
const refusals = (operator: OperatorFolder, more: Asked = {}) =>
  lockOn(operator, more).then(
    text => Promise.reject(new Error(`accepted: ${text}`)),
    (error: unknown) => toFaults(error).map(({ code, details, hint }) => ({ code, ...details, hint })),
  );

const textOf = ({ lockfile }: OperatorFolder) => readFile(lockfile, 'utf8');

async function locked(fields: Record<string, unknown> = {}): Promise<OperatorFolder> {
  const operator = await operatorFolder();
  await operator.install('p', fields);
  await operator.configure([{ id: 'p' }]);
  await lockOn(operator);
  return operator;
}

it('[RUN-40] prints what it did with each plugin, and writes only what changed', async () => {
  const operator = await operatorFolder();
  await operator.install('a');
  await operator.install('b');
  await operator.configure([{ id: 'a' }, { id: 'b' }]);
  const by = `signed by ${operator.keys.acme.keyId}`;
  const lineOf = (id: string, change: string) =>
    expect.stringMatching(new RegExp(`^${id} 0\\.1\\.0 sha256:[0-9a-f]{64} ${change}, ${by}$`));
  const end = (what: string) => `${operator.lockfile}: ${what}`;
  expect((await lockOn(operator)).split('\n')).toEqual([lineOf('a', 'new'), lineOf('b', 'new'), end('written')]);
  const first = await textOf(operator);
  expect((await lockOn(operator)).split('\n')).toEqual([
    ...[lineOf('a', 'unchanged'), lineOf('b', 'unchanged'), end('nothing to change')],
  ]);
  expect(await textOf(operator)).toBe(first);
  await operator.configure([{ id: 'b' }]);
  expect((await lockOn(operator)).split('\n')).toEqual([lineOf('b', 'unchanged'), 'a removed', end('written')]);
});

it('[RUN-40] prints the same as JSON', async () => {
  const operator = await operatorFolder();
  await operator.install('p');
  await operator.configure([{ id: 'p' }]);
  expect(JSON.parse(await lockOn(operator, { json: true }))).toMatchObject({
    ...{ ok: true, lockfile: operator.lockfile, written: true, removed: [] },
    plugins: [{ plugin: 'p', change: 'new', differences: [], pin: { version: '0.1.0', reference: './p.wasm' } }],
  });
});

it('[RUN-40] writes nothing if one plugin is refused', async () => {
  const operator = await operatorFolder();
  await operator.install('p');
  await operator.configure([{ id: 'p' }, { id: 'absent' }]);
  expect(await refusals(operator)).toMatchObject([{ code: 'artifact_not_found', plugin: 'absent' }]);
  expect(existsSync(operator.lockfile)).toBe(false);
});

it('[RUN-41] takes an update that asks for nothing more', async () => {
  const operator = await locked();
  await operator.install('p', { version: '0.2.0' });
  const [line, ...differences] = (await lockOn(operator)).split('\n');
  expect(line).toMatch(/^p 0\.2\.0 sha256:[0-9a-f]{64} updated, /);
  expect(differences).toContain('  version: 0.1.0 → 0.2.0');
});

it('[RUN-41] takes an update that asks for more only with consent, and says how to give it', async () => {
  const operator = await locked();
  const before = await textOf(operator);
  await operator.install('p', { version: '0.2.0', optional_capabilities: ['clock'] });
  await operator.configure([{ id: 'p', grants: { clock: {} } }]);
  const [refused] = await refusals(operator);
  expect(refused).toMatchObject({ code: 'lock_unapproved', plugin: 'p', hint: expect.stringContaining('--approve p') });
  expect(refused?.differences).toContain('optional_capabilities: + clock   (asks for more)');
  expect(await textOf(operator)).toBe(before);
  expect(await lockOn(operator, { approve: ['p'] })).toContain('updated');
  expect(await textOf(operator)).toContain('clock');
});

it('[RUN-42] refuses a version below the highest that was pinned, unless downgrades are allowed', async () => {
  const operator = await locked({ version: '0.3.0' });
  await operator.install('p', { version: '0.2.0' });
  expect(await refusals(operator)).toMatchObject([{ code: 'version_rollback', plugin: 'p', highest: '0.3.0' }]);
  expect(await lockOn(operator, { allowDowngrade: true })).toContain('p 0.2.0');
});

it('refuses consent for a plugin that is not configured, and names those that are', async () => {
  const operator = await locked();
  expect(await refusals(operator, { approve: ['q'] })).toMatchObject([{ code: 'usage', approve: 'q', plugins: ['p'] }]);
});
