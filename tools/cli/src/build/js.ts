import { buildJavaScript } from './javascript.ts';
import { mainFile } from './main-file.ts';
import type { Toolchain } from './toolchain.ts';

const extension = '.js';

/** JavaScript. */
export const js: Toolchain = {
  language: 'js',
  extension,
  reproducible: false,
  recognizes: async folder => (await mainFile(folder, extension)) !== undefined,
  build: async project =>
    buildJavaScript(project, project.source ?? (await mainFile(project.folder, extension)) ?? project.folder),
};
