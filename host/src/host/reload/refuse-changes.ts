import type { Config } from '../../config/config.ts';
import { canonicalJson } from '../../core/canonical-json.ts';
import { Fault, Faults } from '../../core/fault.ts';

/** A setting that stays as it is while the gateway runs. */
interface Unchangeable {
  readonly path: string;
  readonly read: (config: Config) => unknown;
  readonly why: string;
}

const settings: readonly Unchangeable[] = [
  { path: 'listen', read: ({ listen }) => listen, why: 'the listener keeps its address' },
  {
    path: 'tls',
    read: ({ tls }) => tls !== undefined,
    why: 'a listener speaks either TLS or plain HTTP; the files of its certificates may change',
  },
  {
    path: 'tls.client_authorities',
    read: ({ tls }) => tls?.client_authorities !== undefined,
    why: 'a listener either asks clients for certificates or does not; the file may change',
  },
  { path: 'kv', read: ({ kv }) => kv, why: 'values of plugins would be left behind in the store that they are in' },
  { path: 'audit', read: ({ audit }) => audit, why: 'the record of events must not break off' },
  { path: 'receipts', read: ({ receipts }) => receipts, why: 'the record of hook calls must not break off' },
  { path: 'telemetry', read: ({ telemetry }) => telemetry, why: 'spans of running requests go on to their collector' },
  {
    path: 'admin',
    read: ({ admin }) => admin && { ...admin, registration: undefined, allow_weaker_modes: undefined },
    why: 'the management API keeps its address and its ways to authenticate; the keys, the token and the files of certificates may change',
  },
  {
    path: 'cache_dir',
    read: ({ cache_dir: folder }) => folder,
    why: 'what plugins were refused is being recorded there',
  },
  { path: 'log', read: ({ log }) => log, why: 'running lanes and connections keep the level that they started with' },
];

/** Refuses changes that a running gateway cannot make. @throws Faults of `reload_refused`: all of them */
export function refuseChanges(before: Config, next: Config): void {
  const faults = settings.flatMap(({ path, read, why }) =>
    canonicalJson(read(before)) === canonicalJson(read(next)) ? [] : [new Fault('reload_refused', { path, why })],
  );
  if (faults.length > 0) throw new Faults(faults);
}
