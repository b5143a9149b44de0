import { dropUnreached } from './drop-unreached.ts';
import { freeIdentifiers } from './free-identifiers.ts';
import { parseGlue } from './parse-glue.ts';

/**
 * Removes the bookkeeping of concurrent tasks from the glue of a component whose calls never wait: jco creates a task
 * with some forty members for each call in either direction, which costs more than a small guest's own work. A lane
 * runs one call of an instance at a time and drops the instance after a trap, so there is never a second task to
 * distinguish or to refuse. Code that becomes unreachable is dropped, too.
 *
 * Glue in which a task would be left is returned unchanged: it is slower and equally correct. See `isLean`.
 * @param glue the body of a function that returns `instantiate`, as prepareGlue returns it
 */
export function leanGlue(glue: string): string {
  const shorter = plainFlags(steps.reduce((text, { find, put }) => text.replace(find, put), glue));
  try {
    const lean = dropUnreached(shorter).replace(/\n\s+/g, '\n');
    return isComplete(lean, glue) ? lean : glue;
  } catch (error) {
    // Only some of the steps found their target, and the rest is not a program.
    if (error instanceof SyntaxError) return glue;
    throw error;
  }
}

/** The longest text of ASCII, in characters, that is written without the encoder, whose call takes as long. */
const shortText = 32;
/** The longest text for which each instance keeps a buffer, and the longest that is encoded in a buffer at all. */
const commonText = 1024;
const longText = 65_536;

