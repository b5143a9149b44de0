import { expect, it } from 'vitest';
import { Fault } from './fault.ts';
import { faultsAsJson, faultsAsText } from './fault-text.ts';

const evil = 'no\u001b]0;pwned\u0007\r\u202e\u2028\nall plugins verified';
const faults = [
  new Fault('plugin_refused_config', { plugin: 'p', message: evil, hint: evil, differences: [evil] }),
  new Fault('usage'),
];

it('[RUN-100] formats faults without sequences that control a terminal, and lets no foreign text begin a line', () => {
  const text = faultsAsText(faults);
  expect(text.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
  expect(text.split('\n').filter(line => line.startsWith('all plugins'))).toEqual([]);
  expect(text).toContain('no\\u001b]0;pwned\\u0007\\u000d\\u202e\\u2028\n    all plugins verified');
});

it('[RUN-100] formats them for machines, in JSON that is as safe to print', () => {
  const text = faultsAsJson(faults);
  expect(text).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
  expect(JSON.parse(text).problems[0]).toMatchObject({ code: 'plugin_refused_config', hint: evil });
});
