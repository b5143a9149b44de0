import { readFile, writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { auditTable, measureAudit } from './audit.ts';
import { type Measured, runBench } from './bench.ts';
import { failoverTable, measureFailover } from './failover.ts';
import { countFiles } from './files.ts';
import { fuelledPlugins, fuelTable, measureFuel } from './fuel.ts';
import { plot } from './plot.ts';
import { measureReload, reloadCallsTable, reloadTimesTable } from './reload.ts';
import { comparisonTables, courseTable, holdingTable, measuredTables, slopeTable } from './report.ts';
import { type Soaked, soak } from './soak.ts';
import { soakChains } from './soak-chains.ts';
import { asMarkdown, asText } from './table.ts';
import { targetTable } from './targets.ts';
import { measureTelemetry, telemetryTable } from './telemetry.ts';
import { countToolTokens, tokenTable } from './tokens.ts';
import { variantNames } from './variants.ts';

const usage = `usage: pnpm bench [--only NAMES] [--sizes BYTES] [--json FILE] [--plot FILE] [--markdown FILE]
                 [--compare FILE] [--seconds N] [--rounds N] [--warm-up N]
       pnpm bench soak [--calls N] [--json FILE]
       pnpm bench soak --minutes N [--rate N] [--json FILE]
       pnpm bench files
       pnpm bench fuel [--only NAMES]
       pnpm bench audit [--seconds N] [--rounds N] [--warm-up N]
       pnpm bench failover [--seconds N]
       pnpm bench reload [--reloads N] [--seconds N] [--json FILE]
       pnpm bench telemetry [--seconds N] [--rounds N] [--warm-up N]
       pnpm bench tokens --config FILE [--query WORDS]

Measures tools/call through the gateway and what it is compared with. With the defaults it takes about 20 minutes.
Of other gateways it runs what is installed: mcp-proxy in PATH, and ContextForge in the environment CONTEXTFORGE names.
  --only NAMES    measure these alone, with commas between them:
                  ${variantNames.join(', ')}
  --sizes BYTES   bytes of text in an answer, with commas between them (200,2048)
  --json FILE     write the figures as JSON, too
  --plot FILE     draw throughput and CPU by part as SVG
  --markdown FILE write the tables as Markdown, too
  --compare FILE  print what changed since the run that wrote FILE with --json
  --seconds N     length of each measurement (2)
  --rounds N      rounds of which the median is taken (3)
  --warm-up N     seconds for which each is warmed up with each size (20)

soak makes calls of which one in a hundred traps, and looks at what the gateway holds. Its exit code is 1 when that grows.
  --calls N       how many (200000)
  --json FILE     write the figures as JSON, too
With --minutes it calls four gateways at the same time: without plugins, with four in lanes, with five of which one uses
kv_store, and with four inline. It looks at them twice a minute, and prints how fast each figure changes over the second half.
  --minutes N     for how long
  --rate N        calls a second, of all of them together (300)

files lists the files of host/src of which a function runs in one warmed tools/call, and in the loading of one plugin.

fuel builds some of plugins-examples/, and measures them with a limit of fuel and without.
  --only NAMES    ${fuelledPlugins.join(', ')}

audit measures what the audit log costs each call of a gateway with two real plugins.
  --seconds N     length of each measurement (2)
  --rounds N      rounds of which the median is taken (5)
  --warm-up N     seconds for which each gateway is warmed up (12)

failover kills one of three servers under load, and starts it again.
  --seconds N     length of each part (5)

telemetry measures tools/call without telemetry, with each request sampled, and with one in a hundred.
  --seconds N     length of each measurement (2)
  --rounds N      rounds of which the median is taken (5)
  --warm-up N     seconds for which each is warmed up (20)

reload changes the configuration of a gateway under load again and again. Its exit code is 1 when a call fails, or when what
the gateway holds grows.
  --reloads N     how many (1000)
  --seconds N     how long calls are made without reloads, to compare (10)
  --json FILE     write the figures as JSON, too

tokens counts what a model reads of the tools of each binding, as tokens of o200k_base.
  --config FILE   the configuration whose bindings are served
  --query WORDS   what is searched where tools are offered by search (create an issue)
`;

/** Returns what soaks as the arguments ask for. */
function readSoak(args: string[]): (() => Promise<void>) | undefined {
  const text = { type: 'string' } as const;
  try {
    const { values } = parseArgs({ args, options: { json: text, calls: text, minutes: text, rate: text } });
    const { json, calls = '200000', minutes, rate = '300' } = values;
    if (minutes === undefined) {
      const isMeant = Number.isInteger(Number(calls)) && Number(calls) >= 1000 && values.rate === undefined;
      return isMeant ? () => runSoak(Number(calls), json) : undefined;
    }
    const isMeant = Number(minutes) > 0 && Number(rate) > 0 && values.calls === undefined;
    return isMeant ? () => runChainSoak(Number(minutes), Number(rate), json) : undefined;
  } catch {
    return undefined;
  }
}

async function runSoak(calls: number, json: string | undefined): Promise<void> {
  const soaked = await soak({
    ...{ calls, trapEvery: 100, connections: 16, samples: 20 },
    progress: held => process.stderr.write(`${held.calls} of ${calls} calls\n`),
  });
  if (json !== undefined) await writeFile(json, `${JSON.stringify(soaked, null, 2)}\n`);
  process.stdout.write([holdingTable(soaked.series), courseTable(soaked.courses)].map(asText).join('\n'));
  reportWhetherSteady([soaked]);
}

async function runChainSoak(minutes: number, rate: number, json: string | undefined): Promise<void> {
  const soaked = await soakChains({
    ...{ seconds: minutes * 60, rate, connections: 8, samples: Math.max(12, Math.round(minutes * 2)) },
    progress: (chain, held) => process.stderr.write(`${chain}: ${JSON.stringify(held)}\n`),
  });
  if (json !== undefined) await writeFile(json, `${JSON.stringify(Object.fromEntries(soaked), null, 2)}\n`);
  for (const [chain, { courses }] of soaked) process.stdout.write(`${chain}\n${asText(courseTable(courses))}\n`);
  process.stdout.write(asMarkdown(slopeTable(soaked)));
  reportWhetherSteady([...soaked.values()]);
}

/** Sets the exit code when something grows. */
function reportWhetherSteady(soaked: readonly Soaked[]): void {
  const isSteady = soaked.every(({ steady }) => steady);
  process.stdout.write(`\n${isSteady ? 'nothing grows' : 'it grows'}\n`);
  if (!isSteady) process.exitCode = 1;
}

/** Returns the plugins to measure with fuel and without. */
function readFuelOptions(args: string[]): readonly string[] | undefined {
  try {
    const options = { only: { type: 'string', default: fuelledPlugins.join() } } as const;
    const asked = parseArgs({ args, options }).values.only.split(',');
    return asked.every(plugin => fuelledPlugins.includes(plugin)) ? asked : undefined;
  } catch {
    return undefined;
  }
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
        sizes: { type: 'string', default: '200,2048' },
        plot: { type: 'string' },
        markdown: { type: 'string' },
        'warm-up': { type: 'string', default: '20' },
        help: { type: 'boolean', default: false },
      },
    });
    const [seconds, rounds, warmUpSeconds] = [values.seconds, values.rounds, values['warm-up']].map(Number);
    const sizes = values.sizes.split(',').map(Number);
    const asked = values.only.split(',');
    const only = variantNames.filter(name => asked.includes(name));
    const isPositive = (number: number | undefined): number is number => number !== undefined && number > 0;
    const isWhole = Number.isInteger(rounds) && sizes.every(size => Number.isInteger(size) && size > 0);
    if (values.help || only.length !== asked.length || !isWhole) return undefined;
    if (!isPositive(seconds) || !isPositive(rounds) || !isPositive(warmUpSeconds)) return undefined;
    const { json, compare, plot, markdown } = values;
    return { json, compare, plot, markdown, only, sizes, seconds, rounds, warmUpSeconds };
  } catch {
    return undefined;
  }
}

