import { expect, it } from 'vitest';
import { emptyComponent, emptyModule } from '../../../test/fixtures/signed-plugin.ts';
import { fetchArtifact, type Source } from './source.ts';

/** Somewhere that holds one plugin, for as long as a test. */
export interface Holding {
  readonly source: Source;
  /** Replaces the component's bytes; with `undefined`, removes them. */
  replace(bytes: Uint8Array | undefined): Promise<void>;
}

/** Makes a source of a place that holds `component`, with a largest size that it accepts. */
export type Hold = (component: Uint8Array, maxBytes?: number) => Promise<Holding>;

const component = Buffer.concat([emptyComponent, Buffer.alloc(100_000, 1)]);

const changed: readonly { what: string; codes: string[]; change: (bytes: Uint8Array) => Uint8Array | undefined }[] = [
  { what: 'has one flipped bit', codes: ['digest_mismatch'], change: bytes => bytes.with(50_000, 0) },
  { what: 'is truncated', codes: ['size_mismatch', 'digest_mismatch'], change: bytes => bytes.subarray(0, 50_000) },
  { what: 'is empty', codes: ['size_mismatch', 'digest_mismatch'], change: () => new Uint8Array() },
  {
    what: 'is longer than it was',
    codes: ['size_mismatch', 'digest_mismatch'],
    change: bytes => Buffer.concat([bytes, Buffer.alloc(1)]),
  },
  { what: 'is gone', codes: ['artifact_not_found'], change: () => undefined },
];

/** What every Source does alike. */
export const sourceCases = (hold: Hold): void => {
  it('[SRC-01] yields the bytes, their digest, and where they came from', async () => {
    const { source } = await hold(component);
    const descriptor = await source.resolve();
    const artifact = await source.fetch(descriptor);
    expect(Buffer.compare(artifact.bytes, component)).toBe(0);
    expect(artifact.digest).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(artifact.origin.reference).toBe(source.reference);
    expect(artifact.signatures).toEqual([]);
  });

  it.each(changed)('[SRC-02] refuses a component that $what', async ({ codes, change }) => {
    const { source, replace } = await hold(component);
    const descriptor = await source.resolve();
    await replace(change(component));
    const refused = await source.fetch(descriptor).catch((error: unknown) => error);
    expect(refused).toMatchObject({ name: 'Fault', details: { reference: source.reference } });
    expect(codes).toContain((refused as { code: string }).code);
    await replace(component);
    await expect(source.fetch(descriptor)).resolves.toMatchObject({ bytes: { length: component.length } });
  });

  it('[SRC-03] refuses a component that is larger than allowed', async () => {
    const { source } = await hold(component, component.length - 1);
    await expect(fetchArtifact(source)).rejects.toMatchObject({ code: 'artifact_too_large' });
  });

  it('hands on a core module as it is: what it is good for is not decided here', async () => {
    const { source } = await hold(emptyModule);
    await expect(fetchArtifact(source)).resolves.toMatchObject({ bytes: { length: emptyModule.length } });
  });
};
