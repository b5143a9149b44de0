import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { styleText } from 'node:util';
import { fail } from '@sallyport/host/core';

/** A progress bar. */
export interface Progress extends Disposable {
  /** Shows `done` of the total, in bytes. */
  at(done: number): void;
}

/** The terminal, or the pipes, that the command was started with. */
export interface Terminal {
  /** Prints a result on stdout. */
  print(text: string): void;
  /** Prints a message on stderr. */
  say(text: string): void;
  /** Styles `text` if stderr is a terminal with colour (NO_COLOR), and returns it unchanged otherwise. */
  style(format: 'bold' | 'red', text: string): string;
  /** Whether the user can be prompted. */
  readonly interactive: boolean;
  /** Prompts the user. `hidden` does not echo the answer. @throws Fault `usage` when there is no terminal */
  ask(question: string, about: { readonly hidden?: boolean; readonly instead: string }): Promise<string>;
  /** Reads all of stdin, without the final line break. */
  read(): Promise<string>;
  /** Shows a progress bar on stderr if that is a terminal. Disposing removes it. */
  progress(label: string, total: number): Progress;
  /** Shows a label and the elapsed seconds, for work without a measurable size. */
  busy(label: string): Disposable;
}

const barWidth = 30;
const redrawMs = 80;

/** Creates the terminal of this process. */
export function processTerminal(signal: AbortSignal): Terminal {
  const { stdin, stdout, stderr } = process;
  // Errors of stderr cannot be reported. Those of stdout are, except that its reader closed it (EPIPE).
  stderr.on('error', () => {});
  stdout.on('error', ({ code, message }: NodeJS.ErrnoException) => {
    if (code !== 'EPIPE') stderr.write(`stdout: ${message}\n`);
    process.exit(code === 'EPIPE' ? 141 : 1);
  });
  return {
    print: text => void stdout.write(`${text}\n`),
    say: text => void stderr.write(`${text}\n`),
    style: (format, text) => styleText(format, text, { stream: stderr }),
    interactive: stdin.isTTY && stderr.isTTY,

    async ask(question, { hidden = false, instead }) {
      if (!this.interactive) return fail('usage', { missing: question, hint: instead });
      // A hidden prompt discards readline's echo.
      const output = hidden ? new Writable({ write: (_chunk, _encoding, done) => done() }) : stderr;
      // Created before the question is printed, because it turns off the terminal's own echo.
      const lines = createInterface({ input: stdin, output, terminal: true });
      stderr.write(`${question}: `);
      // In raw mode Ctrl-C is a key, not a signal.
      lines.once('SIGINT', () => process.kill(process.pid, 'SIGINT'));
      try {
        return await lines.question('', { signal });
      } finally {
        lines.close();
        if (hidden) stderr.write('\n');
      }
    },

    async read() {
      const chunks: Buffer[] = [];
      for await (const chunk of stdin) chunks.push(Buffer.from(chunk));
      return Buffer.concat(chunks)
        .toString('utf8')
        .replace(/\r?\n$/, '');
    },

    busy(label) {
      if (!stderr.isTTY) return { [Symbol.dispose]: () => {} };
      const began = Date.now();
      const draw = () => stderr.write(`\r\x1b[2K${label} ... ${Math.round((Date.now() - began) / 1000)} s`);
      draw();
      const timer = setInterval(draw, 1000);
      return {
        [Symbol.dispose]() {
          clearInterval(timer);
          stderr.write('\r\x1b[2K');
        },
      };
    },

    progress(label, total) {
      if (!stderr.isTTY) return { at: () => {}, [Symbol.dispose]: () => {} };
      let drawn = 0;
      return {
        at(done) {
          const now = Date.now();
          if (now - drawn < redrawMs && done < total) return;
          drawn = now;
          stderr.write(`\r\x1b[2K${bar(label, done, total)}`);
        },
        [Symbol.dispose]: () => void stderr.write('\r\x1b[2K'),
      };
    },
  };
}

/** Formats one line: `push [######....]  42% 1.2 of 2.9 MB`. */
export function bar(label: string, done: number, total: number): string {
  const share = total > 0 ? Math.min(1, done / total) : 1;
  const full = Math.round(share * barWidth);
  const megabytes = (bytes: number) => (bytes / 1e6).toFixed(1);
  const percent = String(Math.floor(share * 100)).padStart(3);
  return `${label} [${'#'.repeat(full)}${'.'.repeat(barWidth - full)}] ${percent}% ${megabytes(done)} of ${megabytes(total)} MB`;
}
