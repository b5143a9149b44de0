import { describe, expect, it } from 'vitest';
import type { Config } from '../../config/config.ts';
import { emptyOverlay, type Overlay } from '../../config/overlay.ts';
import type { Fault } from '../../core/fault.ts';
import type { JsonObject } from '../../core/json.ts';
import { addEntry, etagOf, removeEntry, replaceEntry } from './edit-overlay.ts';
import type { EditOverlay } from './overlay-change.ts';

const http = { url: 'https://crm.example/mcp' };
const crm = { id: 'crm', http };
const overlay: Overlay = { ...emptyOverlay, upstreams: [crm], bindings: [{ id: 'sales', upstreams: ['crm'] }] };
/** A configuration whose file has the upstream `up` and the binding `main`, which uses `up` and `crm`. */
const config = {
  bindings: [{ id: 'main', upstreams: ['up', 'crm'] }],
  definedAt: (_: string, id: string) =>
    ['up', 'main'].includes(id) ? { file: 'sallyport.yaml', line: 7, path: id } : undefined,
} as unknown as Config;
const free = { ...config, bindings: [] } as unknown as Config;

const refusal = (edit: EditOverlay, on = config): Fault | undefined => {
  try {
    edit(overlay, on);
    return undefined;
  } catch (fault) {
    return fault as Fault;
  }
};

describe('an edit of what is registered', () => {
  it('[CHG-06] adds, replaces and removes entries, and nothing else', () => {
    const erp = { id: 'erp', http };
    expect(addEntry('upstreams', erp)(overlay, config)).toEqual({ ...overlay, upstreams: [crm, erp] });
    const other = { ...crm, timeout_ms: 9 };
    const replaced = { ...overlay, upstreams: [other] };
    expect(replaceEntry('upstreams', 'crm', other, undefined)(overlay, config)).toEqual(replaced);
    expect(replaceEntry('upstreams', 'crm', { http, timeout_ms: 9 }, '*')(overlay, config)).toEqual(replaced);
    expect(removeEntry('upstreams', 'crm', undefined)(overlay, free)).toEqual({ ...overlay, upstreams: [] });
    expect(removeEntry('bindings', 'sales', undefined)(overlay, config)).toEqual({ ...overlay, bindings: [] });
    expect(overlay.upstreams).toEqual([crm]);
  });

  it('[CHG-07] counts only for the version that the caller has read', () => {
    const etag = etagOf(crm);
    expect(etagOf({ http, id: 'crm' })).toBe(etag);
    expect(etagOf({ ...crm, timeout_ms: 9 })).not.toBe(etag);
    for (const matching of [etag, `"x", ${etag}`, '*', undefined]) {
      expect(refusal(replaceEntry('upstreams', 'crm', crm, matching))).toBeUndefined();
      expect(refusal(removeEntry('upstreams', 'crm', matching), free)).toBeUndefined();
    }
    for (const other of ['"x"', '', `W/${etag}`]) {
      expect(refusal(replaceEntry('upstreams', 'crm', crm, other))?.code).toBe('registration_outdated');
      expect(refusal(removeEntry('bindings', 'sales', other))?.code).toBe('registration_outdated');
    }
  });

  it.each<[string, EditOverlay, string, RegExp?]>([
    ['adds what is registered', addEntry('upstreams', crm), 'registration_exists'],
    ['adds what the file has', addEntry('upstreams', { id: 'up', http }), 'registration_fixed', /sallyport\.yaml:7/],
    [
      'replaces what the file has',
      replaceEntry('bindings', 'main', {}, undefined),
      'registration_fixed',
      /binding main/,
    ],
    ['removes what the file has', removeEntry('upstreams', 'up', undefined), 'registration_fixed'],
    ['replaces what nothing has', replaceEntry('upstreams', 'erp', { http }, undefined), 'registration_unknown'],
    ['removes what nothing has', removeEntry('bindings', '__proto__', undefined), 'registration_unknown'],
    ['removes what a binding uses', removeEntry('upstreams', 'crm', undefined), 'registration_in_use'],
    ['renames', replaceEntry('upstreams', 'crm', { id: 'mrc', http }, undefined), 'admin_input_invalid'],
    ['adds what has no id', addEntry('upstreams', { http }), 'admin_input_invalid'],
    ['adds what has a number as id', addEntry('upstreams', { id: 7, http }), 'admin_input_invalid'],
  ])('[CHG-06] is refused if it %s', (_, edit, code, hint = /./) => {
    const fault = refusal(edit);
    expect(fault?.code).toBe(code);
    expect(fault?.hint).toMatch(hint);
  });

  it('[CHG-06] names the bindings that use an upstream', () => {
    expect(refusal(removeEntry('upstreams', 'crm', undefined))?.details.bindings).toEqual(['main']);
  });

  it.each([
    ['in the entry', '{"id":"erp","__proto__":{"http":{}}}', 'body.__proto__'],
    ['within it', '{"id":"erp","http":{"headers":[{"__proto__":1}]}}', 'body.http.headers.0.__proto__'],
  ])('[CHG-06] refuses a member named __proto__ %s', (_, text, path) => {
    const fault = refusal(addEntry('upstreams', JSON.parse(text) as JsonObject));
    expect([fault?.code, fault?.details.path]).toEqual(['admin_input_invalid', path]);
  });

  it('[CHG-08] refuses what was shown instead of a secret', () => {
    const shown = { ...crm, http: { ...http, headers: { authorization: '***' } } };
    const fault = refusal(replaceEntry('upstreams', 'crm', shown, undefined));
    expect([fault?.code, fault?.details.path]).toEqual(['admin_input_invalid', 'body.http.headers.authorization']);
  });

  it('[CHG-06] refuses more than a thousand entries', () => {
    const many = Array.from({ length: 1_000 }, (_, index) => ({ id: `n${index}`, http }));
    const full = () => addEntry('upstreams', { id: 'one-more', http })({ ...overlay, upstreams: many }, config);
    expect(full).toThrow(expect.objectContaining({ code: 'registration_full' }));
  });
});
