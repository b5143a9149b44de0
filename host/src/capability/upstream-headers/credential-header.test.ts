import { expect, it, vi } from 'vitest';
import type { SetHeader } from '../../contract/hook-call.ts';
import type { ServeContext } from '../capability.ts';
import { upstreamHeaders } from './gateway.ts';

const grant = { names: ['authorization', 'x-api-key', 'x_api_key', 'x-team'], max_bytes: 4096 };
const url = new URL('https://up.example/mcp');

/** Sets a header in a call to an upstream with credentials in `credentialHeader`; returns what would be sent. */
function set(name: string, credentialHeader: string | undefined) {
  const refused = vi.fn();
  const set: SetHeader[] = [];
  const request = { credentialHeader, setHeader: (header: SetHeader) => void set.push(header) };
  const on = { plugin: 'p', refused, secrets: { referenced: () => undefined } } as unknown as ServeContext;
  upstreamHeaders.hear?.(grant, on)({ name, value: 'v' }, { upstreamRequest: request } as never);
  return { sent: set[0]?.fill(url)?.value, why: refused.mock.calls[0]?.[0] };
}

it.each([
  { name: 'authorization', credentialHeader: 'authorization' },
  { name: 'x-api-key', credentialHeader: 'x-api-key' },
  { name: 'x_api_key', credentialHeader: 'x-api-key' },
])(
  '[UP-48] the header $name is refused where $credentialHeader carries the credential',
  ({ name, credentialHeader }) => {
    expect(set(name, credentialHeader)).toEqual({
      sent: undefined,
      why: `set: the gateway's credentials for this upstream are in the header ${name}`,
    });
  },
);

it.each([
  { name: 'x-team', credentialHeader: 'authorization' },
  { name: 'authorization', credentialHeader: undefined },
])('[UP-48] the header $name is sent where the credential is in $credentialHeader', ({ name, credentialHeader }) => {
  expect(set(name, credentialHeader)).toEqual({ sent: 'v', why: undefined });
});
