/**
 * The measure of a gateway in JavaScript: Hono in front, undici's Pool.dispatch behind, and nothing but copying bytes
 * between them. A process of its own; its argument is the URL of the upstream.
 */
import { serve } from '@hono/node-server';
import { Hono } from 'hono';
import { Pool } from 'undici';
import { announce } from './process.ts';

const upstream = new URL(process.argv[2] ?? '');
const pool = new Pool(upstream.origin, { connections: 128 });

function forward(body: Buffer): Promise<{ status: number; type: string; body: Buffer }> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let status = 0;
    let type = '';
    pool.dispatch(
      {
        origin: upstream.origin,
        path: upstream.pathname,
        method: 'POST',
        headers: ['content-type', 'application/json', 'accept', 'application/json, text/event-stream'],
        body,
      },
      {
        onRequestStart() {},
        onResponseStart(_controller, statusCode, headers) {
          status = statusCode;
          type = String(headers['content-type'] ?? '');
        },
        onResponseData(_controller, chunk) {
          chunks.push(chunk);
        },
        onResponseEnd() {
          resolve({ status, type, body: chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks) });
        },
        onResponseError(_controller, error) {
          reject(error);
        },
      },
    );
  });
}

const app = new Hono();
app.post('/mcp', async c => {
  const answer = await forward(Buffer.from(await c.req.arrayBuffer()));
  return new Response(answer.body.length === 0 ? null : new Uint8Array(answer.body), {
    status: answer.status,
    headers: { 'content-type': answer.type },
  });
});

serve({ fetch: app.fetch, hostname: '127.0.0.1', port: 0 }, announce);
