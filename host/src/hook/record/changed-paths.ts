import { isJsonObject, isList, type Json, pointerStep } from '../../core/json.ts';
import { isSameScalar } from '../../core/json-number.ts';
import { type NamedMembers, unknownMembers } from './named-members.ts';

/** The paths that changed. */
export interface ChangedPaths {
  /** JSON pointers, in the order of the value. `*` stands for any name that is not known. */
  readonly paths: readonly string[];
  /** Whether more paths changed. */
  readonly hasMore: boolean;
}

/** The most paths that are listed. */
const mostPaths = 100;
/** Below this depth, what is different is one change. */
const deepest = 64;
const longestName = 128;

/** Lists the paths at which two values differ, with the names that are known and no others. */
export function changedPaths(before: Json, after: Json, members: NamedMembers): ChangedPaths {
  const paths = new Set<string>();
  const walk = (one: Json | undefined, other: Json | undefined, at: string, known: NamedMembers, depth: number) => {
    if (paths.size > mostPaths || isSameScalar(one, other)) return;
    if (depth < deepest && isJsonObject(one) && isJsonObject(other)) {
      const enter = (name: string, was: Json | undefined, is: Json | undefined) => {
        if (isSameScalar(was, is)) return;
        const inside = known.member(name, is ?? was);
        walk(was, is, `${at}/${inside === undefined ? '*' : shown(name)}`, inside ?? unknownMembers, depth + 1);
      };
      for (const name of Object.keys(one)) enter(name, one[name], Object.hasOwn(other, name) ? other[name] : undefined);
      for (const name of Object.keys(other)) if (!Object.hasOwn(one, name)) enter(name, undefined, other[name]);
      return;
    }
    const lists = depth < deepest && one !== undefined && other !== undefined && isList(one) && isList(other);
    if (!lists || one.length !== other.length) {
      paths.add(at);
      return;
    }
    for (const [index, was] of one.entries()) {
      if (isSameScalar(was, other[index])) continue;
      const place = known.items === undefined ? '*' : index;
      walk(was, other[index], `${at}/${place}`, known.items ?? unknownMembers, depth + 1);
    }
  };
  walk(before, after, '', members, 0);
  return { paths: [...paths].slice(0, mostPaths), hasMore: paths.size > mostPaths };
}

/** Escapes a name for a JSON pointer (RFC 6901). */
const shown = (name: string): string => (name.length > longestName ? '*' : pointerStep(name));
