import { resolve } from 'node:path';
import { checkTypeScript } from './check-typescript.ts';
import { buildJavaScript } from './javascript.ts';
import { mainFile } from './main-file.ts';
import type { Toolchain } from './toolchain.ts';

const extension = '.ts';

/** TypeScript. */
export const ts: Toolchain = {
  language: 'ts',
  extension,
  reproducible: false,
  recognizes: async folder => (await mainFile(folder, extension)) !== undefined,
  async build(project) {
    const file = project.source ?? (await mainFile(project.folder, extension)) ?? project.folder;
    await checkTypeScript(project.descriptor.id, resolve(file));
    return buildJavaScript(project, file);
  },
};
