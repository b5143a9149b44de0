import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { runBench } from './bench.ts';
import { budgetTable, measuredTable } from './report.ts';

const usage = `usage: pnpm bench [--json FILE] [--seconds N] [--rounds N]

Measures tools/call through the gateway and what it is compared with. With the defaults it takes about four minutes.
  --json FILE     write the figures as JSON, too
  --seconds N     length of each measurement (2)
  --rounds N      rounds of which the median is taken (3)
`;

function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        json: { type: 'string' },
        seconds: { type: 'string', default: '2' },
        rounds: { type: 'string', default: '3' },
        help: { type: 'boolean', default: false },
      },
    });
    const [seconds, rounds] = [Number(values.seconds), Number(values.rounds)];
    return !values.help && seconds > 0 && Number.isInteger(rounds) && rounds > 0
      ? { json: values.json, seconds, rounds }
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
  const rows = await runBench({ ...options, progress: line => process.stderr.write(`${line}\n`) });
  if (options.json !== undefined) await writeFile(options.json, `${JSON.stringify(rows, null, 2)}\n`);
  process.stdout.write(`${measuredTable(rows)}\n${budgetTable(rows)}`);
}
