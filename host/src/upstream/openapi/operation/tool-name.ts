import { createHash } from 'node:crypto';

interface Named {
  /** `GET /pets/{id}` */
  readonly key: string;
  readonly operationId?: string | undefined;
}

/**
 * Names tools by the operator's setting, else by the operation's id, else by its method and path. Names have letters, digits,
 * `_` and `-`, and at most `longest` characters. Where two operations would have one name, that of each which is not
 * exactly its own id ends with a hash of its method and path, so that names depend on no order.
 */
export function toolNames(
  operations: readonly Named[],
  longest: number,
  stated: ReadonlyMap<string, string>,
): ReadonlyMap<string, string> {
  const wanted = operations.map(operation => {
    const { key, operationId } = operation;
    const own = stated.get(key) ?? (operationId === undefined ? undefined : stated.get(operationId));
    return {
      key,
      isExact: own !== undefined || operationId === plain(operationId ?? ''),
      name: own ?? nameOf(operation),
    };
  });
  const uses = Map.groupBy(wanted, ({ name }) => cutName(name, longest));
  return new Map(
    wanted.map(({ key, name, isExact }) => {
      const short = cutName(name, longest);
      const others = uses.get(short) ?? [];
      const isUnique = others.length === 1 && short === name;
      const isFirst = isExact && short === name && others.find(other => other.isExact)?.key === key;
      return [key, isUnique || isFirst ? name : hashed(name, key, longest)];
    }),
  );
}

function nameOf({ key, operationId }: Named): string {
  const name = plain(operationId ?? '');
  if (name !== '') return name;
  const [method = '', path = ''] = key.split(' ', 2);
  return plain(method.toLowerCase() + path);
}

/** Characters of an id or a path that are looked at; a name has less. */
const longestText = 1_000;

/** Replaces what a name cannot have, each run of it by one `_`. */
const plain = (text: string): string =>
  text
    .slice(0, longestText)
    .replace(/[^A-Za-z0-9_-]+/g, '_')
    .replace(/^_+|_+$/g, '');

const cutName = (name: string, longest: number): string => name.slice(0, longest).replace(/_+$/, '');

function hashed(name: string, key: string, longest: number): string {
  const hash = createHash('sha256').update(key).digest('hex').slice(0, 8);
  return `${cutName(name, longest - hash.length - 1)}_${hash}`;
}
