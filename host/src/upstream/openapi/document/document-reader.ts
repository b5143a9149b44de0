import { realpath } from 'node:fs/promises';
import { dirname, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fileProblem } from '../../../core/file-problem.ts';
import type { JsonObject } from '../../../core/json.ts';
import { openRegularFile } from '../../../core/regular-file.ts';
import type { Egress } from '../../../egress/egress.ts';

/** Why a document cannot be read. */
export class NotRead extends Error {}

/** Reads the main document and those that it refers to. */
export interface DocumentReader {
  /** @throws NotRead */
  read(url: string, signal: AbortSignal): Promise<string>;
}

/** Bytes of one document. GitHub's, one of the largest, has 13 MB. */
export const mostBytes = 32 * 1024 * 1024;

/** Reads files, which must be in the folder of the main document or below, also after links are followed. */
export function createFileReader(main: string): DocumentReader {
  return {
    async read(url) {
      if (!url.startsWith('file:')) throw new NotRead('a document in a file cannot refer to a URL');
      try {
        const file = await realpath(fileURLToPath(url));
        const folder = dirname(await realpath(main));
        if (!file.startsWith(folder.endsWith(sep) ? folder : folder + sep)) {
          throw new NotRead('it is not in the folder of the main document');
        }
        await using handle = await openRegularFile(file);
        if ((await handle.stat()).size > mostBytes) throw new NotRead(`it is larger than ${mostBytes} bytes`);
        return await handle.readFile('utf8');
      } catch (error) {
        throw error instanceof NotRead ? error : new NotRead(fileProblem(error));
      }
    },
  };
}

/** The URL of a document that is part of the configuration. */
export const inlineUrl = 'inline:///openapi.json';

/** Reads a document that is part of the configuration, and no other. */
export const createInlineReader = (document: JsonObject): DocumentReader => ({
  async read(url) {
    if (url === inlineUrl) return JSON.stringify(document);
    throw new NotRead('a document in the configuration cannot refer to others');
  },
});

/** Reads URLs of the origin of the main document, through `egress`, which checks addresses and redirects. */
export function createUrlReader(main: URL, egress: Egress): DocumentReader {
  const accept = 'application/vnd.oai.openapi+json, application/json, application/yaml, */*;q=0.5';
  return {
    async read(url, signal) {
      if (URL.parse(url)?.origin !== main.origin)
        throw new NotRead(`it is not on ${main.origin}, as the main document is`);
      const headers = [['accept', accept] as const, ['accept-encoding', 'identity'] as const];
      const answer = await egress.request({ method: 'GET', url, headers }, { signal });
      if ('err' in answer) {
        const { err } = answer;
        throw new NotRead(
          err.tag === 'too-large' ? `it is larger than ${mostBytes} bytes` : 'val' in err ? err.val : err.tag,
        );
      }
      const { status, body } = answer.ok;
      if (status !== 200) throw new NotRead(`the server answered with status ${status}`);
      return new TextDecoder().decode(body);
    },
  };
}
