import { cp, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readDescriptor } from '@sallyport/host/wasm';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { instantiate } from '../../../../test/fixtures/instantiate.ts';
import { descriptorOf } from '../../../../test/fixtures/signed-plugin.ts';
import { itWith } from '../../../../test/prerequisite.ts';
import { parseCases } from '../case/case-file.ts';
import { runCase } from '../case/run-case.ts';
import { type TriedPlugin, tryPlugin } from '../case/tried-plugin.ts';
import { buildPlugin } from './build-plugin.ts';
import { findPython } from './find-python.ts';
import { pythonPackages } from './python-packages.ts';

const root = join(import.meta.dirname, '../../../..');
const itWithPython = itWith('componentize-py');
const timeout = 600_000;
const { signal } = new AbortController();
let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sallyport-python-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));
afterEach(() => vi.unstubAllEnvs());

/** A build takes long, so there are two of the probe: one that declares nothing, and one that declares what it uses. */
const built = new Map<string, Promise<Uint8Array>>();
function probe(...capabilities: string[]): Promise<Uint8Array> {
  const name = `probe${capabilities.length}`;
  const bytes = built.get(name) ?? build(name, capabilities);
  built.set(name, bytes);
  return bytes;
}
async function build(name: string, capabilities: string[]): Promise<Uint8Array> {
  const own = join(folder, name);
  await cp(join(root, 'test/fixtures/python-probe'), own, { recursive: true });
  const hooks = ['tool_pre_invoke', 'tool_post_invoke'] as const;
  const descriptor = descriptorOf({ hooks: [...hooks], required_capabilities: capabilities });
  const { bytes } = await buildPlugin({ folder: own, descriptor, out: join(folder, `${name}.wasm`) });
  expect(await readdir(own)).toEqual(['probe.py']);
  return bytes;
}
const bare = () => probe();
const able = () => probe('clock', 'random', 'kv_store');

const tried = new WeakMap<Uint8Array, Promise<TriedPlugin>>();
/** What calls one after another came to, in the sandbox. */
async function call(bytes: Uint8Array, calls: readonly (readonly [name: string, args: object])[], host: object = {}) {
  const steps = calls.map(([name, args]) => ({
    hook: 'tool_pre_invoke',
    request: { tag: 'tool-call', val: { name, arguments: args } },
    expect: { outcome: 'proceed' },
  }));
  const [one] = parseCases(JSON.stringify({ cases: [{ name: 'probe', host, steps }] }), 'probe.json');
  if (one === undefined) throw new Error('no case');
  const plugin = tried.get(bytes) ?? tryPlugin(bytes, 'probe');
  tried.set(bytes, plugin);
  return (await runCase(await plugin, one, signal)).came;
}

/** The values of Python expressions, each as text. */
async function evaluate(bytes: Uint8Array, code: readonly string[], host: object = {}): Promise<readonly string[]> {
  const [came] = await call(bytes, [['evaluate', { code }]], host);
  expect(came).toMatchObject({ outcome: 'respond' });
  const { val } = (came?.value ?? {}) as { val?: { content: readonly { val: string }[] } };
  return JSON.parse(val?.content[0]?.val ?? '');
}

