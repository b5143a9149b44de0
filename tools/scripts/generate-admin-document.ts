import { adminDocument } from '@sallyport/host/admin';

/** Generates the OpenAPI description of the management API, from the table of its operations. */
export async function adminDescription(): Promise<Map<string, string>> {
  return new Map([['docs/schema/admin.openapi.json', `${JSON.stringify(adminDocument(), null, 2)}\n`]]);
}
