// JavaScript, because the first module of the command imports it: see code-cache.js.
import { lstatSync, realpathSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

const othersWrite = 0o022;
const othersEnter = 0o011;
const sticky = 0o1000;

/**
 * Which folder lets somebody else than this user and root change what is at a path: the folder itself, or one above it,
 * in which it could be replaced. A folder of everybody's with the sticky bit, such as /tmp, lets nobody do that, and what
 * is below a folder that nobody else may enter is out of reach. It says nothing where the system knows no such owners.
 * @param {string} folder one that exists
 * @returns {string | undefined} that folder; undefined when there is none
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
  // The mode of a link says nothing; the folders that it leads through are looked at as well.
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
