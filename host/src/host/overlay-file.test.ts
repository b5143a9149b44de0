import { chmod, mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../../test/fixtures/temporary-folder.ts';
import { emptyOverlay, type Overlay } from '../config/overlay.ts';
import { readOverlay, saveOverlay, storedOverlay } from './overlay-file.ts';

const newFile = async () => join(await temporaryFolder(), 'state', 'registered.json');
const crm: Overlay = {
  upstreams: [{ id: 'crm', http: { url: 'https://crm.example/mcp' } }],
  bindings: [{ id: 'sales', upstreams: ['crm'] }],
  plugins: { redact: { mode: 'shadow' } },
};

describe('the file with what was registered at run time', () => {
  it('[CHG-01] has what was saved, and nothing before that', async () => {
    const file = await newFile();
    const before = await readOverlay(file);
    expect(before.overlay).toEqual(emptyOverlay);
    const next = storedOverlay(file, crm);
    await saveOverlay(next, before);
    expect(await readOverlay(file)).toEqual(next);
    expect((await stat(file)).mode & 0o077).toBe(0);
  });

  it('[CHG-01] is not replaced if another process has changed it', async () => {
    const file = await newFile();
    const before = await readOverlay(file);
    await saveOverlay(storedOverlay(file, crm), before);
    const mine = storedOverlay(file, { ...emptyOverlay, plugins: { mine: { mode: 'enforce' } } });
    await expect(saveOverlay(mine, before)).rejects.toMatchObject({ code: 'overlay_conflict', details: { file } });
    expect((await readOverlay(file)).overlay).toEqual(crm);
  });

  it('[CHG-01] can be edited by hand between two changes', async () => {
    const file = await newFile();
    await saveOverlay(storedOverlay(file, crm), await readOverlay(file));
    const text = await readFile(file, 'utf8');
    await writeFile(file, text.replaceAll('crm', 'mcr').replaceAll(/\n */g, ''));
    const edited = await readOverlay(file);
    expect(edited.overlay.upstreams).toMatchObject([{ id: 'mcr' }]);
    await saveOverlay(storedOverlay(file, crm), edited);
    expect((await readOverlay(file)).overlay).toEqual(crm);
  });

  it('[CHG-01] reports a folder that cannot be written', async () => {
    const file = await newFile();
    await writeFile(dirname(file), 'a file');
    await expect(saveOverlay(storedOverlay(file, crm), storedOverlay(file, emptyOverlay))).rejects.toMatchObject({
      code: 'overlay_not_saved',
      details: { file, reason: expect.any(String) },
    });
  });

  const text = (members: object) =>
    JSON.stringify({ version: 1, upstreams: [], bindings: [], plugins: {}, ...members });
  it.each([
    ['cut off', '{"version": 1, "upst', /^it is not JSON/],
    ['empty', '', /^it is not JSON/],
    ['bytes', '\u0000\u0001', /^it is not JSON/],
    ['nested too deeply', `${'['.repeat(10_000)}`, /^it is not JSON/],
    ['not an object', '[]', /object/],
    ['of a newer gateway', text({ version: 2 }), /^it has version 2, and this gateway reads version 1$/],
    ['without a version', '{"upstreams": []}', /version: /],
    ['with an object where a list is expected', text({ upstreams: {} }), /^upstreams: /],
    ['with an id that is none', text({ bindings: [{ id: '../x' }] }), /^bindings\.0\.id: /],
    ['with a mode that is none', text({ plugins: { p: { mode: 'off' } } }), /^plugins\.p\.mode: /],
    ['with an unknown member', text({ routes: [] }), /routes/],
  ])('[CHG-02] is refused if it is %s, and stays as it is', async (_, content, reason) => {
    const file = await newFile();
    await mkdir(dirname(file));
    await writeFile(file, content);
    await expect(readOverlay(file)).rejects.toMatchObject({
      code: 'overlay_unusable',
      exit: 3,
      details: { file, reason: expect.stringMatching(reason) },
      hint: expect.stringMatching(/move (it|the file) away/),
    });
    expect(await readFile(file, 'utf8')).toBe(content);
  });

  it('[CHG-02] is refused if every user may change it', async () => {
    const file = await newFile();
    await saveOverlay(storedOverlay(file, crm), await readOverlay(file));
    await chmod(file, 0o606);
    const details = { reason: 'every user may change it' };
    await expect(readOverlay(file)).rejects.toMatchObject({ code: 'overlay_unusable', details });
  });
});
