import { describe, expect, it } from 'vitest';
import { type FakeUpstream, fakeUpstream, routeTo } from '../../../test/fixtures/fake-route.ts';
import { Fault } from '../core/fault.ts';
import type { JsonObject } from '../core/json.ts';
import { exposedName, ownerOfName, ownerOfUri } from './name-routing.ts';

const signal = new AbortController().signal;

describe('a name', () => {
  const one = routeTo(fakeUpstream('a'));
  const two = routeTo(fakeUpstream('a'), fakeUpstream('b'));

  it.each([
    { of: 'a single upstream', route: one, exposed: 'echo' },
    { of: 'one of several upstreams', route: two, exposed: 'a__echo' },
  ])('of $of is exposed as $exposed, and routed back', ({ route, exposed }) => {
    const [member] = route.members;
    expect(exposedName(route, member, 'echo')).toBe(exposed);
    expect(ownerOfName(route, exposed)).toEqual({ member, name: 'echo' });
  });

  it.each([
    { exposed: 'b__a__echo', upstream: 'b', name: 'a__echo' },
    { exposed: 'b____', upstream: 'b', name: '__' },
    { exposed: 'b__', upstream: 'b', name: '' },
  ])('is split at the first separator: $exposed', ({ exposed, upstream, name }) => {
    const found = ownerOfName(two, exposed);
    expect([found.member.upstream.id, found.name]).toEqual([upstream, name]);
  });

  it.each(['echo', 'c__echo', '__echo', 'a_echo', ''])('without the prefix of an upstream is unknown: %j', exposed => {
    const unknown = { code: 'name_unknown', hint: expect.stringContaining('a__, b__') };
    expect(() => ownerOfName(two, exposed)).toThrow(expect.objectContaining(unknown));
  });

  it('is not looked at where there is one upstream alone', () => {
    expect(ownerOfName(one, 'c__echo').name).toBe('c__echo');
  });
});

describe('a uri', () => {
  const resources = (...uris: string[]): JsonObject => ({ resources: uris.map(uri => ({ uri, name: uri })) });
  const templates = (...all: string[]): JsonObject => ({
    resourceTemplates: all.map(uriTemplate => ({ uriTemplate, name: uriTemplate })),
  });
  const serving = (id: string, listed: JsonObject | Error, templated: JsonObject = templates()): FakeUpstream =>
    fakeUpstream(id, { 'resources/list': listed, 'resources/templates/list': templated });
  const down = new Fault('upstream_unavailable', { upstream: 'b' });

  it.each([
    { what: 'that one lists', a: resources('x:1'), b: resources('x:2'), uri: 'x:2', owner: 'b' },
    { what: 'that both list is the first one’s', a: resources('x:1'), b: resources('x:1'), uri: 'x:1', owner: 'a' },
    { what: 'that one lists, while the other is down', a: resources('x:1'), b: down, uri: 'x:1', owner: 'a' },
  ])('$what is routed to it', async ({ a, b, uri, owner }) => {
    const route = routeTo(serving('a', a), serving('b', b));
    expect((await ownerOfUri(route, uri, signal)).upstream.id).toBe(owner);
  });

  it.each([
    { template: 'x:{id}', uri: 'x:1', matches: true },
    { template: 'x:{id}', uri: 'x:{id}', matches: true },
    { template: 'x:{a}/y/{b}', uri: 'x:1/y/2', matches: true },
    { template: 'x:{a}/y/{b}', uri: 'x:1/z/2', matches: false },
    { template: 'x:{id}.txt', uri: 'x:1.txt', matches: true },
    { template: 'x:{id}.txt', uri: 'x:1.png', matches: false },
    { template: 'ab{x}ba', uri: 'aba', matches: false },
    { template: '{+path}', uri: 'anything:at/all', matches: true },
    { template: 'x:fixed', uri: 'x:other', matches: false },
  ])('$uri belongs to the upstream that lists the template $template: $matches', async ({ template, uri, matches }) => {
    const route = routeTo(serving('a', resources()), serving('b', resources(), templates(template)));
    const owner = await ownerOfUri(route, uri, signal).then(
      member => member.upstream.id,
      (fault: Fault) => fault.code,
    );
    expect(owner).toBe(matches ? 'b' : 'resource_unknown');
  });

  it('that nobody lists belongs to the upstream that handed it out last', async () => {
    const route = routeTo(serving('a', resources()), serving('b', resources()));
    route.origins.saw('x:1', 'b');
    expect((await ownerOfUri(route, 'x:1', signal)).upstream.id).toBe('b');
  });

  it('that another upstream lists is not taken over by handing it out', async () => {
    const route = routeTo(serving('a', resources('x:1')), serving('b', resources()));
    route.origins.saw('x:1', 'b');
    expect((await ownerOfUri(route, 'x:1', signal)).upstream.id).toBe('a');
  });

  it('that nobody has is unknown, unless an upstream could not be asked', async () => {
    const both = routeTo(serving('a', resources()), serving('b', resources()));
    await expect(ownerOfUri(both, 'x:1', signal)).rejects.toMatchObject({ code: 'resource_unknown' });
    const half = routeTo(serving('a', resources()), serving('b', down));
    await expect(ownerOfUri(half, 'x:1', signal)).rejects.toMatchObject({ code: 'upstream_unavailable' });
  });

  it('goes to a single upstream without a question', async () => {
    const only = serving('a', resources());
    expect((await ownerOfUri(routeTo(only), 'x:1', signal)).upstream).toBe(only);
    expect(only.asked).toEqual([]);
  });
});
