import type { JsonObject } from '../core/json.ts';
import type { ChangeAnswer, Definition } from './answer/registration.ts';

/** The lists of the configuration whose entries can be registered at run time. */
export type RegisteredList = 'upstreams' | 'bindings';

export interface RegistrationRequest {
  /** Only find out what would change. */
  readonly dryRun: boolean;
  /** The header If-Match: the version that the entry must still have. */
  readonly ifMatch: string | undefined;
  /** Who asked for it. */
  readonly subject: string | undefined;
}

/** A change that was made, or that would be, with the definitions before and after. They contain no secret. */
export interface RegistrationChange {
  readonly answer: ChangeAnswer;
  readonly before?: JsonObject | undefined;
  readonly after?: JsonObject | undefined;
}

/** Changes which upstreams and bindings the gateway has, beside those of its file. */
export interface Registrations {
  /** Returns how an entry is defined. @throws Fault `registration_unknown` */
  find(list: RegisteredList, id: string): Definition;
  /** @throws Fault `registration_exists`, `registration_fixed`; Faults of the changed configuration */
  register(list: RegisteredList, entry: JsonObject, request: RegistrationRequest): Promise<RegistrationChange>;
  /** @throws Fault `registration_unknown`, `registration_fixed`, `registration_outdated`; Faults of the changed configuration */
  replace(
    list: RegisteredList,
    id: string,
    entry: JsonObject,
    request: RegistrationRequest,
  ): Promise<RegistrationChange>;
  /** @throws as `replace`; Fault `registration_in_use` */
  unregister(list: RegisteredList, id: string, request: RegistrationRequest): Promise<RegistrationChange>;
}
