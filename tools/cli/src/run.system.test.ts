import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { runCommand } from '../../../test/fixtures/run-command.ts';
import { runSallyport } from '../../../test/fixtures/run-sallyport.ts';
import { temporaryFolder } from '../../../test/fixtures/temporary-folder.ts';
import { itWith } from '../../../test/prerequisite.ts';
import { entriesOf, table } from './table.ts';
import { bar } from './terminal.ts';

const run = promisify(execFile);
const main = join(import.meta.dirname, '../bin/sallyport.js');
const entries = await entriesOf(table);
const paths = entries.map(({ path, command }) => ({ path: path.join(' '), command }));

describe('[CLI-01] help', () => {
  it.each(paths)(
    'of $path names every option and argument, and has an example of itself',
    async ({ path, command }) => {
      const { code, stdout } = await runCommand([...path.split(' '), '--help']);
      expect(code).toBe(0);
      for (const name of Object.keys(command.options)) expect(stdout).toContain(`--${name}`);
      for (const name of Object.keys(command.arguments)) expect(stdout).toContain(name);
      expect(stdout).toContain(`sallyport ${path} `);
      for (const line of stdout.split('\n')) expect(line.length).toBeLessThan(130);
    },
  );

  it.each([
    [[], undefined],
    [['--help'], undefined],
    [['help'], undefined],
    [['plugin'], 'plugin'],
    [['plugin', '-h'], 'plugin'],
    [['key'], 'key'],
  ])('lists commands for %j', async (argv, group) => {
    const { code, stdout } = await runCommand(argv);
    expect(code).toBe(0);
    const words = entries.map(({ path }) => path).filter(([first]) => group === undefined || first === group);
    const names = new Set(words.map(path => path[group === undefined ? 0 : 1]));
    expect(names.size).toBeGreaterThan(2);
    for (const name of names) expect(stdout).toMatch(new RegExp(`^  ${name} `, 'm'));
  });
});

it.each<[string[], string]>([
  [['chek'], 'did you mean: sallyport check?'],
  [['sign'], 'did you mean: sallyport plugin sign?'],
  [['plugin', 'psuh'], 'did you mean: sallyport plugin push?'],
  [['frobnicate'], 'see: sallyport --help'],
  [['plugin', 'sign', '--passphrase-fil', 'x', 'y'], 'did you mean --passphrase-file?'],
  [['plugin', 'sign', 'x.wasm'], 'missing: --key FILE'],
  [['plugin', 'sign', '--key', 'k'], 'missing: FILE.wasm'],
  [['plugin', 'sign', '--key', 'k', 'x', 'y'], 'argument: y'],
  [['plugin', 'sign', 'x', '--key'], '--key FILE'],
  [['plugin', 'sign', 'x', '--key', '--descriptor'], '--key FILE'],
  [['plugin', 'sign', 'x', '--key', 'a', '--key', 'b'], 'more than once'],
  [['keygen', '--encrypt=yes'], 'takes no value'],
  [['completion', 'tcsh'], 'bash'],
])('[CLI-01] %j is wrong use, and says what to do', async (argv, says) => {
  const { code, stdout, stderr } = await runCommand(argv);
  expect([code, stdout]).toEqual([2, '']);
  expect(stderr).toContain('usage');
  expect(stderr).toContain(says);
});

describe('[CLI-02] a result', () => {
  it('is on stdout, and messages are on stderr', async () => {
    expect(await runSallyport('--version')).toMatchObject({ code: 0, stdout: '0.1.0\n', stderr: '' });
    expect(await runSallyport('plugin', 'sgn')).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringContaining('usage'),
    });
  });

  it('is JSON on stdout when it is for machines, a refusal too', async () => {
    const key = join(await temporaryFolder(), 'key.pem');
    const made = await runCommand(['keygen', '--key', key, '--json']);
    expect(JSON.parse(made.stdout)).toMatchObject({
      private_key: key,
      key_id: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    const refused = await runCommand(['keygen', '--key', key, '--json']);
    expect([refused.code, refused.stderr]).toEqual([2, '']);
    expect(JSON.parse(refused.stdout)).toMatchObject({ ok: false, problems: [{ code: 'file_exists', file: key }] });
  });

  it('is not waited for when a signal comes', async () => {
    const child = spawn(process.execPath, [main, 'registry', '--dir', await temporaryFolder()]);
    await once(child.stdout, 'data');
    child.kill('SIGINT');
    expect(await once(child, 'exit')).toEqual([0, null]);
  });
});

