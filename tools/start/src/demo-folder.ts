import { join } from 'node:path';

const root = join(import.meta.dirname, '../../..');

/** Where the demo finds its material and keeps what it makes. */
export const demo = {
  root,
  plugin: join(root, 'plugins-examples/redact-emails'),
  /** What the demo makes, all of it: delete it to start anew. */
  folder: (home: string) => ({
    home,
    privateKey: join(home, 'signing-key.pem'),
    publicKey: join(home, 'signing-key.pub.pem'),
    component: join(home, 'redact-emails.wasm'),
    registry: join(home, 'registry'),
    cache: join(home, 'cache'),
    config: join(home, 'sallyport.yaml'),
    log: join(home, 'gateway.log'),
  }),
};

export type DemoFolder = ReturnType<typeof demo.folder>;
