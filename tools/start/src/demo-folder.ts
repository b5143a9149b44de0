import { join } from 'node:path';

const root = join(import.meta.dirname, '../../..');

/** The files that the demo reads and writes. */
export const demo = {
  root,
  plugin: join(root, 'plugins-examples/redact-emails'),
  /** The folder with everything that the demo writes: delete it to start over. */
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
