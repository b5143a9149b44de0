import type { JsonObject } from '../../core/json.ts';

/** A form to send to an authorization server. */
export interface ProviderForm {
  readonly fields: Readonly<Record<string, string>>;
  readonly authorization: string;
}

/**
 * Requests a JSON object from an authorization server: with GET, or with POST if there is a form. Returns undefined if
 * the server has no such document (404 and the like).
 * @throws Fault `identity_unavailable`
 */
export type ProviderRequest = (url: string, form?: ProviderForm) => Promise<JsonObject | undefined>;
