import { z } from 'zod';
import { cidr } from '../../core/cidr.ts';
import { text } from './fields.ts';

/** `admin.registration`: what may be registered at run time, and where it is kept. */
export const registration = z
  .strictObject({
    path: text
      .default('~/.local/state/sallyport/registered.json')
      .describe('The file in which changes of the management API are kept. Gateways with different files need two.'),
    allow_stdio: z
      .boolean()
      .default(false)
      .describe('Whether upstreams may be commands, which run as the user of the gateway.'),
    allow_private: z
      .array(cidr)
      .default([])
      .describe('Networks that registered upstreams may reach although their addresses are not public.'),
    secrets: z
      .array(text)
      .default([])
      .describe('Names of `secrets` that registered upstreams may be sent: who registers one chooses where they go.'),
    plugins: z
      .array(text)
      .default([])
      .describe('Ids of plugins that every registered binding must have in its `transforms` or `policies`.'),
  })
  .prefault({});

/** What registered entries may be. */
export type RegistrationRules = z.output<typeof registration>;
