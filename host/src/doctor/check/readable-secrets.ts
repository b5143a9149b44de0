import { stat } from 'node:fs/promises';
import type { Check, Found } from '../check.ts';
import type { Patient } from '../patient.ts';

/** The files with secrets, by setting. */
function secretFiles({ config }: Patient): [at: string, file: string | undefined][] {
  const { secrets, tls, admin, audit, receipts, accounts, identity, tenants } = config;
  const schemes = typeof identity === 'object' ? identity.schemes : [];
  return [
    ...secrets.map(({ name, file }): [string, string | undefined] => [`secrets.${name}`, file]),
    ...tenants.flatMap(({ id, secrets: own }) =>
      own.map(({ name, file }): [string, string | undefined] => [`tenants.${id}.secrets.${name}`, file]),
    ),
    ['tls.key', tls?.key],
    ['admin.tls.key', admin?.tls?.key],
    ['admin.keys_file', admin?.keys_file],
    ['receipts.key_file', receipts?.key_file],
    ['audit.key_file', audit.key_file],
    ['accounts.path', accounts?.path],
    ...schemes.map(({ id, api_keys }): [string, string | undefined] => [
      `identity.schemes.${id}.api_keys`,
      api_keys?.file,
    ]),
  ];
}

/** Files with secrets that other users of the machine can read or write. */
export const readableSecrets: Check = {
  id: 'DR106',
  severity: 'warning',
  about: 'files with secrets that other users can read or write',
  why: 'Every user of this machine can take or replace the secret.',
  fix: 'Let only the user of the gateway read it.',
  async find(patient) {
    const found = secretFiles(patient).map(async ([at, file]): Promise<readonly Found[]> => {
      const status = file === undefined ? undefined : await stat(file).catch(() => undefined);
      if (status === undefined || (status.mode & 0o007) === 0) return [];
      return [
        {
          what: `Every user of this machine has access to ${file} (mode ${(status.mode & 0o777).toString(8)}).`,
          at,
          fix: `Run \`chmod 600 ${file}\`, or set \`defaultMode: 0400\` on the Kubernetes volume.`,
        },
      ];
    });
    return (await Promise.all(found)).flat();
  },
};