describe('a plugin in Python', () => {
  itWithPython(
    '[AUT-70] imports what its descriptor declares and nothing more, and carries it',
    { timeout },
    async () => {
      const names = ['clock', 'context', 'kv-store', 'log', 'random'];
      const { imports } = await instantiate(await able(), {});
      expect(imports.toSorted()).toEqual(names.map(name => `sallyport:plugin/${name}`));
      expect(readDescriptor(await bare())).toMatchObject({ id: 'redact', required_capabilities: [] });
    },
  );

  itWithPython('[AUT-71] prints into its log, line by line', { timeout }, async () => {
    const bytes = await bare();
    const came = await call(bytes, [
      ['run', { code: 'print("a", 1); print("é\\nsecond"); print("begun", end="")' }],
      ['run', { code: 'print("wrong", file=sys.stderr); sys.stdout.buffer.write(b"\\xff\\n")' }],
      ['run', { code: 'print(repr(sys.stdin.read()))' }],
    ]);
    expect(came.map(({ log }) => log.map(({ level, message }) => `${level} ${message}`))).toEqual([
      ['info a 1', 'info é', 'info second', 'info begun'],
      ['warn wrong', 'info \ufffd'],
      ["info ''"],
    ]);
  });

  itWithPython(
    '[AUT-72] fails with what and where, and its traceback in the log, when it does not catch',
    { timeout },
    async () => {
      const bytes = await bare();
      const came = await call(bytes, [
        ['run', { code: 'nested()' }],
        ['run', { code: 'sys.exit(3)' }],
        ['wrong', {}],
        ['pass', {}],
      ]);
      expect(came.map(({ outcome, cause, message }) => [cause ?? outcome, message])).toEqual([
        ['trap', expect.stringMatching(/^KeyError: 'deep' \(probe\.py:\d+\)$/)],
        ['trap', expect.stringMatching(/^RuntimeError: sys\.exit is called in a plugin \(/)],
        ['trap', expect.stringMatching(/^TypeError: before must return a request, a response or None, not str/)],
        ['proceed', undefined],
      ]);
      const said = came.map(({ log }) => log);
      expect(said[0]).toEqual([{ level: 'error', message: expect.stringMatching(/^Traceback.*KeyError: 'deep'$/s) }]);
      expect(said[0]?.[0]?.message).toMatch(/File "probe\.py", line \d+, in before\n/);
      expect(said[0]?.[0]?.message).toMatch(/File "probe\.py", line \d+, in nested\n/);
      expect(said[0]?.[0]?.message).not.toMatch(/sallyport_|"\//);
      expect(said[1]?.[0]?.message).toMatch(/RuntimeError: sys\.exit is called in a plugin$/);
      expect(said[2]?.[0]?.message).toMatch(/TypeError: before must return a request, a response or None, not str$/);
    },
  );

  itWithPython('[AUT-72] fails with the words of the host where it does not catch those', { timeout }, async () => {
    const code = 'from wit_world.imports import kv_store\nkv_store.get("")';
    const [came] = await call(await able(), [['run', { code }]]);
    expect(came).toMatchObject({
      cause: 'trap',
      message: expect.stringMatching(/^Err: invalid: a key must have 1 to 512 bytes \(/),
    });
  });

  itWithPython('[AUT-73] has time zones that are made while it is built', { timeout }, async () => {
    // The smallest zone that a file can have: one that is called X and is an hour ahead. (RFC 9636)
    const file =
      'b"TZif" + bytes(16) + bytes([0,0,0,0, 0,0,0,0, 0,0,0,0, 0,0,0,0, 0,0,0,1, 0,0,0,2, 0,0,14,16, 0,0]) + b"X" + bytes(1)';
    const zone = `zoneinfo.ZoneInfo.from_file(__import__("io").BytesIO(${file}))`;
    expect(await evaluate(await bare(), [`datetime.datetime.fromtimestamp(0, ${zone}).isoformat()`])).toEqual([
      '1970-01-01T01:00:00+01:00',
    ]);
  });

  itWithPython('[AUT-72] may fail as declared, and block, and stays as it is', { timeout }, async () => {
    const came = await call(await bare(), [
      ['run', { code: 'context.kept = 1\nraise Err("no more")' }],
      ['run', { code: 'raise Block("C", "r", "d", {"n": context.kept})' }],
      ['run', { code: 'raise Block("C", "r")' }],
      ['change', { a: 1 }],
    ]);
    expect(came).toMatchObject([
      { outcome: 'failed', cause: 'trap', message: 'no more', log: [] },
      { outcome: 'block', violation: { code: 'C', reason: 'r', description: 'd', details: '{"n": 1}' } },
      { outcome: 'block', violation: { code: 'C', reason: 'r', description: '' } },
      { outcome: 'modified', value: { tag: 'tool-call', val: { name: 'change', arguments: '{"a":1}' } } },
    ]);
  });

  itWithPython('[AUT-73] has the time when it declares clock', { timeout }, async () => {
    const said = await evaluate(
      await able(),
      [
        ...['time.time()', 'time.time_ns()', 'time.monotonic() >= 0', 'time.perf_counter_ns() >= 0'],
        ...['time.clock_gettime(time.CLOCK_REALTIME)', 'time.strftime("%Y-%m-%d %H:%M")', 'time.gmtime().tm_mday'],
        ...[
          'time.gmtime(0).tm_year',
          'time.ctime()',
          'time.asctime()',
          'datetime.datetime.now(datetime.UTC).isoformat()',
        ],
        ...['datetime.date.today()', 'datetime.datetime(2020, 2, 28) + datetime.timedelta(2)'],
        ...['logging.makeLogRecord({}).created > 1e9', 'time.sleep(1)', 'time.process_time()'],
      ],
      { clock: '2026-03-04T05:06:07.008Z' },
    );
    expect(said).toEqual([
      ...['1772600767.008', '1772600767008000000', 'True', 'True', '1772600767.008', '2026-03-04 05:06', '4', '1970'],
      ...['Wed Mar  4 05:06:07 2026', 'Wed Mar  4 05:06:07 2026', '2026-03-04T05:06:07.008000+00:00', '2026-03-04'],
      ...['2020-03-01 00:00:00', 'True'],
      'RuntimeError: time.sleep: a plugin cannot sleep, because the request would wait for it',
      'RuntimeError: time.process_time: a plugin cannot read its processor time',
    ]);
  });

  itWithPython(
    '[AUT-74] has random numbers when it declares random, of which none is of the build',
    { timeout },
    async () => {
      const draw = [
        ...[
          'os.urandom(4).hex()',
          'len(os.urandom(70_000))',
          'secrets.token_hex(2)',
          'uuid.uuid4()',
          'random.random()',
        ],
        ...[
          'random.randint(1, 1000)',
          'random.Random().random()',
          'seeded_while_built.random()',
          'random.choice("ab") in "ab"',
        ],
        ...['random.SystemRandom().random()', 'random.Random(7).random()', '(random.seed(7), random.random())[1]'],
      ];
      const bytes = await able();
      const all = await Promise.all(['80', '81'].map(random => evaluate(bytes, draw, { random })));
      const [one = [], other = []] = all;
      expect(one[0]).toBe('80808080');
      expect(one.slice(1, 4)).toEqual(['70000', '8080', '80808080-8080-4080-8080-808080808080']);
      const same = one.flatMap((each, index) => (each === other[index] ? [draw[index]] : []));
      expect(same).toEqual([draw[1], draw[8], draw[10], draw[11]]);
      expect(one[10]).toBe(one[11]);
    },
  );

  itWithPython('[AUT-73] [AUT-74] is told what to declare, and never a wrong time or number', { timeout }, async () => {
    const needs = (what: string, capability: string) =>
      `RuntimeError: ${what} needs the capability "${capability}": add it to required_capabilities in plugin.json`;
    const calls = {
      'time.time()': needs('time.time', 'clock'),
      'time.monotonic_ns()': needs('time.monotonic_ns', 'clock'),
      'time.localtime()': needs('time.localtime', 'clock'),
      'datetime.datetime.now()': needs('time.time', 'clock'),
      'datetime.date.today()': needs('time.time', 'clock'),
      'os.urandom(1)': needs('a random number', 'random'),
      'random.random()': needs('a random number', 'random'),
      'random.shuffle([1, 2])': needs('a random number', 'random'),
      'seeded_while_built.random()': needs('a random number', 'random'),
      'secrets.token_bytes()': needs('a random number', 'random'),
      'uuid.uuid4()': needs('a random number', 'random'),
      'random.Random(7).randint(1, 9)': '6',
      'time.gmtime(86400).tm_mday': '2',
    };
    expect(await evaluate(await bare(), Object.keys(calls))).toEqual(Object.values(calls));
  });

  itWithPython(
    '[AUT-75] is told by exceptions that it has no files, sockets and further modules',
    { timeout },
    async () => {
      const none = (what: string) =>
        `PermissionError: [Errno 2] ${what}: a plugin has no files, no processes and no sockets`;
      const calls = {
        'open("/etc/passwd")': none('open'),
        'os.listdir("/")': none('listdir'),
        'os.stat("/")': none('stat'),
        'os.path.exists("/etc")': 'False',
        'os._exit(1)': none('_exit'),
        'os.getcwd()': '/',
        'os.path.abspath("a/../b")': '/b',
        'dict(os.environ)': '{}',
        'sys.argv': '[]',
        'socket.socket()': none('socket'),
        'socket.getaddrinfo("example.com", 80)': none('getaddrinfo'),
        '__import__("statistics")':
          'ModuleNotFoundError: statistics is not in the component: import it at the top level of a module, so that the build includes it',
        '__import__("math").pi > 3': 'True',
        '"\\n".encode("unicode_escape")': "b'\\\\n'",
        '"a".encode("cp500")': 'LookupError: unknown encoding: cp500',
      };
      expect(await evaluate(await bare(), Object.keys(calls))).toEqual(Object.values(calls));
    },
  );

  itWithPython('[AUT-76] has helpers that replace the strings of JSON, and read a config', { timeout }, async () => {
    const loud = 'lambda text: text.replace("a", "A")';
    const json = (text: string) => `__import__("sallyport").replace_in_json(${JSON.stringify(text)}, ${loud})`;
    const config = (value: unknown) => `read_config(Outer, ${JSON.stringify(JSON.stringify(value))})`;
    const calls = {
      [json('{"a":"a"}')]: '{"a":"A"}',
      [json('[ 12345678901234567890, 1e400, "a" ]')]: '[ 12345678901234567890, 1e400, "A" ]',
      [json(String.raw`{"\"a\\" : "x\\", "b":"\"a\""}`)]: String.raw`{"\"a\\" : "x\\", "b":"\"A\""}`,
      [json(String.raw`["\u0061\n", "\ud800a"]`)]: String.raw`["A\n", "\ud800A"]`,
      [json('{"b":{"a" \n: ["b"]}}')]: '{"b":{"a" \n: ["b"]}}',
      [config({ inner: { n: 1 }, list: [{ n: 2, of: 'b' }], rate: 1, any: { x: [null] } })]:
        "Outer(inner=Inner(n=1, of='a'), list=[Inner(n=2, of='b')], rate=1.0, any={'x': [None]})",
      [config({ inner: { n: true } })]: 'ValueError: inner.n must be a whole number',
      [config({ inner: { n: 1 }, list: [{ n: 1, of: 'c' }] })]: 'ValueError: list[0].of must be one of "a", "b"',
      [config({ inner: { n: 1 }, rate: '1' })]: 'ValueError: rate must be a number, or rate must be null',
      [config({ inner: { n: 1 }, any: [] })]: 'ValueError: any must be an object',
      [config({ inner: { n: 1, m: 2 } })]: 'ValueError: inner.m is unknown; known fields: n, of',
      [config({})]: 'ValueError: inner is missing',
      [config([])]: 'ValueError: the configuration must be an object',
      'read_config(Outer, "{")': expect.stringContaining('Error: '),
    };
    expect(await evaluate(await bare(), Object.keys(calls))).toEqual(Object.values(calls));
  });
});

describe('a plugin in Python is not built', () => {
  const write = async (files: Readonly<Record<string, string>>) => {
    const own = await mkdtemp(join(folder, 'own-'));
    for (const [name, text] of Object.entries(files)) await writeFile(join(own, name), text, { mode: 0o755 });
    return own;
  };
  const refusal = (own: string, source?: string) =>
    buildPlugin({ folder: own, source, descriptor: descriptorOf(), out: join(own, 'out.wasm') }).catch(error => error);

  /** A componentize-py that says what the real one says. */
  const saying = async (text: string, version = '0.25.1') => {
    const lines = [
      '#!/bin/sh',
      `case "$*" in *--version) echo componentize-py ${version}; exit;; esac`,
      "cat >&2 <<'END'",
    ];
    vi.stubEnv('PATH', `${await write({ 'componentize-py': [...lines, text, 'END', 'exit 1\n'].join('\n') })}:/bin`);
  };

  it('[AUT-77] with an error at its top level, which is told with file and line', async () => {
    const trace = [
      'Traceback (most recent call last):',
      '  File "plugin.py", line 5, in <module>',
      '    first()',
      'RuntimeError: time.time needs the capability "clock": add it to required_capabilities in plugin.json',
    ].join('\n');
    const tool = 'Traceback (most recent call last):\n  File "componentize-py", line 8, in <module>';
    await saying(
      `${tool}\nAssertionError: printed\n${trace}\n\n\nCaused by:\n    RuntimeError\n\nStack backtrace:\n   0: main`,
    );
    const own = await write({ 'plugin.py': '' });
    expect(await refusal(own)).toMatchObject({
      code: 'plugin_build_failed',
      details: { plugin: 'redact', file: join(own, 'plugin.py'), what: trace },
    });
  });

  it('[AUT-77] with a capability that it imports and does not declare', async () => {
    await saying("ModuleNotFoundError: No module named 'wit_world.imports.kv_store'");
    expect(await refusal(await write({ 'plugin.py': '' }))).toMatchObject({
      code: 'plugin_build_failed',
      details: { what: 'it imports sallyport.kv_store, but plugin.json does not name the capability kv_store' },
      hint: 'add "kv_store" to required_capabilities in plugin.json',
    });
  });

  it('[AUT-77] when no module can have its name', async () => {
    expect(await refusal(await write({ 'my-plugin.py': '' }))).toMatchObject({
      details: { what: 'this is not a valid name for a Python module' },
      hint: 'rename it, for example my_plugin.py',
    });
    expect(await refusal(folder, join(folder, 'none.py'))).toMatchObject({
      details: { file: join(folder, 'none.py') },
    });
  });

  it('[AUT-77] without componentize-py, or with another one, and is told what to install', async () => {
    const own = await write({ 'plugin.py': '' });
    const hint = expect.stringContaining('pip install componentize-py==0.25.1');
    vi.stubEnv('PATH', own);
    const none = { code: 'toolchain_missing', details: { what: 'componentize-py is not installed' }, hint };
    expect(await refusal(own)).toMatchObject(none);
    await saying('', '0.24.0');
    const what = 'componentize-py 0.24.0 is installed, and plugins are built with 0.25.1';
    expect(await refusal(own)).toMatchObject({ code: 'toolchain_missing', details: { what }, hint });
  });

  itWithPython('[AUT-77] but with componentize-py as a package of the Python that there is', async () => {
    const { python } = await findPython('redact');
    const own = await write({ python3: `#!/bin/sh\nexec '${python}' "$@"\n` });
    vi.stubEnv('PATH', own);
    expect(await findPython('redact')).toMatchObject({ componentize: ['python3', '-c', expect.any(String)] });
  });
});

describe('requirements.txt of a plugin in Python', () => {
  const install = async (text: string, pip: string) => {
    const own = await mkdtemp(join(folder, 'own-'));
    await writeFile(join(own, 'requirements.txt'), text);
    const python = join(own, 'python3');
    await writeFile(python, `#!/bin/sh\n${pip}\n`, { mode: 0o755 });
    const said: string[] = [];
    const about = { plugin: 'redact', folder: own, python, say: (line: string) => void said.push(line) };
    return { own, said, once: () => pythonPackages(about, signal) };
  };

  it('[AUT-78] is installed once, as packages of Python alone', async () => {
    const args = ['--only-binary :all:', '--implementation py', '--platform any', '--python-version 3.14'];
    const checks = args.map(each => `case "$*" in *'${each}'*) ;; *) exit 9;; esac`).join('\n');
    const target = 'while [ "$1" != --target ]; do shift; done; /bin/mkdir -p "$2/$$"';
    const { own, once } = await install('a==1\n', `${checks}\n${target}`);
    const packages = await once();
    expect(packages?.startsWith(join(own, '.sallyport/python/'))).toBe(true);
    const first = await readdir(packages ?? '');
    expect(first).toHaveLength(1);
    expect(await readdir((await once()) ?? '')).toEqual(first);
    await writeFile(join(own, 'requirements.txt'), 'a==2\n');
    expect(await once()).not.toBe(packages);
  });

  const pip = (versions: string) => `case "$*" in *' index versions '*) echo '${versions}'; exit;; esac
while [ "$1" != --target ]; do shift; done
mkdir "$2/pydantic-1.10.27.dist-info" "$2/typing_extensions-4.15.0.dist-info"`;

  it('[AUT-78] is told what was installed', async () => {
    const { said, once } = await install('pydantic\n', pip('pydantic (1.10.30)'));
    await once();
    expect(said).toEqual(['redact: packages of requirements.txt: pydantic 1.10.27, typing-extensions 4.15.0']);
  });

  it('[AUT-78] is refused an older major version that pip took by itself, and takes it where it is named', async () => {
    const { once } = await install('pydantic  # models\n', pip('pydantic (2.14.4)'));
    await expect(once()).rejects.toMatchObject({
      code: 'plugin_build_failed',
      details: { what: 'pydantic 2.14.4 is not pure Python, so pip took 1.10.27' },
    });
    const named = await install('pydantic<2\n', pip('pydantic (2.14.4)'));
    expect(await named.once()).toContain('.sallyport/python/');
  });

  it.each([
    {
      says: 'ERROR: ResolutionImpossible: for help visit',
      what: 'ResolutionImpossible: for help visit',
      hint: expect.stringMatching(/pydantic-core, which is native code/),
    },
    {
      says: 'ERROR: No matching distribution found for numpy==2.0.0',
      what: 'No matching distribution found for numpy==2.0.0',
      hint: expect.stringMatching(/that is pure Python/),
    },
    {
      says: '/usr/bin/python3: No module named pip',
      what: 'this Python has no pip',
      hint: 'install pip, on Debian apt-get install python3-pip',
    },
  ])('[AUT-78] is refused with what pip says: $what', async ({ says, what, hint }) => {
    const { own, once } = await install('numpy==2.0.0', `echo '${says}' >&2; exit 1`);
    await expect(once()).rejects.toMatchObject({
      code: 'plugin_build_failed',
      details: { plugin: 'redact', file: join(own, 'requirements.txt'), what },
      hint,
    });
    expect(await readdir(join(own, '.sallyport/python'))).toEqual([]);
  });
});
