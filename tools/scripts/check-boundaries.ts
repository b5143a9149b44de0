/** Checks imports against boundary-rules.ts. `pnpm check:boundaries` runs it on the repository. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { cruise, type IModule } from 'dependency-cruiser';
import { folders, rules } from './boundary-rules.ts';

const roots = ['host/src', 'tools', 'examples', 'test'];

/** Returns the problems, one line each. An empty tree is a problem too, because nothing was checked. */
export async function checkBoundaries(root: string): Promise<{ modules: number; problems: string[] }> {
  const { output } = await cruise(
    roots.filter(path => existsSync(join(root, path))),
    {
      baseDir: root,
      validate: true,
      ruleSet: { forbidden: rules },
      tsPreCompilationDeps: true,
      doNotFollow: { path: 'node_modules' },
      exclude: { path: ['/node_modules/\\.bin/', '^tools/cli/template/', '^sdk/'] },
    },
    { exportsFields: ['exports'], conditionNames: ['import', 'types', 'node', 'default'] },
  );
  if (typeof output === 'string') throw new Error('dependency-cruiser answered with text');
  const ours = output.modules.filter(({ source }) => roots.some(path => source.startsWith(`${path}/`)));
  const comments = new Map(rules.map(({ name, comment }) => [name, comment]));
  return {
    modules: ours.length,
    problems: [
      ...unread(root, ours),
      ...output.summary.violations.map(
        ({ rule, from, to }) => `${from} → ${to}: ${comments.get(rule.name) ?? rule.name}`,
      ),
    ],
  };
}

function unread(root: string, modules: readonly IModule[]): string[] {
  if (modules.length === 0) return ['no module was read'];
  const known = Object.keys(folders);
  const present = readdirSync(join(root, 'host/src'), { withFileTypes: true })
    .filter(entry => entry.isDirectory())
    .map(({ name }) => name);
  return [
    ...present.filter(name => !known.includes(name)).map(name => `host/src/${name} is not in the table of folders`),
    ...present
      .filter(name => !modules.some(({ source }) => source.startsWith(`host/src/${name}/`)))
      .map(name => `host/src/${name}: no module was read`),
  ];
}

if (import.meta.main) {
  const { modules, problems } = await checkBoundaries(join(import.meta.dirname, '../..'));
  for (const problem of problems) console.error(problem);
  console.error(`${modules} modules read, ${problems.length} problems.`);
  if (problems.length > 0) process.exitCode = 1;
}
