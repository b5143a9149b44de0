import { write } from 'sallyport:plugin/log@0.1.0';
import { block, type Entry, federation, type JoiningServer, keepEntries } from '@sallyport/plugin';

interface Config {
  readonly hosts: readonly string[];
  readonly commands: readonly string[];
}

export const { lifecycle, federationCheck } = federation<Config>({
  defaults: { hosts: [], commands: [] },

  preRegister(server, _context, config) {
    const why = whyNot(server, config);
    return why === undefined ? undefined : block('SERVER_NOT_ALLOWED', why);
  },

  postSync(list) {
    return keepEntries(list, entry => {
      const why = whyHidden(entry);
      // The name itself may be what is meant to be read.
      if (why !== undefined) write('warn', `removed one of the ${list.tag}: ${why}`);
      return why === undefined;
    });
  },
});

/** Returns why a server may not join; undefined if it may. */
function whyNot({ transport, urls, command }: JoiningServer, { hosts, commands }: Config): string | undefined {
  if (transport === 'stdio') {
    return commands.includes(command ?? '') ? undefined : `The command ${command} is not in the list of commands.`;
  }
  if (urls.length === 0) return 'Its configuration does not say at which host it is.';
  const other = urls.map(hostOf).find(host => !hosts.some(allowed => matches(host, allowed.toLowerCase())));
  return other === undefined ? undefined : `The host ${other} is not in the list of hosts.`;
}

/** Returns host and port of a URL, which has no user and no password here. */
const hostOf = (url: string): string => (/^[a-z]+:\/\/([^/]*)/.exec(url)?.[1] ?? '').toLowerCase();

const matches = (host: string, allowed: string): boolean =>
  allowed.startsWith('*.') ? host.endsWith(allowed.slice(1)) : host === allowed;

/**
 * Characters that a reader does not see: controls, fillers, zero-width spaces and word joiners, marks of the direction of
 * writing, and tags. Joiners and variation selectors that scripts and emoji need count only if there are several in a row.
 */
const invisible =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: terminals hide text with them
  /[\0-\x08\x0e-\x1f\x7f-\x9f\u00ad\u115f\u1160\u180e\u200b\u2060-\u2064\u206a-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb\u202a-\u202e\u2066-\u2069\u{e0000}-\u{e007f}]|\u034f|[\u200c\u200d]{2}|[\ufe00-\ufe0f\u{e0100}-\u{e01ef}]{2}/u;

/** What a description for people has no reason to say. */
const instructions: readonly (readonly [pattern: RegExp, why: string])[] = [
  [/<!--/, 'it has a comment of HTML'],
  [/<\s*\/?\s*(important|system|instructions?)\s*>/i, 'it has a tag that addresses a model'],
  [
    /\b(ignore|disregard|forget)\b.{0,40}\b(previous|prior|above|earlier|all)\b.{0,40}\b(instructions?|rules?)\b/is,
    'it tells a model to ignore instructions',
  ],
  [
    /\b(do not|don't|never)\b.{0,40}\b(tell|mention|inform|show|reveal)\b.{0,60}\buser\b/is,
    'it tells a model to hide something from the user',
  ],
];

/** Returns what is hidden in an entry; undefined if nothing is. */
function whyHidden(entry: Entry): string | undefined {
  const texts = textsIn(entry);
  if (texts.some(text => invisible.test(text))) return 'it has characters that cannot be seen';
  return instructions.find(([pattern]) => texts.some(text => pattern.test(text)))?.[1];
}

/** Members that are JSON text, in which escapes such as `\n` would hide where a word begins. */
const jsonMembers: ReadonlySet<string> = new Set(['inputSchema', 'outputSchema', 'annotations']);

/** Returns all texts of an entry, with those in schemas, annotations and the arguments of a prompt. */
function textsIn(entry: Entry): readonly string[] {
  const texts: string[] = [];
  const open: unknown[] = Object.entries(entry).map(([name, value]) =>
    jsonMembers.has(name) && typeof value === 'string' ? JSON.parse(value) : value,
  );
  while (open.length > 0) {
    const value = open.pop();
    if (typeof value === 'string') texts.push(value);
    else if (Array.isArray(value)) for (const each of value) open.push(each);
    else if (typeof value === 'object' && value !== null) {
      for (const [name, member] of Object.entries(value)) open.push(name, member);
    }
  }
  return texts;
}
