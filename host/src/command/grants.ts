import { stringify } from 'yaml';
import { capabilities } from '../capability/registry.ts';
import { fail } from '../core/fault.ts';
import { readLearned, smallestGrants } from '../plugin/learned-grants.ts';
import type { GrantsCommand } from './command.ts';
import { readConfig } from './read-config.ts';

/**
 * Runs `sallyport grants`: finds what a plugin is granted, and the smallest grants that would have allowed what
 * learning mode recorded. Returns what it prints: YAML to paste under the plugin.
 * @throws Faults
 */
export async function grants({ config: file, plugin, json }: GrantsCommand): Promise<string> {
  const config = await readConfig(file);
  const entry = config.plugins.find(({ id }) => id === plugin);
  if (entry === undefined) return fail('usage', { plugin, plugins: config.plugins.map(({ id }) => id) });
  const learned = await readLearned(config.cache_dir, plugin);
  const smallest = learned === undefined ? {} : smallestGrants(learned, capabilities);
  const granted = entry.grants === 'learn' ? {} : entry.grants;
  if (json) {
    return JSON.stringify({
      plugin,
      learning: entry.grants === 'learn',
      granted,
      grants: smallest,
      uses: learned?.uses,
    });
  }
  const uses = Object.entries(learned?.uses ?? {}).flatMap(([name, needs]) =>
    needs.map(need => `#   ${name}: ${JSON.stringify(need)}`),
  );
  return [
    `# granted to ${plugin} now${entry.grants === 'learn' ? ', while it is learning' : ''}: ${JSON.stringify(granted)}`,
    ...(uses.length === 0 ? [] : ['# refused so far:', ...uses]),
    learned === undefined
      ? '# nothing was recorded: set `grants: learn`, and serve'
      : '# would allow what was refused so far:',
    ...(learned === undefined ? [] : [stringify({ grants: smallest }, { lineWidth: 0 }).trimEnd()]),
  ].join('\n');
}
