import type { IncomingHttpHeaders } from 'node:http';

/** Whether the body is declared as JSON. */
export const isJson = ({ 'content-type': type = '' }: IncomingHttpHeaders): boolean =>
  type === 'application/json' || /^application\/json\s*(;|$)/i.test(type);

/** Whether the client accepts a media type. Without an Accept header it accepts all. */
export function accepts({ accept }: IncomingHttpHeaders, type: string): boolean {
  if (accept === undefined || accept.includes(type) || accept.includes('*/*')) return true;
  return accept.toLowerCase().includes(type) || accept.includes(`${type.split('/', 1)[0]}/*`);
}
