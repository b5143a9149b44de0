import { type Verification, verifyAudit } from '@sallyport/host/command';
import { fail } from '@sallyport/host/core';
import { parsePublicKey } from '@sallyport/host/verify';
import { defineCommand } from '../../command.ts';
import { readInput } from '../../read-input.ts';

export const command = defineCommand({
  summary: 'find out whether an audit log or receipts were changed',
  about: [
    'Reads the files of one log, also in the wrong order, and checks numbers, hashes and signatures. The exit code',
    'is 1 if something is wrong. An end that was cut off after a signature is found only with --expect-sequence.',
  ].join('\n'),
  arguments: { FILE: { says: 'the files, rotated ones and the current one', many: true } },
  options: {
    key: {
      value: 'FILE',
      many: true,
      says: 'a public key whose signatures count: PEM, as printed by `sallyport audit key`',
    },
    'expect-sequence': { value: 'N', says: 'a number that the log must reach, such as one noted earlier' },
  },
  example: 'sallyport audit verify --key audit.pub.pem audit*.jsonl',
  async run({ options, args: { FILE: logs } }) {
    const { key: files, 'expect-sequence': expected } = options;
    const expectSequence = expected === undefined ? undefined : Number(expected);
    if (expected !== undefined && !(Number.isInteger(expectSequence) && Number(expected) > 0)) {
      fail('usage', { 'expect-sequence': expected, hint: '--expect-sequence takes a whole number from 1 on' });
    }
    const keys = await Promise.all(files.map(async file => (await readInput(file)).toString('utf8')));
    for (const key of keys) parsePublicKey(key);
    const verified = await verifyAudit(logs, { keys, expectSequence });
    return { json: verified, text: textOf(verified, keys.length > 0), exit: verified.intact ? 0 : 1 };
  },
});

function textOf(verified: Verification, isKeyGiven: boolean): string {
  const { files, first, last, signed, checkpoints, keys, problems, more_problems: more, notices, intact } = verified;
  const unsigned = last === undefined ? 0 : last - (signed?.seq ?? (first ?? 1) - 1);
  return [
    ...files.map(
      file => `${file.file}: ${file.lines} lines${file.first === undefined ? '' : `, ${file.first} to ${file.last}`}`,
    ),
    ...notices.map(({ file, line, message }) => `${file}:${line}: notice: ${message}`),
    ...problems.map(({ file, line, kind, message }) => `${file}:${line}: ${kind}: ${message}`),
    ...(more > 0 ? [`and ${more} more problems`] : []),
    ...(last === undefined ? [] : [`chain: ${first} to ${last}, hash ${verified.hash}`]),
    ...(signed === undefined
      ? []
      : [
          `signed: to line ${signed.seq}, at ${signed.time}; signatures: ${checkpoints}; lines after the last one: ${unsigned}`,
        ]),
    ...keys.map(({ key, trusted }) => `key: ${key}${trusted ? '' : ' (not among the keys of --key)'}`),
    ...(isKeyGiven
      ? []
      : ['without --key, signatures are checked with the key in the log itself: pass the public key of the gateway']),
    intact ? 'intact' : 'NOT INTACT',
  ].join('\n');
}
