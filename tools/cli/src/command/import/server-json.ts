import { defineCommand } from '../../command.ts';
import { importOptions, runImport } from '../../import/run-import.ts';

export const command = defineCommand({
  summary: 'write a configuration from a server.json of the MCP registry',
  about: `A server that is reached over HTTP is preferred to a package, which would run on this machine. Values that the
entry asks for become variables and secrets; stderr lists them, and what was left out.`,
  arguments: { FILE: { says: 'a server.json' } },
  options: {
    package: { value: 'TYPE', choices: ['npm', 'pypi', 'oci', 'nuget'], says: 'use the package of this type' },
    ...importOptions,
  },
  example: 'sallyport import server-json server.json --package npm --out sallyport.yaml',
  async run({ options, args: { FILE: file } }, { terminal }) {
    const { importServerJson } = await import('../../import/server-json.ts');
    const read = (text: string) => importServerJson(text, file, options.package);
    return runImport({ file, read, ...options }, terminal);
  },
});