async function runAll(options: NonNullable<ReturnType<typeof readOptions>>): Promise<void> {
  const { json, compare, plot: drawing, markdown, ...rest } = options;
  // Read first: what cannot be read is not found out after six minutes.
  const earlier = compare === undefined ? undefined : (JSON.parse(await readFile(compare, 'utf8')) as Measured);
  const measured = await runBench({ ...rest, progress: line => process.stderr.write(`${line}\n`) });
  if (json !== undefined) await writeFile(json, `${JSON.stringify(measured, null, 2)}\n`);
  if (drawing !== undefined) await writeFile(drawing, plot(measured.rows));
  const tables = [...measuredTables(measured.rows), targetTable(measured)];
  if (markdown !== undefined) await writeFile(markdown, tables.map(asMarkdown).join('\n'));
  if (earlier !== undefined) tables.push(...comparisonTables(measured, earlier));
  process.stdout.write(tables.map(asText).join('\n'));
}

async function runFiles(): Promise<void> {
  const { call, load } = await countFiles();
  const listed = (what: string, files: readonly string[]) => `${what}: ${files.length} files\n${files.join('\n')}\n`;
  process.stdout.write([listed('one tools/call', call), listed('one plugin load', load)].join('\n'));
}

async function runFuel(plugins: readonly string[]): Promise<void> {
  const costs = await measureFuel(plugins, line => process.stderr.write(`${line}\n`));
  process.stdout.write(asMarkdown(fuelTable(costs)));
}

