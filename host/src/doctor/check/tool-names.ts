import type { Check } from '../check.ts';

/** The characters of a name that many models allow. */
const most = 64;
/** The names with the same problem that are listed. */
const shown = 5;

/** Names of tools that models refuse, or that an upstream has twice. */
export const toolNames: Check = {
  id: 'DR402',
  severity: 'warning',
  about: `names of tools with more than ${most} characters, and names that an upstream has twice`,
  why: 'Many models refuse a whole list of tools for one name that is too long; of two tools with one name, one cannot be called.',
  fix: 'Choose a shorter id for the upstream, or a binding for it alone; then names have no prefix.',
  isOnline: true,
  async find(patient) {
    const prefixed = new Set(
      patient.config.bindings.filter(({ upstreams }) => upstreams.length > 1).flatMap(({ upstreams }) => upstreams),
    );
    return (await patient.surveyed()).flatMap(({ upstream: { id }, tools }) => {
      const names = prefixed.has(id) ? tools.map(name => `${id}__${name}`) : tools;
      const long = names.filter(name => name.length > most);
      const seen = new Set<string>();
      const twice = new Set(names.filter(name => seen.size === seen.add(name).size));
      const at = `upstreams.${id}`;
      return [
        ...(long.length === 0 ? [] : [{ what: `Too long: ${listed(long)}.`, at }]),
        ...(twice.size === 0
          ? []
          : [{ what: `Twice: ${listed([...twice])}.`, at, fix: "Ask the server's author for names that differ." }]),
      ];
    });
  },
};

const listed = (names: readonly string[]) =>
  names.slice(0, shown).join(', ') + (names.length > shown ? ` and ${names.length - shown} more` : '');
