import { DeclaredError, type LaneSide, LimitExceeded } from '../lane/lane-side.ts';
import { Pollable } from '../lane/pollable.ts';

/** Resource types that a guest can refer to but never get an instance of. */
class Descriptor {}
class DirectoryEntryStream {}
class TerminalInput {}
class TerminalOutput {}
class IoError {
  toDebugString(): string {
    return 'closed';
  }
}
const closed = () => new DeclaredError({ tag: 'closed' });

export class InputStream {
  read(_length?: bigint | number): Uint8Array {
    throw closed();
  }
  blockingRead(_length?: bigint | number): Uint8Array {
    throw closed();
  }
  skip(_length?: bigint | number): bigint {
    throw closed();
  }
  blockingSkip(_length?: bigint | number): bigint {
    throw closed();
  }
  subscribe(): Pollable {
    return new Pollable();
  }
}

const streamChunk = 4096n;

/** An output stream that ends in the plugin's log, a line at a time. */
export class OutputStream {
  #rest = '';
  readonly #line: (text: string) => void;
  readonly #decoder = new TextDecoder();

  constructor(line: (text: string) => void) {
    this.#line = line;
  }
  checkWrite(): bigint {
    return streamChunk;
  }
  write(bytes: Uint8Array): void {
    const lines = (this.#rest + this.#decoder.decode(bytes, { stream: true })).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) this.#line(line);
    if (this.#rest.length > Number(streamChunk)) this.flush();
  }
  blockingWriteAndFlush(bytes: Uint8Array): void {
    this.write(bytes);
  }
  flush(): void {
    if (this.#rest !== '') this.#line(this.#rest);
    this.#rest = '';
  }
  blockingFlush(): void {
    this.flush();
  }
  writeZeroes(_length?: bigint | number): void {}
  blockingWriteZeroesAndFlush(_length?: bigint | number): void {}
  splice(): bigint {
    return 0n;
  }
  blockingSplice(): bigint {
    return 0n;
  }
  subscribe(): Pollable {
    return new Pollable();
  }
}

/** What guests get of `inert_wasi`. */
export const inertWasiInLane = {
  name: 'inert_wasi',
  wit: [
    'wasi:cli/environment@0.2',
    'wasi:cli/exit@0.2',
    'wasi:cli/stdin@0.2',
    'wasi:cli/stdout@0.2',
    'wasi:cli/stderr@0.2',
    'wasi:cli/terminal-input@0.2',
    'wasi:cli/terminal-output@0.2',
    'wasi:cli/terminal-stdin@0.2',
    'wasi:cli/terminal-stdout@0.2',
    'wasi:cli/terminal-stderr@0.2',
    'wasi:filesystem/preopens@0.2',
    'wasi:filesystem/types@0.2',
    'wasi:io/error@0.2',
    'wasi:io/poll@0.2',
    'wasi:io/streams@0.2',
  ],
  imports: (_grant, lane) => ({
    'wasi:cli/environment': { getEnvironment: () => [], getArguments: () => [], initialCwd: () => undefined },
    'wasi:cli/exit': {
      exit: () => {
        lane.refused('exit');
        throw new LimitExceeded('the guest called exit');
      },
    },
    'wasi:cli/stdin': { getStdin: () => new InputStream() },
    'wasi:cli/stdout': { getStdout: () => new OutputStream(line => lane.log('info', line)) },
    'wasi:cli/stderr': { getStderr: () => new OutputStream(line => lane.log('warn', line)) },
    'wasi:cli/terminal-input': { TerminalInput },
    'wasi:cli/terminal-output': { TerminalOutput },
    'wasi:cli/terminal-stdin': { getTerminalStdin: () => undefined },
    'wasi:cli/terminal-stdout': { getTerminalStdout: () => undefined },
    'wasi:cli/terminal-stderr': { getTerminalStderr: () => undefined },
    'wasi:filesystem/preopens': { getDirectories: () => [] },
    'wasi:filesystem/types': { Descriptor, DirectoryEntryStream, filesystemErrorCode: () => undefined },
    'wasi:io/error': { Error: IoError },
    'wasi:io/poll': { Pollable, poll: Pollable.poll },
    'wasi:io/streams': { InputStream, OutputStream },
  }),
} satisfies LaneSide;
