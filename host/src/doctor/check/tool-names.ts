import type { Check } from '../check.ts';

/** The characters of a name that many models allow. */
const most = 64;
/** The names with the same problem that are listed. */
const shown = 5;

/** Names of tools that models reject, and duplicates. */
export const toolNames: Check = {
  id: 'DR402',
  severity: 'warning',
  about: `tool names with more than ${most} characters, and duplicate tool names`,
  why: 'Many models reject the whole list because of one name that is too long.',
  fix: 'Give the upstream a shorter id, or a binding of its own, in which names have no prefix.',
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
        ...(long.length === 0 ? [] : [{ what: `Tool names with more than ${most} characters: ${listed(long)}.`, at }]),
        ...(twice.size === 0
          ? []
          : [
              {
                what: `Duplicate tool names: ${listed([...twice])}.`,
                at,
                why: 'Of two tools with the same name, only one can be called.',
                fix: "Ask the server's author for distinct names.",
              },
            ]),
      ];
    });
  },
};

const listed = (names: readonly string[]) =>
  names.slice(0, shown).join(', ') + (names.length > shown ? ` and ${names.length - shown} more` : '');
