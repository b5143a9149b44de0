import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { SessionFacts, SessionStore } from './session-store.ts';

const idleMs = 60_000;

const factsOf = (id: string): SessionFacts => ({
  id,
  binding: 'main',
  principal: '',
  revision: '2025-11-25',
  clientCapabilities: { elicitation: { form: {} } },
  address: '192.0.2.1',
  lastUsed: Date.now(),
});

/** The promises of every store of sessions. */
export function describeSessionStore(name: string, open: (idleMs: number) => SessionStore): void {
  describe(`sessions in ${name}`, () => {
    beforeEach(() => void vi.useFakeTimers());
    afterEach(() => void vi.useRealTimers());

    it('are found as they were created, until they end', async () => {
      const store = open(idleMs);
      await store.create(factsOf('one'));
      await store.create(factsOf('other'));
      expect(await store.find('one')).toEqual(factsOf('one'));
      await store.end('one');
      expect(await store.find('one')).toBeUndefined();
      expect(await store.find('other')).toBeDefined();
    });

    it('hold nothing that cannot be written down', async () => {
      const store = open(idleMs);
      await store.create(factsOf('one'));
      const found = await store.find('one');
      expect(JSON.parse(JSON.stringify(found))).toEqual(found);
    });

    it('are gone after the idle time, and not before', async () => {
      const store = open(idleMs);
      await store.create(factsOf('one'));
      vi.advanceTimersByTime(idleMs);
      expect(await store.find('one')).toBeDefined();
      vi.advanceTimersByTime(1);
      expect(await store.find('one')).toBeUndefined();
    });

    it('live on when they are used', async () => {
      const store = open(idleMs);
      await store.create(factsOf('one'));
      await store.create(factsOf('unused'));
      vi.advanceTimersByTime(idleMs / 2);
      await store.touch('one', Date.now());
      vi.advanceTimersByTime(idleMs / 2 + 1);
      await store.dropIdle();
      expect((await store.find('one'))?.id).toBe('one');
      expect(await store.find('unused')).toBeUndefined();
    });

    it('keep the log level that was set last', async () => {
      const store = open(idleMs);
      await store.create(factsOf('one'));
      await store.setLogLevel('one', 'debug');
      await store.setLogLevel('one', 'error');
      expect((await store.find('one'))?.logLevel).toBe('error');
    });

    it('take no notice of ids that they do not know', async () => {
      const store = open(idleMs);
      await store.touch('none', Date.now());
      await store.setLogLevel('none', 'debug');
      await store.end('none');
      expect(await store.find('none')).toBeUndefined();
    });
  });
}
