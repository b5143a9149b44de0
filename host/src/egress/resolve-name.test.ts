import { expect, it } from 'vitest';
import { oneByOne } from './resolve-name.ts';

it('[CAP-94] looks names up one by one, and goes on after one that failed', async () => {
  const asked: { readonly name: string; readonly answer: PromiseWithResolvers<readonly string[]> }[] = [];
  const resolve = oneByOne(name => {
    const answer = Promise.withResolvers<readonly string[]>();
    asked.push({ name, answer });
    return answer.promise;
  });
  const found = Promise.allSettled(['silent.example', 'b.example', 'c.example'].map(resolve));
  const turn = () => new Promise(resolve => setImmediate(resolve));
  await turn();
  expect(asked.map(({ name }) => name)).toEqual(['silent.example']);
  asked[0]?.answer.reject(new Error('no such name'));
  await turn();
  expect(asked.map(({ name }) => name)).toEqual(['silent.example', 'b.example']);
  asked[1]?.answer.resolve(['192.0.2.1']);
  await turn();
  asked[2]?.answer.resolve(['192.0.2.2']);
  expect(await found).toMatchObject([{ status: 'rejected' }, { value: ['192.0.2.1'] }, { value: ['192.0.2.2'] }]);
});
