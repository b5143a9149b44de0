import { readFile, writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { type Measured, runBench, variantNames } from './bench.ts';
import { budgetTable, comparisonTable, measuredTable, startTable } from './report.ts';

const usage = `usage: pnpm bench [--only NAMES] [--json FILE] [--compare FILE] [--seconds N] [--rounds N]

Measures tools/call through the gateway and what it is compared with. With the defaults it takes about six minutes.
  --only NAMES    measure these alone, with commas between them:
                  ${variantNames.join(', ')}
  --json FILE     write the figures as JSON, too
  --compare FILE  print what changed since the run that wrote FILE with --json
  --seconds N     length of each measurement (2)
  --rounds N      rounds of which the median is taken (3)
`;

function readOptions() {
  try {
    const { values } = parseArgs({
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

const options = readOptions();
if (options === undefined) {
  process.stderr.write(usage);
  process.exitCode = 2;
} else {
  const { json, compare, ...rest } = options;
  // Read first: what cannot be read is not found out after six minutes.
  const earlier = compare === undefined ? undefined : (JSON.parse(await readFile(compare, 'utf8')) as Measured);
  const measured = await runBench({ ...rest, progress: line => process.stderr.write(`${line}\n`) });
  if (json !== undefined) await writeFile(json, `${JSON.stringify(measured, null, 2)}\n`);
  const tables = [measuredTable(measured.rows), budgetTable(measured.rows), startTable(measured.starts)];
  if (earlier !== undefined) tables.push(comparisonTable(measured, earlier));
  process.stdout.write(tables.join('\n'));
}
