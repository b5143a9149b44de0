import { homedir } from 'node:os';

/**
 * The home folder of this user. One that no user database knows, as containers have, and without HOME, gets a folder
 * that is not there: nothing is found in it, and whoever needs to write there is told its name.
 */
export function homeFolder(): string {
  try {
    return homedir();
  } catch {
    return '/nonexistent';
  }
}