/** The replacements. `$<index>` is the number that jco gave the component's instance. */
const steps: readonly { readonly find: RegExp; readonly put: string }[] = [
  // An exported function: its task begins …
  {
    find: /getOrCreateAsyncState\(\d+\)\.throwIfTrapped\(\);\s*const \[task, _wasm_call_currentTaskID\] = createNewCurrentTask\(\{[^}]*\}\);\s*task\.setCalleeIsAsync\(false\);\s*const started = task\.enterSync\(\);\s*CURRENT_TASK_MAY_BLOCK\.value = [^;]*;\s*if \(\d+!== null\) \{[^}]*\}\s*return _withGlobalCurrentTaskMeta\(\{[^}]*fn: \(\) => \{\s*try \{/g,
    put: '{',
  },
  // … and ends,
  {
    find: /\} catch \(err\) \{\s*if \(!task\.isResolvedState\(\)\) \{[^}]*\}\s*if \(!task\.isExited\(\)\) \{[^}]*\{[^}]*\}[^}]*\}\s*throw err;\s*\}\s*\},\s*\}\);/g,
    put: '}',
  },
  // the guest's function is called,
  {
    find: /try \{\s*(?<ret>ret = )?\s*_withGlobalCurrentTaskMeta\(\{[^}]*fn: \(\) => (?<call>\w+\([^;]*?\)),\s*\}\);\s*\} catch \(err\) \{[^}]*\{[^}]*\}\);\s*getOrCreateAsyncState\(\d+\)\.markTrapped\(err\);[^}]*throw err;\s*\}/g,
    put: '$<ret>$<call>;',
  },
  // and its result is freed, while it may call no imports.
  {
    find: /task\.resolve\(\[[^;]*\]\);\s*let cstate = getOrCreateAsyncState\((?<index>\d+)\);\s*cstate\.mayLeave = false;\s*(?<give>postReturn\d+\([^;]*\);)\s*cstate\.mayLeave = true;\s*task\.exit\(\);/g,
    put: 'instanceFlags$<index>.value = 0; $<give> instanceFlags$<index>.value = 1;',
  },
  { find: /task\.resolve\(\[[^;]*\]\);\s*task\.exit\(\);/g, put: '' },

  // A function of the host: its task begins,
  {
    find: /const hostProvided = true;\s*let parentTask;[\s\S]*?getCurrentTask\(\s*(?<index>\d+),[\s\S]*?const started = task\.enterSync\(\);/g,
    put: "if (instanceFlags$<index>.value !== 1) throw new WebAssemblyRuntimeError('cannot leave component instance');",
  },
  // it is called,
  {
    find: /_withGlobalCurrentTaskMeta\(\{\s*componentIdx: task\.componentIdx\(\),\s*taskID: task\.id\(\),\s*fn: \(\) => _trackHostOperation\(\(\) => (?<call>[^;]*?\))\),\s*\}\)\s*;/g,
    put: '$<call>;',
  },
  // what it throws is a trap,
  {
    find: /try \{(?<call>[^{}]*)\} catch \(err\) \{\s*(?:false && )?_debugLog\('\[Instruction::CallInterface\] error during sync call', \{[^}]*\}\);\s*getOrCreateAsyncState\(\d+\)\.markTrapped\(err\);[^}]*throw err;\s*\}/g,
    put: '$<call>',
  },
  // or its declared error,
  {
    find: /if \(getOrCreateAsyncState\(\d+\)\.markTrapped\(e\)\) \{ throw e; \}/g,
    put: 'if (e instanceof WebAssemblyRuntimeError) { throw e; }',
  },
  // and it is called directly, for it does not wait.
  {
    find: /let (?<name>trampoline\d+) = (?<host>_trampoline\d+)\.manuallyAsync \? new WebAssembly\.Suspending\([\s\S]*?importFn: \k<host>,\s*\},\s*\)\)\) : _lowerImportBackwardsCompat\.bind\([\s\S]*?importFn: \k<host>,\s*\},\s*\);/g,
    put: 'let $<name> = $<host>;',
  },

  // A component within the component calls another.
  {
    find: /function _symmetricSyncGuestCallEnter\([\s\S]*?\n {2}\}\n/,
    put: 'function _symmetricSyncGuestCallEnter() { return 1; }\n',
  },
  {
    find: /function _symmetricSyncGuestCallExit\(\) \{[\s\S]*?\n {2}\}\n/,
    put: 'function _symmetricSyncGuestCallExit() {}\n',
  },
  // The slots of a task, which adapters between components save and restore.
  {
    find: /function contextSet\([\s\S]*?\n {2}\}\n/,
    put: 'const _slots = [0, 0];\n  function contextSet({ slot }, value) { _slots[slot] = value; }\n',
  },
  { find: /function contextGet\([\s\S]*?\n {2}\}\n/, put: 'function contextGet({ slot }) { return _slots[slot]; }\n' },

  // The view of a memory, which is asked for with each member of a value. A memory that grows empties its buffer.
  {
    find: /const dataView = mem => dv\.buffer === mem\.buffer \? dv : dv = new DataView\(mem\.buffer\);/,
    put: `let viewedMemory, viewedBuffer = dv.buffer, viewedBytes = new Uint8Array(viewedBuffer);
const dataView = mem => {
  if (viewedMemory === mem && viewedBuffer.byteLength > 0) return dv;
  viewedMemory = mem;
  viewedBuffer = mem.buffer;
  viewedBytes = new Uint8Array(viewedBuffer);
  return dv = new DataView(viewedBuffer);
};`,
  },
  // Text: jco looks at each character first, to ask for as many bytes as it will have, which takes far longer than to
  // encode it. It still does so for the longest texts, because encoding them first would need a copy.
  {
    find: /function _utf8AllocateAndEncode\(s, realloc, memory\) \{\s*if \(typeof s !== 'string'\) \{[^}]*\}\s*if \(s\.length === 0\) \{ return \{[^}]*\}; \}/,
    put: `const encodedText = new Uint8Array(${3 * commonText});
$&
if (s.length <= ${longText}) {
  let isShort = s.length <= ${shortText};
  for (let i = 0; isShort && i < s.length; i++) isShort = s.charCodeAt(i) < 0x80;
  if (!isShort) {
    const bytes = s.length <= ${commonText} ? encodedText : new Uint8Array(3 * s.length);
    const { read, written } = TEXT_ENCODER_UTF8.encodeInto(s, bytes);
    if (read !== s.length) throw new Error('failed to encode whole string');
    const ptr = realloc(0, 0, 1, written);
    dataView(memory);
    viewedBytes.set(bytes.subarray(0, written), ptr);
    return { ptr, len: written };
  }
  const ptr = realloc(0, 0, 1, s.length);
  dataView(memory);
  // It throws what is outside of the memory.
  if (ptr < 0 || ptr + s.length > viewedBytes.length) new Uint8Array(memory.buffer, ptr, s.length);
  for (let i = 0; i < s.length; i++) viewedBytes[ptr + i] = s.charCodeAt(i);
  return { ptr, len: s.length };
}`,
  },

  // Variants for calls that wait, and a log that is off.
  { find: /let (?:realloc|postReturn)\d+Async;/g, put: '' },
  { find: /try \{\s*\w+Async = WebAssembly\.promising\([^)]*\);\s*\} catch\s*\(err\) \{[^}]*\}/g, put: '' },
  { find: /(?:false && )?_debugLog\((?:[^()`'"]|'[^'\n]*'|"[^"\n]*"|`[^`]*`|\([^()]*\))*\);/g, put: '' },
];

/** Replaces flags that no core module imports with objects, because a global of WebAssembly is read and set by calls. */
const plainFlags = (glue: string): string =>
  glue.replace(/const (instanceFlags\d+) = new WebAssembly\.Global\(\{[^}]*\}, 1\);/g, (whole, name: string) =>
    new RegExp(`\\b${name}\\b(?! = new |\\.value\\b|\\);)`).test(glue) ? whole : `const ${name} = { value: 1 };`,
  );

/**
 * Returns whether glue has no bookkeeping of tasks. It is true for the result of `leanGlue` unless that had to give up.
 */
export const isLean = (glue: string): boolean =>
  !/\bAsyncTask\b|\bgetOrCreateAsyncState\b|\bcreateNewCurrentTask\b/.test(glue);

/** Returns whether no task is left, and every free name was free before. */
function isComplete(lean: string, glue: string): boolean {
  if (!isLean(lean)) return false;
  const known = freeOf(glue);
  return [...freeOf(lean)].every(name => known.has(name));
}

const freeOf = (text: string): ReadonlySet<string> => freeIdentifiers(parseGlue(text));
