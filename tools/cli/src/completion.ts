import type { Command, Entry } from './command.ts';
import { shared } from './parse.ts';

/** A word that can come next, and its description. */
interface Word {
  readonly word: string;
  readonly says: string;
}

/** The words that can follow a path of words, and the options of the subcommand at its end. */
interface Node {
  readonly path: string;
  readonly next: readonly Word[];
  readonly options: readonly Word[];
  /** Options that take a file, and options that take one of several words. */
  readonly files: readonly string[];
  readonly choices: Readonly<Record<string, readonly string[]>>;
}

/** Writes the completion script for this shell from the table of commands. */
export function completionFor(shell: string, entries: readonly Entry[]): string {
  const nodes = nodesOf(entries);
  if (shell === 'bash') return bash(nodes);
  return shell === 'zsh' ? zsh(nodes) : fish(nodes);
}

function nodesOf(entries: readonly Entry[]): readonly Node[] {
  const tables = new Map<string, Map<string, string>>();
  for (const { path, command } of entries) {
    for (const [index, word] of path.entries()) {
      const before = path.slice(0, index).join(' ');
      const words = tables.get(before) ?? new Map<string, string>();
      tables.set(before, words.set(word, index === path.length - 1 ? command.summary : `commands of ${word}`));
    }
  }
  const inner = [...tables].map(([path, words]) => ({
    path,
    next: wordsOf(words),
    options: [],
    files: [],
    choices: {},
  }));
  return [...inner, ...entries.map(({ path, command }) => leaf(path.join(' '), command))];
}

function leaf(path: string, { arguments: args, options }: Command): Node {
  const all = Object.entries({ ...options, ...shared });
  const named = all.map(([name, { says }]) => ({ word: `--${name}`, says }));
  const valued = Object.entries(options).filter(([, { value }]) => value !== undefined);
  const chosen = valued.flatMap(([name, { choices }]) => (choices ? [[`--${name}`, choices] as const] : []));
  return {
    path,
    next: Object.values(args).flatMap(({ choices = [] }) => choices.map(word => ({ word, says: path }))),
    options: named,
    files: valued.filter(([, { value }]) => value === 'FILE' || value === 'FOLDER').map(([name]) => `--${name}`),
    choices: Object.fromEntries(chosen),
  };
}

const wordsOf = (words: ReadonlyMap<string, string>): readonly Word[] =>
  [...words].map(([word, says]) => ({ word, says }));

const list = (words: readonly Word[]): string => words.map(({ word }) => word).join(' ');
const quote = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

/** Writes the pattern that follows the words before the cursor to a node; the same in bash and zsh. */
const walk = (nodes: readonly Node[]): string =>
  nodes.flatMap(({ path }) => (path === '' ? [] : [`" ${path}"`])).join('|');

function bash(nodes: readonly Node[]): string {
  const values = nodes.flatMap(({ path, files, choices }) => [
    ...files.map(option => `    ${quote(`${path} ${option}`)}) COMPREPLY=($(compgen -f -- "$current")); return ;;`),
    ...Object.entries(choices).map(
      ([option, words]) =>
        `    ${quote(`${path} ${option}`)}) COMPREPLY=($(compgen -W ${quote(words.join(' '))} -- "$current")); return ;;`,
    ),
  ]);
  const cases = nodes.map(
    ({ path, next, options }) => `    ${quote(path)}) words=${quote(list(next))}; options=${quote(list(options))} ;;`,
  );
  return `# bash completion of sallyport: source <(sallyport completion bash)
_sallyport() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]}
  local reached='' word words='' options=''
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case " \${reached:+$reached }$word" in
      ${walk(nodes)}) reached="\${reached:+$reached }$word" ;;
    esac
  done
  compopt -o filenames 2>/dev/null
  case "$reached $previous" in
${values.join('\n')}
  esac
  case "$reached" in
${cases.join('\n')}
  esac
  if [[ $current == -* ]]; then COMPREPLY=($(compgen -W "$options" -- "$current"))
  elif [[ -n $words ]]; then COMPREPLY=($(compgen -W "$words" -- "$current"))
  else COMPREPLY=($(compgen -f -- "$current"))
  fi
}
complete -F _sallyport sallyport`;
}

function zsh(nodes: readonly Node[]): string {
  const described = (words: readonly Word[]) =>
    words.map(({ word, says }) => quote(`${word}:${says.replaceAll(':', '\\:')}`)).join(' ');
  const cases = nodes.map(
    ({ path, next, options }) => `    ${quote(path)}) next=(${described(next)}); options=(${described(options)}) ;;`,
  );
  return `#compdef sallyport
# zsh completion of sallyport: source <(sallyport completion zsh)
_sallyport() {
  local reached='' word
  local -a next options
  for word in \${words[2,CURRENT-1]}; do
    case " \${reached:+$reached }$word" in
      ${walk(nodes)}) reached="\${reached:+$reached }$word" ;;
    esac
  done
  case "$reached" in
${cases.join('\n')}
  esac
  if [[ $PREFIX == -* ]]; then _describe -o option options
  elif (( $#next )); then _describe command next
  else _files
  fi
}
compdef _sallyport sallyport`;
}

function fish(nodes: readonly Node[]): string {
  const lines = nodes.flatMap(({ path, next, options, files, choices }) => {
    const when = `-n ${quote(`__sallyport_reached ${quote(path)}`)}`;
    return [
      ...next.map(({ word, says }) => `complete -c sallyport ${when} -f -a ${quote(word)} -d ${quote(says)}`),
      ...options.map(({ word, says }) => {
        const takes = files.includes(word) ? ' -r -F' : choices[word] ? ` -x -a ${quote(choices[word].join(' '))}` : '';
        return `complete -c sallyport ${when} -l ${word.slice(2)}${takes} -d ${quote(says)}`;
      }),
    ];
  });
  const known = nodes.flatMap(({ path }) => (path === '' ? [] : [quote(path)])).join(' ');
  return `# fish completion of sallyport: sallyport completion fish | source
function __sallyport_reached
  set -l reached ''
  for word in (commandline -opc)[2..]
    set -l further (string trim -- "$reached $word")
    contains -- $further ${known}; and set reached $further
  end
  test "$reached" = "$argv[1]"
end
${lines.join('\n')}`;
}
