import type { ReloadAnswer } from '../../admin/answer/change.ts';
import type { PluginSwitches, Switched, SwitchRequest } from '../../admin/plugin-switches.ts';
import type { Config } from '../../config/config.ts';
import type { Overlay } from '../../config/overlay.ts';
import { isWeaker } from '../../config/run-time-modes.ts';
import type { PluginMode } from '../../contract/hook-policy.ts';
import { fail } from '../../core/fault.ts';
import type { Plugin } from '../../plugin/plugin.ts';
import type { Registrant } from '../joining-server.ts';
import { type EditOverlay, OverlayChange } from '../registration/overlay-change.ts';
import type { Changed, OverlayChanges } from '../registration/overlay-changes.ts';

export interface PluginSwitchOptions {
  readonly overlay: OverlayChanges;
  /** The plugins that are loaded now. */
  plugins(): readonly Plugin[];
}

/** Creates what changes how plugins are called while the gateway runs. */
export function createPluginSwitches({ overlay, plugins }: PluginSwitchOptions): PluginSwitches {
  const change = async (
    plugin: string,
    { dryRun, subject }: SwitchRequest,
    { edit, mode }: { readonly edit: EditOverlay; readonly mode: PluginMode },
  ): Promise<Switched> => {
    let before: PluginMode | undefined;
    const noting: EditOverlay = (stored, config) => {
      before = modeOf(config, plugin);
      return edit(stored, config);
    };
    const changed = await (dryRun ? overlay.tryOut(noting) : overlay.make(noting, registrantOf(subject)));
    return { answer: answerOf(changed, dryRun), before: { mode: before }, after: { mode } };
  };
  const set = (plugin: string, mode: PluginMode) => ({ mode, edit: withMode(plugin, mode) });
  return {
    setMode: (plugin, mode, request) => change(plugin, request, set(plugin, mode)),
    async enable(plugin, request) {
      const edit = withoutMode(plugin);
      const mode = modeOf(await new OverlayChange(edit).next(overlay.config), plugin) ?? 'enforce';
      return change(plugin, request, mode === 'disabled' ? set(plugin, 'enforce') : { edit, mode });
    },
    async reload(plugin, { subject }) {
      const loaded = () => {
        const { version, digest } = plugins().find(({ id }) => id === plugin) ?? {};
        return { version, digest };
      };
      const before = loaded();
      const answer = answerOf(await overlay.refresh(plugin, registrantOf(subject)), false);
      return { answer, before, after: loaded() };
    },
  };
}

/** Returns what the management API answers to a change of the configuration. */
export const answerOf = ({ generation, changes }: Changed, dryRun: boolean): ReloadAnswer => ({
  ...{ dry_run: dryRun, generation },
  changes: changes.map(({ text }) => text),
});

const registrantOf = (subject: string | undefined): Registrant => ({ origin: 'admin', principal: subject });

const modeOf = ({ plugins }: Config, plugin: string) => plugins.find(({ id }) => id === plugin)?.mode;

const withMode =
  (plugin: string, mode: PluginMode): EditOverlay =>
  (overlay, config) => {
    checkStrength(plugin, mode, config);
    return { ...overlay, plugins: { ...overlay.plugins, [plugin]: { mode } } };
  };

/** @throws Fault `mode_weaker` */
function checkStrength(plugin: string, mode: PluginMode, { admin, modeInFile }: Config): void {
  const stated = modeInFile?.(plugin);
  if (stated === undefined || admin?.allow_weaker_modes === true || !isWeaker(mode, stated)) return;
  fail('mode_weaker', { plugin, mode, in_file: stated });
}

const withoutMode =
  (plugin: string): EditOverlay =>
  (overlay): Overlay => {
    const { [plugin]: _, ...plugins } = overlay.plugins;
    return { ...overlay, plugins };
  };
