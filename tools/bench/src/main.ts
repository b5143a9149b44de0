import { readFile, writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { type Measured, runBench, variantNames } from './bench.ts';
import { countFiles } from './files.ts';
import { budgetTable, comparisonTable, courseTable, holdingTable, measuredTable, startTable } from './report.ts';
import { soak } from './soak.ts';

const usage = `usage: pnpm bench [--only NAMES] [--json FILE] [--compare FILE] [--seconds N] [--rounds N]
       pnpm bench soak [--calls N] [--json FILE]
       pnpm bench files

Measures tools/call through the gateway and what it is compared with. With the defaults it takes about six minutes.
  --only NAMES    measure these alone, with commas between them:
                  ${variantNames.join(', ')}
  --json FILE     write the figures as JSON, too
  --compare FILE  print what changed since the run that wrote FILE with --json
  --seconds N     length of each measurement (2)
  --rounds N      rounds of which the median is taken (3)

soak makes calls of which one in a hundred traps, and looks at what the gateway holds. Its exit code is 1 when that grows.
  --calls N       how many (200000)
  --json FILE     write the figures as JSON, too

files lists the files of host/src of which a function runs in one warmed tools/call, and in the loading of one plugin.
`;

function readSoakOptions(args: string[]) {
  try {
    const options = { json: { type: 'string' }, calls: { type: 'string', default: '200000' } } as const;
    const { values } = parseArgs({ args, options });
    const calls = Number(values.calls);
    return Number.isInteger(calls) && calls >= 1000 ? { calls, json: values.json } : undefined;
  } catch {
    return undefined;
  }
}

async function runSoak({ calls, json }: NonNullable<ReturnType<typeof readSoakOptions>>): Promise<void> {
  const soaked = await soak({
    ...{ calls, trapEvery: 100, connections: 16, samples: 20 },
    progress: held => process.stderr.write(`${held.calls} of ${calls} calls\n`),
  });
  if (json !== undefined) await writeFile(json, `${JSON.stringify(soaked, null, 2)}\n`);
  process.stdout.write([holdingTable(soaked.series), courseTable(soaked.courses)].join('\n'));
  process.stdout.write(`\n${soaked.steady ? 'nothing grows' : 'it grows'}\n`);
  if (!soaked.steady) process.exitCode = 1;
}

function readOptions(args: string[]) {
  try {
    const { values } = parseArgs({
      args,
      options: {
        only: { type: 'string', default: variantNames.join() },
        json: { type: 'string' },
        compare: { type: 'string' },
        seconds: { type: 'string', default: '2' },
        rounds: { type: 'string', default: '3' },
        help: { type: 'boolean', default: false },
      },
    });
    const [seconds, rounds] = [Number(values.seconds), Number(values.rounds)];
    const asked = values.only.split(',');
    const only = variantNames.filter(name => asked.includes(name));
    return !values.help && seconds > 0 && Number.isInteger(rounds) && rounds > 0 && only.length === asked.length
      ? { json: values.json, compare: values.compare, only, seconds, rounds }
      : undefined;
  } catch {
    return undefined;
  }
}

async function runAll({ json, compare, ...rest }: NonNullable<ReturnType<typeof readOptions>>): Promise<void> {
  // Read first: what cannot be read is not found out after six minutes.
  const earlier = compare === undefined ? undefined : (JSON.parse(await readFile(compare, 'utf8')) as Measured);
  const measured = await runBench({ ...rest, progress: line => process.stderr.write(`${line}\n`) });
  if (json !== undefined) await writeFile(json, `${JSON.stringify(measured, null, 2)}\n`);
  const tables = [measuredTable(measured.rows), budgetTable(measured.rows), startTable(measured.starts)];
  if (earlier !== undefined) tables.push(comparisonTable(measured, earlier));
  process.stdout.write(tables.join('\n'));
}

async function runFiles(): Promise<void> {
  const { call, load } = await countFiles();
  const listed = (what: string, files: readonly string[]) => `${what}: ${files.length} files\n${files.join('\n')}\n`;
  process.stdout.write([listed('one tools/call', call), listed('one plugin load', load)].join('\n'));
}

const [first, ...others] = process.argv.slice(2);
const [options, soakOptions] =
  first === 'soak' ? [undefined, readSoakOptions(others)] : [readOptions(process.argv.slice(2)), undefined];
if (first === 'files' && others.length === 0) await runFiles();
else if (options !== undefined) await runAll(options);
else if (soakOptions !== undefined) await runSoak(soakOptions);
else {
  process.stderr.write(usage);
  process.exitCode = 2;
}
