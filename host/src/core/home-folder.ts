import { homedir } from 'node:os';

/**
 * Returns the home folder of this user. A user without HOME who is in no user database, as in containers, gets a folder
 * that does not exist: nothing is found in it, and errors about writing to it show its name.
 */
export function homeFolder(): string {
  try {
    return homedir();
  } catch {
    return '/nonexistent';
  }
}
