import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { grantsSchema } from '../../host/src/capability/registry.ts';
import { loadConfig } from '../../host/src/config/load-config.ts';
import { parseDescriptor } from '../../host/src/contract/plugin-descriptor.ts';
import { isJsonObject } from '../../host/src/core/json.ts';
import { anchorsOf, blocksOf, documents, linksOf, patternOf, read, root } from '../fixtures/markdown.ts';
import { createNewcomer, type Newcomer } from '../fixtures/newcomer.ts';
import { isMissing } from '../prerequisite.ts';

/** Blocks of commands that are not run here, by their first line, and why. */
const notRun: Readonly<Record<string, string>> = {
  'cargo install --locked mcp-proxy --no-default-features --features metrics,yaml':
    'building the peers of the bench and measuring them takes twenty minutes',
};

const blocks = documents.flatMap(blocksOf);
const ofLanguage = (language: string) => blocks.filter(block => block.language === language);

it('[RUN-33] knows every language of the documents, and every mark', () => {
  const languages = ['sh', 'text', 'mermaid', 'yaml', 'json', 'js', 'ts', 'rust', 'go', 'python', 'wit'];
  expect(blocks.filter(({ language }) => !languages.includes(language)).map(({ place }) => place)).toEqual([]);
  const marks =
    /^$|^run: (gateway|network|with \w+|exit \d)$|^prints$|^from: \S+$|^reachable: \w+$|^set-up: \w+( (command|exchange|log))?$/;
  expect(blocks.filter(({ mark }) => !marks.test(mark)).map(({ place }) => place)).toEqual([]);
});

describe('a link', () => {
  it('[RUN-34] leads somewhere, in each document', () => {
    const leadsSomewhere = ({ path, anchor }: ReturnType<typeof linksOf>[number]) =>
      existsSync(join(root, path)) && (anchor === undefined || !path.endsWith('.md') || anchorsOf(path).has(anchor));
    const broken = documents.flatMap(file =>
      linksOf(file)
        .filter(link => !leadsSomewhere(link))
        .map(link => ({ file, ...link })),
    );
    expect(broken).toEqual([]);
  });

  it('[RUN-34] leads to every document in docs/, from the README', () => {
    const linked = linksOf('README.md').map(({ path }) => path);
    expect(documents.filter(file => file.startsWith('docs/') && !linked.includes(file))).toEqual([]);
  });
});

describe('a configuration', () => {
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sallyport-docs-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  /** What an excerpt leaves out. A whole file is taken as it is. */
  const rest = {
    upstreams: [{ id: 'everything', stdio: { command: 'npx' } }],
    bindings: [{ id: 'main', upstreams: ['everything'] }],
  };

  it.each(ofLanguage('yaml'))('[RUN-35] is accepted as it stands in $place', async ({ text, mark }) => {
    if (mark.startsWith('from: ')) return;
    const stated = parse(text) as object;
    const isWhole = 'upstreams' in stated && 'bindings' in stated;
    // Files that the configuration names are there, and so are the variables that it uses.
    for (const [, name = ''] of text.matchAll(/file: (\S+\.pem)/g)) {
      await mkdir(dirname(join(folder, name)), { recursive: true });
      await writeFile(join(folder, name), 'a key');
    }
    const variables = [...text.matchAll(/\$\{(\w+)\}/g)].map(([, name = '']) => [name, 'value']);
    const file = join(folder, 'sallyport.yaml');
    await writeFile(file, isWhole ? text : stringify({ ...rest, ...stated }));
    await loadConfig(file, { grants: grantsSchema, env: Object.fromEntries(variables) });
  });

  const wholes = ofLanguage('json').filter(({ mark }) => !mark.startsWith('from: '));
  it.each(wholes)('[RUN-35] or any other JSON is well-formed in $place', ({ text }) => {
    const value: unknown = JSON.parse(text);
    if (isJsonObject(value) && 'kind' in value) parseDescriptor(value);
  });

  it.each(blocks.filter(({ mark }) => mark.startsWith('from: ')))(
    '[RUN-35] or an excerpt says what the file says in $place',
    ({ text, mark }) => {
      const flat = (lines: string) => lines.replace(/\s+/g, ' ').trim();
      const source = flat(read(mark.slice('from: '.length)));
      for (const part of text.split(/^\s*(?:\/\/ )?…$/m)) expect(source).toContain(flat(part));
    },
  );
});

/** The commands of these documents are typed one after the other: the later ones take up what the README left. */
describe('a newcomer who types', () => {
  let newcomer: Newcomer;
  /** By the last command; undefined when it was not run. */
  let printed: string | undefined;
  beforeAll(async () => {
    newcomer = await createNewcomer();
  });
  afterAll(() => newcomer?.[Symbol.asyncDispose]());

  const order = ['README.md', 'docs/plugin-guide.md', 'docs/operator-guide.md'];
  const typed = [...order, ...documents.filter(file => !order.includes(file))]
    .flatMap(blocksOf)
    .filter(({ language, mark }) => language === 'sh' || mark === 'prints')
    .map(block => ({ ...block, first: block.text.split('\n', 1)[0] ?? '' }));

  it('[RUN-36] leaves out nothing but what is listed with its reason', () => {
    const firsts = typed.filter(({ language }) => language === 'sh').map(({ first }) => first);
    expect(Object.keys(notRun).filter(first => !firsts.includes(first))).toEqual([]);
  });

  it.for(typed)(
    '[RUN-36] $place: $first',
    { timeout: 600_000 },
    async ({ language, mark, text, first }, { skip, task }) => {
      if (language === 'text') {
        skip(printed === undefined, 'the command above was not run');
        expect(printed).toMatch(patternOf(newcomer.translate(text)));
        return;
      }
      printed = undefined;
      skip(first in notRun, notRun[first]);
      const missing = missingFor(mark);
      if (missing !== undefined) {
        task.meta.missing = missing;
        skip(`${missing} is missing`);
      }
      if (mark === 'run: gateway') {
        printed = await newcomer.serve(text, /serving/i);
        return;
      }
      const { code, output } = await newcomer.run(text);
      expect({ code, output }).toMatchObject({ code: Number(/^run: exit (\d)$/.exec(mark)?.[1] ?? 0) });
      printed = output;
    },
  );
});

/** What a block needs and is not here: a program, or the network, which is asked only where CI=true. */
function missingFor(mark: string): string | undefined {
  if (mark === 'run: network') return process.env.CI === 'true' ? undefined : 'network';
  const program = /^run: with (\w+)$/.exec(mark)?.[1];
  return program !== undefined && isMissing(program) ? program : undefined;
}
