import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { type Found, fuzz, lineOf, replay } from './fuzz.ts';
import { loadTarget, targetNames } from './targets.ts';

const corpus = join(import.meta.dirname, '../corpus');
const usage = `usage: pnpm fuzz [--target NAMES] [--seconds N | --runs N] [--seed TEXT] [--jobs N] [--out FOLDER]
       pnpm fuzz --replay FILE_OR_FOLDER

Gives inputs that nobody would write to what reads what strangers wrote. First come the kept ones, then mutated ones.
  --target NAMES  these alone, with commas between them:
                  ${targetNames.join(', ')}
  --seconds N     end after N seconds in all; without it and --runs, when you say so
  --runs N        make N runs of each target
  --seed TEXT     the same seed makes the same inputs; another one each time unless stated
  --jobs N        try N targets at the same time (1)
  --out FOLDER    where inputs that found something are kept (.sallyport/fuzz)
  --replay PATH   try one input again, or all of a folder; the name of its folder says the target

Ends with 1 when something was found.
`;

const positive = (text: string | undefined) => (text === undefined ? undefined : Number(text));
const isCount = (value: number | undefined) => value === undefined || (Number.isInteger(value) && value > 0);

function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        target: { type: 'string', default: targetNames.join() },
        seconds: { type: 'string' },
        runs: { type: 'string' },
        seed: { type: 'string', default: Math.random().toString(36).slice(2, 8) },
        jobs: { type: 'string', default: '1' },
        out: { type: 'string', default: '.sallyport/fuzz' },
        replay: { type: 'string' },
        help: { type: 'boolean', default: false },
      },
    });
    const [seconds, runs, jobs] = [positive(values.seconds), positive(values.runs), Number(values.jobs)];
    const names = values.target.split(',');
    const right = names.every(name => targetNames.includes(name)) && [seconds, runs, jobs].every(isCount);
    // It becomes part of the name of files.
    return right && !values.help && /^[\w-]+$/.test(values.seed)
      ? { names, seconds, runs, jobs, seed: values.seed, out: resolve(values.out), replay: values.replay }
      : undefined;
  } catch {
    return undefined;
  }
}

const say = (line: string) => void process.stdout.write(`${line}\n`);
const filesIn = async (folder: string) =>
  (await readdir(folder).catch(() => [])).sort().map(name => join(folder, name));

async function replayed(name: string, files: readonly string[]): Promise<readonly Found[]> {
  const tried = await replay(await loadTarget(name), files);
  for (const { file, reason } of tried.findings) say(`${file}: ${reason}`);
  say(`kept ${lineOf(tried)}`);
  return tried.findings;
}

const options = readOptions();
if (options === undefined) {
  process.stderr.write(usage);
  process.exitCode = 2;
} else {
  const findings: Found[] = [];
  if (options.replay !== undefined) {
    const path = resolve(options.replay);
    const isFolder = (await stat(path)).isDirectory();
    const name = basename(isFolder ? path : dirname(path));
    findings.push(...(await replayed(name, isFolder ? await filesIn(path) : [path])));
  } else {
    const { names, ...rest } = options;
    say(`--seed ${options.seed}`);
    for (const name of names) findings.push(...(await replayed(name, await filesIn(join(corpus, name)))));
    const tried = await fuzz(await Promise.all(names.map(name => loadTarget(name))), { ...rest, say });
    findings.push(...tried.flatMap(each => each.findings));
  }
  if (findings.length > 0) process.exitCode = 1;
}
