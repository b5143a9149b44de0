import { formatReference, parseReference } from '@sallyport/host/source';
import { mutateText } from '../mutate/text.ts';
import { Finding, type Target } from '../target.ts';

const digest = `sha256:${'0123456789abcdef'.repeat(4)}`;
const real = [
  'ghcr.io/acme/redact-emails:0.1.0',
  `ghcr.io/acme/redact-emails@${digest}`,
  `registry.example.com:5000/a/b/c/d:v1.0_x-y@${digest}`,
  'localhost:5000/redact:latest',
  '127.0.0.1:40000/acme/redact:1',
  '[::1]:5000/acme/re__d-act.x:1',
];

/** `parseReference`. What it accepts must mean the same when it is written and read again, and as part of a URL. */
export const target: Target = {
  name: 'references',
  module: import.meta.url,
  extension: 'txt',
  patience: 20_000,
  boundedRuns: 20_000,
  seeds: async () => real.map(text => Buffer.from(text)),
  mutate: (_, random) => Buffer.from(mutateText(random.pick(real), random, random.pick(real))),
  open: async () => ({
    async run(input) {
      const text = Buffer.from(input).toString();
      const reference = parseReference(text);
      const written = formatReference(reference);
      if (formatReference(parseReference(written)) !== written) throw new Finding('reads back differently', written);
      const { registry, repository, tag } = reference;
      const path = `/v2/${repository}/manifests/${tag ?? reference.digest}`;
      const url = new URL(`https://${registry}${path}`);
      if (url.pathname !== path || url.search !== '' || url.hash !== '' || url.username !== '')
        throw new Finding('leads elsewhere', `${text} to ${url.href}`);
      const host = url.port === '' ? registry.replace(/:0*443$/, '') : registry;
      if (url.host !== host) throw new Finding('a registry has two names', `${registry} would be asked as ${url.host}`);
      return 'accepted';
    },
    async [Symbol.asyncDispose]() {},
  }),
};
