import { expect, it } from 'vitest';
import { accepts, isJson } from './media-type.ts';

it.each([
  { type: 'application/json', is: true },
  { type: 'Application/JSON; charset=utf-8', is: true },
  { type: 'application/json ;charset=utf-8', is: true },
  { type: 'application/jsonp', is: false },
  { type: 'text/plain', is: false },
  { type: undefined, is: false },
])('a body of type $type is declared as JSON: $is', ({ type, is }) => {
  expect(isJson(type === undefined ? {} : { 'content-type': type })).toBe(is);
});

it.each([
  { accept: undefined, json: true, events: true },
  { accept: '*/*', json: true, events: true },
  { accept: 'application/json, text/event-stream', json: true, events: true },
  { accept: 'Application/JSON', json: true, events: false },
  { accept: 'application/*;q=0.5', json: true, events: false },
  { accept: 'text/event-stream', json: false, events: true },
  { accept: 'text/html', json: false, events: false },
])('a client that sends Accept: $accept takes JSON: $json, event streams: $events', ({ accept, json, events }) => {
  const headers = accept === undefined ? {} : { accept };
  expect([accepts(headers, 'application/json'), accepts(headers, 'text/event-stream')]).toEqual([json, events]);
});