describe('[CLI-03] the completion', () => {
  const options = paths.flatMap(({ command }) => Object.keys(command.options));

  it.each(['bash', 'zsh', 'fish'])('for %s has every word and option', async shell => {
    const { code, stdout } = await runCommand(['completion', shell]);
    expect(code).toBe(0);
    for (const { path } of paths) expect(stdout).toContain(path);
    for (const option of options) expect(stdout).toContain(shell === 'fish' ? ` -l ${option}` : `--${option}`);
  });

  /** What bash offers after these words. */
  const offered = async (line: string) => {
    const script = `source <("$0" "$1" completion bash)
      COMP_WORDS=(${line} "$2"); COMP_CWORD=$((\${#COMP_WORDS[@]} - 1)); _sallyport; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const words = line.split(' ');
    const last = words.at(-1) ?? '';
    const source = script.replace(`(${line} "$2")`, `(${words.slice(0, -1).join(' ')} "$2")`);
    const { stdout } = await run('bash', ['-c', source, process.execPath, main, last], { cwd: import.meta.dirname });
    return stdout.trim().split('\n');
  };

  itWith('bash')('for bash completes words, options and files', async () => {
    expect(await offered('sallyport pl')).toEqual(['plugin']);
    expect(await offered('sallyport plugin u')).toEqual(['unpack']);
    expect(await offered('sallyport plugin push --ta')).toEqual(['--tag']);
    expect(await offered('sallyport plugin push --key ru')).toEqual(
      expect.arrayContaining(['run.ts', 'run.system.test.ts']),
    );
    expect(await offered('sallyport completion f')).toEqual(['fish']);
    expect(await offered('sallyport plugin sign --json tab')).toEqual(['table.ts']);
  });

  itWith('zsh')('for zsh offers words and options', async () => {
    const file = join(await temporaryFolder(), 'sallyport.zsh');
    await writeFile(file, (await runCommand(['completion', 'zsh'])).stdout);
    const offers = async (...words: string[]) => {
      // What zsh itself brings to a completion, as far as the script uses it.
      const script = `compdef() { }; _describe() { print -l -- \${(P)@[-1]} }; _files() { print files }; source '${file}'
        words=(sallyport "$@"); CURRENT=\${#words}; PREFIX=\${words[-1]}; _sallyport`;
      return (await run('zsh', ['-f', '-c', script, 'zsh', ...words])).stdout;
    };
    expect(await offers('')).toMatch(/^check:/m);
    expect(await offers('plugin', 'u')).toMatch(/^unpack:/m);
    expect(await offers('plugin', 'push', '--ta')).toMatch(/^--tag:/m);
    expect(await offers('plugin', 'sign', 'x')).toBe('files\n');
  });

  itWith('fish')('for fish offers words and options', async () => {
    const file = join(await temporaryFolder(), 'sallyport.fish');
    await writeFile(file, (await runCommand(['completion', 'fish'])).stdout);
    const offers = async (line: string) =>
      (await run('fish', ['--no-config', '-c', `source '${file}'; complete -C '${line}'`])).stdout;
    expect(await offers('sallyport plugin u')).toMatch(/^unpack\t/);
    expect(await offers('sallyport plugin push --ta')).toMatch(/^--tag\t/);
    expect(await offers('sallyport completion z')).toMatch(/^zsh\t/);
  });
});

describe('[CLI-04] at a terminal', () => {
  const colour = '\u001b[31m';
  const inTerminal = async (command: string, env: NodeJS.ProcessEnv = {}) => {
    // Node takes a terminal of a build server for one without colours.
    const { NO_COLOR: _, FORCE_COLOR: __, CI: ___, ...rest } = process.env;
    const all = { ...rest, TERM: 'xterm-256color', ...env };
    return (await run('script', ['-qec', command, '/dev/null'], { env: all }).catch(error => error)).stdout as string;
  };

  itWith('script')('an error is red, and not when NO_COLOR says so, nor when piped', async () => {
    const wrong = `'${process.execPath}' '${main}' plugin sgn`;
    expect(await inTerminal(wrong)).toContain(colour);
    expect(await inTerminal(wrong, { NO_COLOR: '1' })).not.toContain(colour);
    expect((await runSallyport('plugin', 'sgn')).stderr).not.toContain('\u001b');
  });

  it('a bar shows the share and the bytes', () => {
    expect(bar('push', 1_500_000, 3_000_000)).toBe(`push [${'#'.repeat(15)}${'.'.repeat(15)}]  50% 1.5 of 3.0 MB`);
    expect(bar('push', 9, 0)).toContain('100%');
  });
});
