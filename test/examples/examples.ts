/** A plugin of plugins-examples/, and what a client sees of it behind a gateway. */
export interface Example {
  /** Its folder, which is its id too. */
  readonly id: string;
  /** The program without which it cannot be built. */
  readonly needs?: string;
  /** The example whose cases are its cases too: the same plugin in another language. */
  readonly casesOf?: string;
  /** What the operator's file says of it: grants, config. */
  readonly plugin?: Readonly<Record<string, unknown>>;
  /** Secrets of the operator's file. */
  readonly secrets?: readonly string[];
  /** A call of the tool `echo` of the reference server, which answers `Echo: ` and the message. */
  readonly message: string;
  /** Part of the answer, or of the error, as JSON. */
  readonly sees: string;
}

const redactsEmails = { message: 'write to alice@example.com', sees: 'Echo: write to [redacted]' };

/** Every example. A new one is a folder, and a line here. */
export const examples: readonly Example[] = [
  { id: 'redact-emails', ...redactsEmails },
  { id: 'redact-emails-rust', needs: 'wasm-ld-22', casesOf: 'redact-emails', ...redactsEmails },
  { id: 'redact-emails-go', needs: 'go', casesOf: 'redact-emails', ...redactsEmails },
  { id: 'redact-emails-python', needs: 'componentize-py', casesOf: 'redact-emails', ...redactsEmails },
  {
    id: 'schema-guard',
    needs: 'componentize-py',
    plugin: { config: { tools: { echo: { arguments: { properties: { message: { maxLength: 3 } } } } } } },
    message: 'hello',
    sees: '"path":"$.message"',
  },
  {
    id: 'correlation-id',
    needs: 'go',
    plugin: { grants: { random: {} } },
    message: 'hello',
    sees: 'correlation id: ',
  },
  { id: 'utc-timestamps', message: 'at 2026-03-01T12:00:00+02:00', sees: 'Echo: at 2026-03-01T10:00:00Z' },
  {
    id: 'moderation',
    secrets: ['moderation-key'],
    plugin: {
      limits: { timeout_ms: 5000 },
      // Nobody listens there.
      config: { url: 'https://moderation.invalid/v1/moderations' },
      grants: {
        kv_store: {},
        outbound_http: { allow: ['https://moderation.invalid'], methods: ['POST'] },
        secret_store: { references: [{ name: 'moderation-key', origins: ['https://moderation.invalid'] }] },
      },
    },
    message: 'hello',
    sees: 'MODERATION_UNAVAILABLE',
  },
  {
    id: 'response-cache',
    plugin: { config: { tools: ['echo'] }, grants: { kv_store: {} } },
    message: 'hello',
    sees: 'Echo: hello',
  },
  {
    id: 'mask-pii',
    needs: 'wasm-ld-22',
    plugin: { config: { style: 'partial' } },
    message: 'card 4111 1111 1111 1111',
    sees: 'Echo: card **** **** **** 1111',
  },
  {
    id: 'rate-limit',
    needs: 'wasm-ld-22',
    plugin: { config: { limit: 1, window_seconds: 60 }, grants: { clock: {}, kv_store: {} } },
    message: 'hello',
    sees: 'Echo: hello',
  },
  {
    id: 'sql-guard',
    needs: 'wasm-ld-22',
    plugin: { config: { dialect: 'postgres', tools: { echo: ['message'] } } },
    message: 'DROP TABLE t',
    sees: '"kind":"drop"',
  },
  {
    id: 'strip-fields',
    needs: 'wasm-ld-22',
    plugin: { config: { tools: ['echo'], arguments: ['$.message'] } },
    message: 'hello',
    sees: 'expected string',
  },
];
