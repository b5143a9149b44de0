// JavaScript, because the command's first module imports it: see code-cache.js.
import { lstatSync, realpathSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

const othersWrite = 0o022;
const othersEnter = 0o011;
const sticky = 0o1000;

/**
 * Finds the folder that lets a user other than this one and root change the content of a path: the folder itself, or a
 * parent in which it could be replaced. A world-writable folder with the sticky bit, such as /tmp, does not count, nor
 * do folders below one that others cannot enter. On systems without such owners the result is always undefined.
 * @param {string} folder an existing folder
 * @returns {string | undefined} that folder, if any
 */
export function foreignWriter(folder) {
  const uid = process.getuid?.();
  if (uid === undefined) return undefined;
  const whole = statSync(folder);
  if (whole.uid !== uid || (whole.mode & othersWrite) !== 0) return folder;
  for (const start of new Set([resolve(folder), realpathSync(folder)])) {
    const writable = above(start).find(path => mayChange(path, uid));
    if (writable !== undefined && !above(writable).some(path => isClosed(path, uid))) return writable;
  }
  return undefined;
}

/**
 * @param {string} path
 * @returns {string[]} the folders above it, the nearest first
 */
function above(path) {
  const parent = dirname(path);
  return parent === path ? [] : [parent, ...above(parent)];
}

/**
 * @param {string} path
 * @param {number} uid
 */
function mayChange(path, uid) {
  const { uid: owner, mode } = lstatSync(path);
  if (owner !== uid && owner !== 0) return true;
  // The mode of a link does not matter; the folders that it leads through are checked as well.
  const isLink = (mode & 0o170000) === 0o120000;
  return !isLink && (mode & othersWrite) !== 0 && (mode & sticky) === 0;
}

/**
 * @param {string} path
 * @param {number} uid
 */
function isClosed(path, uid) {
  const { uid: owner, mode } = statSync(path);
  return (owner === uid || owner === 0) && (mode & othersEnter) === 0;
}