/** Returns what measures the audit log as the arguments ask for. */
function readAudit(args: string[]): (() => Promise<void>) | undefined {
  try {
    const number = (standard: string) => ({ type: 'string', default: standard }) as const;
    const options = { seconds: number('2'), rounds: number('5'), 'warm-up': number('12') };
    const { values } = parseArgs({ args, options });
    const [seconds = 0, rounds = 0, warmUpSeconds = 0] = [values.seconds, values.rounds, values['warm-up']].map(Number);
    if (!(seconds > 0 && rounds > 0 && warmUpSeconds > 0)) return undefined;
    const progress = (line: string) => void process.stderr.write(`${line}\n`);
    const measured = () => measureAudit({ seconds, rounds, warmUpSeconds, progress });
    return async () => void process.stdout.write(asMarkdown(auditTable(await measured())));
  } catch {
    return undefined;
  }
}

/** Returns what measures failover as the arguments ask for. */
function readFailover(args: string[]): (() => Promise<void>) | undefined {
  try {
    const options = { seconds: { type: 'string', default: '5' } } as const;
    const seconds = Number(parseArgs({ args, options }).values.seconds);
    if (!(seconds > 0)) return undefined;
    const measured = () => measureFailover({ connections: 32, seconds });
    return async () => void process.stdout.write(asMarkdown(failoverTable(await measured())));
  } catch {
    return undefined;
  }
}

/** Returns what measures telemetry as the arguments ask for. */
function readTelemetry(args: string[]): (() => Promise<void>) | undefined {
  try {
    const number = (fallback: string) => ({ type: 'string', default: fallback }) as const;
    const options = { seconds: number('2'), rounds: number('5'), 'warm-up': number('20') };
    const { values } = parseArgs({ args, options });
    const [seconds = 0, rounds = 0, warmUpSeconds = 0] = [values.seconds, values.rounds, values['warm-up']].map(Number);
    if (!(seconds > 0 && Number.isInteger(rounds) && rounds > 0 && warmUpSeconds > 0)) return undefined;
    const progress = (line: string) => void process.stderr.write(`${line}\n`);
    const measured = () => measureTelemetry({ seconds, rounds, warmUpSeconds, progress });
    return async () => void process.stdout.write(asMarkdown(telemetryTable(await measured())));
  } catch {
    return undefined;
  }
}

/** Returns what measures reloads as the arguments ask for. */
function readReload(args: string[]): (() => Promise<void>) | undefined {
  try {
    const text = { type: 'string' } as const;
    const { values } = parseArgs({ args, options: { json: text, reloads: text, seconds: text } });
    const [reloads, seconds] = [Number(values.reloads ?? '1000'), Number(values.seconds ?? '10')];
    if (!Number.isInteger(reloads) || reloads < 40 || !(seconds > 0)) return undefined;
    return () => runReload({ reloads, seconds }, values.json);
  } catch {
    return undefined;
  }
}

async function runReload(asked: { reloads: number; seconds: number }, json: string | undefined): Promise<void> {
  const progress = (held: object) => process.stderr.write(`${JSON.stringify(held)}\n`);
  const figures = await measureReload({ ...asked, connections: 32, samples: 10, progress });
  if (json !== undefined) await writeFile(json, `${JSON.stringify(figures, null, 2)}\n`);
  const { series, courses } = figures.held;
  process.stdout.write([reloadCallsTable(figures), reloadTimesTable(figures)].map(asMarkdown).join('\n'));
  process.stdout.write(`\n${[holdingTable(series), courseTable(courses)].map(asText).join('\n')}`);
  reportWhetherSteady([figures.held]);
  if (figures.during.some(({ failed }) => Object.keys(failed).length > 0)) process.exitCode = 1;
}

/** Returns what counts tokens as the arguments ask for. */
function readTokens(args: string[]): (() => Promise<void>) | undefined {
  try {
    const text = { type: 'string' } as const;
    const { config, query = 'create an issue' } = parseArgs({ args, options: { config: text, query: text } }).values;
    if (config === undefined) return undefined;
    return async () => void process.stdout.write(asMarkdown(tokenTable(await countToolTokens(config, query))));
  } catch {
    return undefined;
  }
}

/** Returns what the arguments ask for, or `undefined` when they are wrong. */
function readCommand(args: string[]): (() => Promise<void>) | undefined {
  const [first, ...others] = args;
  if (first === 'files') return others.length === 0 ? runFiles : undefined;
  if (first === 'fuel') {
    const plugins = readFuelOptions(others);
    return plugins && (() => runFuel(plugins));
  }
  if (first === 'soak') return readSoak(others);
  if (first === 'audit') return readAudit(others);
  if (first === 'failover') return readFailover(others);
  if (first === 'telemetry') return readTelemetry(others);
  if (first === 'reload') return readReload(others);
  if (first === 'tokens') return readTokens(others);
  const options = readOptions(args);
  return options && (() => runAll(options));
}

const run = readCommand(process.argv.slice(2));
if (run === undefined) {
  process.stderr.write(usage);
  process.exitCode = 2;
} else await run();
