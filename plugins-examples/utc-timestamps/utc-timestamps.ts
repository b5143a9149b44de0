import { replaceText, transform } from '@sallyport/plugin';

interface Config {
  /** Offset of each name of a zone, over those that are known. */
  readonly zones: Readonly<Record<string, string>>;
  /** Offset of moments that name none; without it they stay as they are. */
  readonly assume: string;
}

/** Names that mean one offset wherever they are used. Others (IST, BST, CST in China) are for the operator to say. */
const known: Readonly<Record<string, string>> = {
  ...{ Z: '+00:00', UTC: '+00:00', GMT: '+00:00', UT: '+00:00', WET: '+00:00', WEST: '+01:00', CET: '+01:00' },
  ...{ CEST: '+02:00', EET: '+02:00', EEST: '+03:00', EST: '-05:00', EDT: '-04:00', CST: '-06:00', CDT: '-05:00' },
  ...{ MST: '-07:00', MDT: '-06:00', PST: '-08:00', PDT: '-07:00' },
};

const time = '(?<hour>\\d\\d):(?<minute>\\d\\d)(?::(?<second>\\d\\d)(?<fraction>[.,]\\d{1,9})?)?';
const zone = '(?: ?(?<zone>[+-]\\d\\d(?::?\\d\\d)?|[A-Z]{1,5}))?(?![\\w:])';
const months = 'JanFebMarAprMayJunJulAugSepOctNovDec';

/** ISO 8601, with a space in the place of the T too. */
const iso = new RegExp(`(?<![\\w.:-])(?<year>\\d{4})-(?<month>\\d\\d)-(?<day>\\d\\d)[T ]${time}${zone}`, 'g');
/** As mails and HTTP have it: Tue, 3 Mar 2026 10:00:00 +0100. */
const mail = new RegExp(
  `(?<!\\w)(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), )?(?<day>\\d{1,2}) (?<month>[A-Z][a-z]{2}) (?<year>\\d{4}) ${time}${zone}`,
  'g',
);

/** Minutes east of UTC, of `+05:30`, `+0530` or `-08`; undefined where no offset is so large. */
function minutesOf(offset: string): number | undefined {
  const [, sign, hours, minutes = '0'] = /^([+-])(\d\d):?(\d\d)?$/.exec(offset) ?? [];
  const all = Number(hours) * 60 + Number(minutes);
  if (sign === undefined || all > 14 * 60 || Number(minutes) > 59) return undefined;
  return sign === '-' ? -all : all;
}

type Parts = Readonly<Record<string, string | undefined>>;

/** The moment in UTC, as exact as it was; undefined when it is none, or its zone is not known. */
function inUtc(parts: Parts, month: number, { zones, assume }: Config): string | undefined {
  const name = parts.zone ?? assume;
  const offset = minutesOf(zones[name] ?? known[name] ?? name);
  if (offset === undefined) return undefined;
  const [year, day, hour, minute, second] = ['year', 'day', 'hour', 'minute', 'second'].map(each =>
    Number(parts[each] ?? 0),
  );
  const local = new Date(Date.UTC(year ?? 0, month, day, hour, minute, second));
  // 30 February, hour 25 and the like come out as another day or hour.
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
      if (minutesOf(offset) === undefined) throw new Error(`${offset} is no offset such as +05:30`);
    }
  },

  after: (response, _context, config) =>
    replaceText(response, text => {
      // Every form has a colon with digits around it, and most text has none.
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
