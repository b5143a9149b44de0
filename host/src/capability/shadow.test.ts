import { expect, it } from 'vitest';
import { descriptorOf } from '../../../test/fixtures/signed-plugin.ts';
import { decideGrant } from './grant.ts';
import { capabilities } from './registry.ts';
import { shadowGrant } from './shadow.ts';

it('[HOOK-101] in shadow, secrets, requests and tool calls are denied, and everything else is as granted', () => {
  const names = capabilities.filter(({ always }) => always !== true).map(({ name }) => name);
  const imports = capabilities.flatMap(({ wit }) => wit.map(each => each.replace(/@0\.2$/, '@0.2.0')));
  const grants = Object.fromEntries(capabilities.map(({ name, grant }) => [name, grant.safeParse({}).data ?? {}]));
  const descriptor = descriptorOf({ required_capabilities: names });
  const stated = Object.fromEntries(names.map(name => [name, grants[name]]));
  const grant = decideGrant(imports, descriptor, stated, capabilities);
  const shadow = shadowGrant(grant, capabilities);
  const refused = ['outbound_http', 'secret_store', 'tool_call'];
  expect([...shadow.refusedInShadow].toSorted()).toEqual(refused);
  expect([...shadow.denied].toSorted()).toEqual(refused);
  expect([...shadow.granted.keys()].toSorted()).toEqual(
    [...grant.granted.keys()].filter(name => !refused.includes(name)).toSorted(),
  );
  expect([grant.isShadow, shadow.isShadow]).toEqual([false, true]);
});
