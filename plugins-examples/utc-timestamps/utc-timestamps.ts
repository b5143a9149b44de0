import { replaceText, transform } from '@sallyport/plugin';

interface Config {
  /** Offsets of zone names, in addition to the known ones. */
  readonly zones: Readonly<Record<string, string>>;
  /** The offset of timestamps without one; if absent, they are not changed. */
  readonly assume: string;
}

/** Zone names with the same offset everywhere. The operator defines ambiguous ones (IST, BST, CST in China). */
const known: Readonly<Record<string, string>> = {
  ...{ Z: '+00:00', UTC: '+00:00', GMT: '+00:00', UT: '+00:00', WET: '+00:00', WEST: '+01:00', CET: '+01:00' },
  ...{ CEST: '+02:00', EET: '+02:00', EEST: '+03:00', EST: '-05:00', EDT: '-04:00', CST: '-06:00', CDT: '-05:00' },
  ...{ MST: '-07:00', MDT: '-06:00', PST: '-08:00', PDT: '-07:00' },
};

const time = '(?<hour>\\d\\d):(?<minute>\\d\\d)(?::(?<second>\\d\\d)(?<fraction>[.,]\\d{1,9})?)?';
const zone = '(?: ?(?<zone>[+-]\\d\\d(?::?\\d\\d)?|[A-Z]{1,5}))?(?![\\w:])';
const months = 'JanFebMarAprMayJunJulAugSepOctNovDec';

/** ISO 8601, also with a space instead of the T. */
const iso = new RegExp(`(?<![\\w.:-])(?<year>\\d{4})-(?<month>\\d\\d)-(?<day>\\d\\d)[T ]${time}${zone}`, 'g');
/** The format of e-mail and HTTP: Tue, 3 Mar 2026 10:00:00 +0100. */
const mail = new RegExp(
  `(?<!\\w)(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), )?(?<day>\\d{1,2}) (?<month>[A-Z][a-z]{2}) (?<year>\\d{4}) ${time}${zone}`,
  'g',
);

/** Parses `+05:30`, `+0530` or `-08` to minutes east of UTC; undefined if it is out of range. */
function minutesOf(offset: string): number | undefined {
  const [, sign, hours, minutes = '0'] = /^([+-])(\d\d):?(\d\d)?$/.exec(offset) ?? [];
  const all = Number(hours) * 60 + Number(minutes);
  if (sign === undefined || all > 14 * 60 || Number(minutes) > 59) return undefined;
  return sign === '-' ? -all : all;
}

type Parts = Readonly<Record<string, string | undefined>>;

/** Converts a timestamp to UTC with its precision; undefined if it is invalid or its zone is unknown. */
function inUtc(parts: Parts, month: number, { zones, assume }: Config): string | undefined {
  const name = parts.zone ?? assume;
  const offset = minutesOf(zones[name] ?? known[name] ?? name);
  if (offset === undefined) return undefined;
  const [year, day, hour, minute, second] = ['year', 'day', 'hour', 'minute', 'second'].map(each =>
    Number(parts[each] ?? 0),
  );
  const local = new Date(Date.UTC(year ?? 0, month, day, hour, minute, second));
  // Date normalizes 30 February, hour 25 and the like to another day or hour.
  const same = [
    local.getUTCMonth(),
    local.getUTCDate(),
    local.getUTCHours(),
    local.getUTCMinutes(),
    local.getUTCSeconds(),
  ];
  if (same.join() !== [month, day, hour, minute, second].join()) return undefined;
  const moment = new Date(local.getTime() - offset * 60_000).toISOString();
  return `${moment.slice(0, 19)}${(parts.fraction ?? '').replace(',', '.')}Z`;
}

const replacing = (text: string, pattern: RegExp, monthOf: (text: string) => number, config: Config): string =>
  text.replace(pattern, (all: string, ...more: unknown[]) => {
    const parts = more.at(-1) as Parts;
    return inUtc(parts, monthOf(parts.month ?? ''), config) ?? all;
  });

export const { lifecycle, dispatchHooks } = transform<Config>({
  defaults: { zones: {}, assume: '' },

  configure({ zones, assume }) {
    for (const offset of [...Object.values(zones), ...(assume === '' ? [] : [assume])]) {
      if (minutesOf(offset) === undefined) throw new Error(`${offset} is not an offset such as +05:30`);
    }
  },

  after: (response, _context, config) =>
    replaceText(response, text => {
      // Every format has a colon between digits, and most text has none.
      if (!/\d:\d/.test(text)) return text;
      const first = replacing(text, iso, month => Number(month) - 1, config);
      return replacing(
        first,
        mail,
        month => (months.indexOf(month) % 3 === 0 ? months.indexOf(month) / 3 : -1),
        config,
      );
    }),
});
