import { cut } from '../../core/cut.ts';
import type { LaneSide } from '../lane/lane-side.ts';

const longestName = 256;

/** What the lane needs of a grant. */
interface RequestHeadersGrant {
  readonly names: readonly string[];
}

const wit = 'sallyport:plugin/request-headers';

/** What guests get of `request_headers`. */
export const requestHeadersInLane = {
  name: 'request_headers',
  wit: [`${wit}@0.1.0`],
  imports: ({ names }, lane) => ({
    [wit]: {
      get: (name: string) => {
        const header = name.toLowerCase();
        if (!names.includes(header)) lane.refused(`get: the header ${cut(header, 64)} is not named by the grant`);
        const { headers = {} } = lane.caller;
        const value = Object.hasOwn(headers, header) ? headers[header] : undefined;
        return typeof value === 'object' ? value.join(', ') : value;
      },
    },
  }),
  denied: { [wit]: { get: () => undefined } },
  learning: {
    imports: tell => ({ [wit]: { get: (name: string) => void tell({ name: cut(name, longestName).toLowerCase() }) } }),
  },
} satisfies LaneSide<RequestHeadersGrant>;
