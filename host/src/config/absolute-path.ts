import { join, resolve } from 'node:path';
import { homeFolder } from '../core/home-folder.ts';

/** Returns a path of the configuration, which is relative to its folder; `~/` is the home folder. */
export const absolutePath = (folder: string, path: string): string =>
  path.startsWith('~/') ? join(homeFolder(), path.slice(2)) : resolve(folder, path);
