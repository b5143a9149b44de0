import { describe, expect, it } from 'vitest';
import { openOverlayChanges } from '../../../../test/fixtures/overlay-changes.ts';
import { type PluginMode, pluginModes } from '../../contract/hook-policy.ts';
import { toFaults } from '../../core/fault.ts';
import { createPluginSwitches } from './plugin-switches.ts';

const request = { dryRun: false, subject: 'ops' };

/** Switches of a gateway whose file states this mode of the plugin `guard`. */
async function switchesOf(mode: PluginMode, admin: object = {}) {
  const gateway = await openOverlayChanges({
    admin: { token: 'token', registration: { path: 'registered.json' }, ...admin },
    plugins: [{ id: 'guard', source: { file: './guard.wasm' }, mode }],
  });
  const switches = createPluginSwitches({ overlay: gateway.changes, plugins: () => [] });
  return { ...gateway, switches, mode: () => gateway.changes.config.plugins[0]?.mode };
}

describe('the mode of a plugin at run time [ADM-117]', () => {
  for (const [inFile, stated] of pluginModes.entries()) {
    it.each([...pluginModes.entries()])(
      `%i: ${stated} of the file becomes %s if that is not weaker`,
      async (wanted, mode) => {
        const gateway = await switchesOf(stated);
        const codes = await gateway.switches.setMode('guard', mode, request).then(() => [], toFaults);
        const isRefused = wanted > inFile;
        expect(codes.map(({ code }) => code)).toEqual(isRefused ? ['mode_weaker'] : []);
        expect(gateway.mode()).toBe(isRefused ? stated : mode);
      },
    );
  }

  it('is compared with the file, and not with what was set before', async () => {
    const gateway = await switchesOf('permissive');
    await gateway.switches.setMode('guard', 'enforce', request);
    await gateway.switches.setMode('guard', 'permissive', request);
    expect(gateway.mode()).toBe('permissive');
  });

  it('is refused in a dry run as it would be', async () => {
    const { switches } = await switchesOf('enforce');
    await expect(switches.setMode('guard', 'shadow', { ...request, dryRun: true })).rejects.toMatchObject({
      code: 'mode_weaker',
      details: { plugin: 'guard', mode: 'shadow', in_file: 'enforce' },
    });
  });

  it('may be weaker where the file says so, and enabling goes back to the file', async () => {
    const gateway = await switchesOf('enforce', { allow_weaker_modes: true });
    await gateway.switches.setMode('guard', 'disabled', request);
    expect(gateway.mode()).toBe('disabled');
    await gateway.switches.enable('guard', request);
    expect(gateway.mode()).toBe('enforce');
  });

  it('enables a plugin that the file disables', async () => {
    const gateway = await switchesOf('disabled');
    await gateway.switches.enable('guard', request);
    expect(gateway.mode()).toBe('enforce');
  });
});
