import { lookup, Resolver } from 'node:dns/promises';
import type { LookupFunction } from 'node:net';
import { EgressRefused, notPublic } from './egress-refused.ts';

/** All addresses of a host name. */
export type ResolveName = (name: string) => Promise<readonly string[]>;

/** Names as the operating system knows them. */
export const resolveBySystem: ResolveName = async name =>
  (await lookup(name, { all: true, verbatim: true })).map(({ address }) => address);

/** Names as the given DNS servers (address, or address:port) know them, without other sources. */
export function resolveBy(servers: readonly string[]): ResolveName {
  const resolver = new Resolver({ timeout: 2000, tries: 2 });
  resolver.setServers(servers);
  return async name => {
    const answers = await Promise.allSettled([resolver.resolve4(name), resolver.resolve6(name)]);
    const addresses = answers.flatMap(each => (each.status === 'fulfilled' ? each.value : []));
    const [first] = answers;
    if (addresses.length === 0 && first?.status === 'rejected') throw first.reason;
    return addresses;
  };
}

/**
 * The same, asking for one name at a time. The system's look-ups each hold a thread, of the few that the whole gateway
 * has, for as long as a name server is silent: longer than the request that wanted to know.
 */
export function oneByOne(resolve: ResolveName): ResolveName {
  let last: Promise<unknown> = Promise.resolve();
  return name => {
    const found = last.then(() => resolve(name));
    last = found.catch(() => {});
    return found;
  };
}

/**
 * A `lookup` for sockets: resolves a name once, checks every address, and hands the socket what was checked, so that a
 * second answer of the same name is never asked for. One address that may not be reached spoils the name.
 */
export const createPinnedLookup =
  (resolve: ResolveName, mayReach: (address: string) => boolean): LookupFunction =>
  (name, options, done) => {
    checkedAddresses(name, resolve, mayReach).then(
      addresses => {
        const [first] = addresses;
        if (options.all === true) return done(null, addresses);
        return first === undefined ? done(new EgressRefused(''), '') : done(null, first.address, first.family);
      },
      (error: Error) => done(error, ''),
    );
  };

async function checkedAddresses(name: string, resolve: ResolveName, mayReach: (address: string) => boolean) {
  const addresses = await resolve(name);
  if (addresses.length === 0) throw new Error(`${name} has no address`);
  const hidden = addresses.find(address => !mayReach(address));
  if (hidden !== undefined) throw new EgressRefused(notPublic(name));
  return addresses.map(address => ({ address, family: address.includes(':') ? 6 : 4 }));
}
