import { expect, it } from 'vitest';
import { Fault } from '../core/fault.ts';
import { problemsAsJson, tellAll } from './tell.ts';

const evil = 'no\u001b]0;pwned\u0007\r\u202e\u2028\nall plugins verified';
const faults = [
  new Fault('plugin_refused_config', { plugin: 'p', message: evil, hint: evil, differences: [evil] }),
  new Fault('usage'),
];

it('[RUN-100] tells faults without what steers a terminal, and lets no words of others begin a line', () => {
  const told = tellAll(faults);
  expect(told.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
  expect(told.split('\n').filter(line => line.startsWith('all plugins'))).toEqual([]);
  expect(told).toContain('no\\u001b]0;pwned\\u0007\\u000d\\u202e\\u2028\n    all plugins verified');
});

it('[RUN-100] tells machines the same, in JSON that is as safe to look at', () => {
  const told = problemsAsJson(faults);
  expect(told).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
  expect(JSON.parse(told).problems[0]).toMatchObject({ code: 'plugin_refused_config', hint: evil });
});
