import { cut } from '../../core/cut.ts';
import type { Config } from '../config.ts';
import { type Difference, differences, type Step } from './differences.ts';
import { shownValue } from './shown-value.ts';

/** One change of a configuration, or of a plugin that it names. It contains no value of a secret. */
export interface ConfigChange {
  readonly kind: 'added' | 'removed' | 'changed' | 'reordered';
  /** The top-level member of sallyport.yaml: `plugins`. */
  readonly section: string;
  /** The entry of a list that it is in: `mask-pii`. */
  readonly id?: string;
  /** The member of the entry or of the section: `limits.memory_mib`. */
  readonly field?: string;
  /** The value before, if it may be shown. */
  readonly from?: string;
  /** The value after, if it may be shown. */
  readonly to?: string;
  /** The change in words: `plugin mask-pii: mode enforce → shadow`. */
  readonly text: string;
}

/** What a plugin was when it was loaded. */
export interface LoadedPlugin {
  readonly id: string;
  readonly version: string;
  readonly digest: string;
}

/** A configuration, and the plugins that were loaded for it. */
export interface LoadedConfig {
  readonly config: Config;
  readonly plugins: readonly LoadedPlugin[];
}

/** The maximum number of changes that are listed, and the maximum length of the text of one. */
const most = 100;
const longest = 300;

/** Lists what changed, in the order of the sections. Beyond a hundred, the last entry counts the others. */
export function configChanges(before: LoadedConfig, after: LoadedConfig): readonly ConfigChange[] {
  const found = [
    ...differences(settingsOf(before.config), settingsOf(after.config)).map(changeOf),
    ...artifactChanges(before.plugins, after.plugins),
  ];
  const masks = [before.config.mask, after.config.mask];
  const masked = (change: ConfigChange): ConfigChange => {
    const safe = masks.reduce((each, mask) => mask.value(each), change);
    return { ...safe, text: cut(safe.text, longest) };
  };
  const listed = found.slice(0, most).map(masked);
  const more = found.length - listed.length;
  return more === 0 ? listed : [...listed, { kind: 'changed', section: '', text: `and ${more} more changes` }];
}

/** Returns the settings of a configuration, each once: those of tenants are in `plugins`, too. */
function settingsOf({ mask: _mask, overlay: _overlay, ...settings }: Config): object {
  return {
    ...settings,
    plugins: settings.plugins.map(({ overrides: _overrides, isPriorityStated, priority, ...plugin }) => ({
      ...plugin,
      priority: isPriorityStated ? priority : `${priority} (default)`,
    })),
  };
}

/** What the entries of a list are called. */
const nouns: Readonly<Record<string, string>> = {
  plugins: 'plugin',
  upstreams: 'upstream',
  bindings: 'binding',
  tenants: 'tenant',
  registries: 'registry',
  routes: 'route',
  secrets: 'secret',
  'trust.keys': 'key',
  'identity.schemes': 'scheme',
  'identity.checks': 'check',
  'accounts.sign_in': 'sign-in',
  'tenants.*.plugins': 'plugin',
  'tenants.*.secrets': 'secret',
  'upstreams.*.http.instances': 'instance',
};

/** What one text of a list is called, by the last member of its path. */
const items: Readonly<Record<string, string>> = {
  upstreams: 'upstream',
  transforms: 'transform',
  policies: 'policy',
  bindings: 'binding',
  federation: 'federation plugin',
  hooks: 'hook',
  tags: 'tag',
  allowed_hosts: 'allowed host',
  allowed_origins: 'allowed origin',
  revoked_digests: 'revoked digest',
  required_scopes: 'required scope',
  encryption_keys: 'encryption key',
  token_hosts: 'token host',
};

/** Returns the path with dots, and `*` for entries of lists. */
const placeOf = (path: readonly Step[]): string => path.map(step => (typeof step === 'string' ? step : '*')).join('.');

function changeOf({ path, kind, before, after, isItem = false }: Difference): ConfigChange {
  const [section = ''] = path;
  const entry = path.find(step => typeof step === 'object');
  const place = placeOf(path);
  const { subjects, field } = namedIn(path);
  const [from, to] = [shownValue(place, before), shownValue(place, after)];
  const subject = subjects.join(': ');
  const words = wordsOf({ kind, field, from, to, isItem, isTop: subject === '' });
  const separator = subject === '' ? '' : field === '' ? ' ' : ': ';
  return {
    kind,
    section: String(section),
    ...(entry !== undefined && { id: entry.id }),
    ...(field !== '' && { field }),
    ...(before !== undefined && from !== undefined && { from }),
    ...(after !== undefined && to !== undefined && { to }),
    text: `${subject}${separator}${words}`,
  };
}

/** Splits a path into the entries of lists that it leads through and the member in the last of them. */
function namedIn(path: readonly Step[]): { readonly subjects: readonly string[]; readonly field: string } {
  const subjects: string[] = [];
  let members: string[] = [];
  for (const [index, step] of path.entries()) {
    if (typeof step === 'string') members.push(step);
    else {
      const noun = nouns[placeOf(path.slice(0, index))] ?? members.join('.');
      subjects.push(`${noun} ${step.id}`);
      members = [];
    }
  }
  return { subjects, field: members.join('.') };
}

interface Words {
  readonly kind: Difference['kind'];
  readonly field: string;
  readonly from: string | undefined;
  readonly to: string | undefined;
  readonly isItem: boolean;
  /** Whether the field is a setting of the whole gateway and not of an entry. */
  readonly isTop: boolean;
}

function wordsOf({ kind, field, from, to, isItem, isTop }: Words): string {
  if (field === '') return kind;
  if (kind === 'reordered') return `order of ${field} changed`;
  if (isItem) return itemWords(field, kind, kind === 'added' ? to : from);
  // Without both values, or when the visible parts are the same, only the fact is reported.
  if (from === undefined || to === undefined || from === to) return `${field} ${kind}`;
  return `${field}${isTop ? ':' : ''} ${from} → ${to}`;
}

function itemWords(field: string, kind: Difference['kind'], value: string | undefined): string {
  if (value === undefined) return `${field} changed`;
  const holders = field.split('.');
  const noun = items[holders.pop() ?? ''];
  if (noun === undefined) return `${field}: ${value} ${kind}`;
  return `${holders.map(holder => `${holder}: `).join('')}${noun} ${value} ${kind}`;
}

/** Lists plugins whose artifact changed. */
function artifactChanges(before: readonly LoadedPlugin[], after: readonly LoadedPlugin[]): readonly ConfigChange[] {
  const earlier = new Map(before.map(plugin => [plugin.id, plugin]));
  return after.flatMap(plugin => {
    const { id } = plugin;
    const was = earlier.get(id);
    if (was === undefined) return [];
    return (['version', 'digest'] as const).flatMap((field): ConfigChange[] => {
      const [from, to] = [was[field], plugin[field]];
      if (from === to) return [];
      const text = `plugin ${id}: ${field} ${short(from)} → ${short(to)}`;
      return [{ kind: 'changed', section: 'plugins', id, field, from, to, text }];
    });
  });
}

/** Returns the beginning of a digest, which is enough to tell two apart. */
const short = (text: string): string => text.replace(/^(sha256:[0-9a-f]{12})[0-9a-f]+$/, '$1…');
