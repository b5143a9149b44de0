/** Returns the known name that is nearest to a misspelled one, within two changes, or one for short names. */
export function nearest(name: string, known: readonly string[]): string | undefined {
  const ranked = known.map(candidate => ({ candidate, distance: distance(name.toLowerCase(), candidate) }));
  const best = ranked.sort((a, b) => a.distance - b.distance)[0];
  return best && best.distance <= (name.length < 5 ? 1 : 2) ? best.candidate : undefined;
}

/** Returns the Levenshtein distance with transpositions counted as one change. */
function distance(one: string, other: string): number {
  let before: readonly number[] = [];
  let row: readonly number[] = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (const [i, letter] of [...one].entries()) {
    const next = [i + 1];
    for (let j = 0; j < other.length; j += 1) {
      const replaced = (row[j] ?? 0) + (letter === other[j] ? 0 : 1);
      const swapped = i > 0 && letter === other[j - 1] && one[i - 1] === other[j] ? (before[j - 1] ?? 0) + 1 : replaced;
      next.push(Math.min(replaced, swapped, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    before = row;
    row = next;
  }
  return row[other.length] ?? 0;
}
