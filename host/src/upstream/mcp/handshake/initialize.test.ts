import { expect, it } from 'vitest';
import { type Answer, errorAnswer, resultAnswer } from '../../../mcp/answer.ts';
import type { Peer } from './handshake.ts';
import { initialize } from './initialize.ts';

/** A server that answers `initialize` with this, and what it was sent. */
function serverOf(answer: Answer) {
  const sent: string[] = [];
  const peer: Peer = {
    async request(method) {
      sent.push(method);
      return answer;
    },
    async notify(method) {
      sent.push(method);
    },
    agreed: revision => void sent.push(`agreed on ${revision}`),
  };
  return { sent, shake: () => initialize('up', peer, new AbortController().signal) };
}

it('learns about the server before it reports that it is ready [UP-01]', async () => {
  const serverInfo = { name: 'files', version: '3' };
  const result = {
    protocolVersion: '2025-06-18',
    capabilities: { tools: {} },
    serverInfo,
    instructions: 'Read first.',
  };
  const { sent, shake } = serverOf(resultAnswer(result));
  expect(await shake()).toEqual({
    revision: '2025-06-18',
    implementation: serverInfo,
    capabilities: { tools: {} },
    instructions: 'Read first.',
  });
  expect(sent).toEqual(['initialize', 'agreed on 2025-06-18', 'notifications/initialized']);
});

it.each([
  {
    what: 'a revision unknown to us',
    answer: resultAnswer({ protocolVersion: '2031-01-01', capabilities: {} }),
    code: 'upstream_revision',
  },
  { what: 'no revision', answer: resultAnswer({ capabilities: {} }), code: 'upstream_garbage' },
  { what: 'no capabilities', answer: resultAnswer({ protocolVersion: '2025-11-25' }), code: 'upstream_garbage' },
  {
    what: 'that it does not support the method',
    answer: errorAnswer({ code: -32601, message: 'no' }),
    code: 'upstream_revision',
  },
  {
    what: 'the versions that it supports',
    answer: errorAnswer({ code: -32022, message: 'no', data: { supported: ['x'] } }),
    code: 'upstream_revision',
  },
  { what: 'another error', answer: errorAnswer({ code: -32000, message: 'busy' }), code: 'upstream_garbage' },
])('refuses a server that answers $what [UP-24]', async ({ answer, code }) => {
  const { sent, shake } = serverOf(answer);
  await expect(shake()).rejects.toMatchObject({ code });
  expect(sent).toEqual(['initialize']);
});
