import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { styleText } from 'node:util';
import { fail } from '@sallyport/host/core/fault';

/** How far something is that takes a while. */
export interface Progress extends Disposable {
  /** `done` of the total; bytes. */
  at(done: number): void;
}

/** Who started the command: a person at a terminal, or a program behind pipes. */
export interface Terminal {
  /** Prints a result: stdout. */
  print(text: string): void;
  /** Says something to people: stderr. */
  say(text: string): void;
  /** `text` in a style where stderr is a terminal that wants colour (NO_COLOR), and plain elsewhere. */
  style(format: 'bold' | 'red', text: string): string;
  /** Whether somebody can be asked. */
  readonly interactive: boolean;
  /** Asks a person. `hidden` shows nothing of the answer. @throws Fault `usage` when nobody is there */
  ask(question: string, about: { readonly hidden?: boolean; readonly instead: string }): Promise<string>;
  /** All that comes on stdin, without the last line's end. */
  read(): Promise<string>;
  /** A bar on stderr while it is a terminal, and nothing elsewhere. Disposing it takes it away. */
  progress(label: string, total: number): Progress;
  /** The same for what has no measure: what is done, and for how many seconds. */
  busy(label: string): Disposable;
}

const barWidth = 30;
const redrawMs = 80;

/** The terminal of this process. */
export function processTerminal(signal: AbortSignal): Terminal {
  const { stdin, stdout, stderr } = process;
  // Nobody hears what goes wrong with stderr. Of stdout it is told, except that its reader had enough, as SIGPIPE would be.
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
      // What readline echoes goes nowhere when it is hidden.
      const output = hidden ? new Writable({ write: (_chunk, _encoding, done) => done() }) : stderr;
      // It stops the terminal's own echo, so it is there before the question invites an answer.
      const lines = createInterface({ input: stdin, output, terminal: true });
      stderr.write(`${question}: `);
      // In raw mode Ctrl-C is a key, and no signal.
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

/** One line: `push [######....]  42% 1.2 of 2.9 MB`. */
export function bar(label: string, done: number, total: number): string {
  const share = total > 0 ? Math.min(1, done / total) : 1;
  const full = Math.round(share * barWidth);
  const megabytes = (bytes: number) => (bytes / 1e6).toFixed(1);
  const percent = String(Math.floor(share * 100)).padStart(3);
  return `${label} [${'#'.repeat(full)}${'.'.repeat(barWidth - full)}] ${percent}% ${megabytes(done)} of ${megabytes(total)} MB`;
}
