import { buildJavaScript } from './javascript.ts';
import { mainFile } from './main-file.ts';
import type { Toolchain } from './toolchain.ts';

/** Creates the toolchain of a language that esbuild reads. */
const scripted = (language: 'js' | 'ts', extension: string): Toolchain => ({
  language,
  exporting: {
    transform: 'export const { lifecycle, dispatchHooks } = transform({ … })',
    policy: 'export const { lifecycle, policyCheck } = policy({ … })',
    identity: 'export const { lifecycle, identityCheck } = identity({ … })',
    federation: 'export const { lifecycle, federationCheck } = federation({ … })',
  },
  extension,
  reproducible: false,
  recognizes: async folder => (await mainFile(folder, extension)) !== undefined,
  build: async project =>
    buildJavaScript(project, project.source ?? (await mainFile(project.folder, extension)) ?? project.folder),
});

/** The JavaScript toolchain. */
export const js = scripted('js', '.js');

/** The TypeScript toolchain. */
export const ts = scripted('ts', '.ts');
