import { expect, it } from 'vitest';
import { watGuest } from '../../../../test/fixtures/guest.ts';
import { guestDescriptor } from '../../../../test/fixtures/guest-descriptor.ts';
import { callContext, calls, toolCall } from '../../../../test/fixtures/hook-calls.ts';
import { openGuests } from '../../../../test/fixtures/sandboxed.ts';

const world = `
  package wasi:io@0.2.3 {
    interface error { resource error; }
    interface poll { resource pollable; poll: func(in: list<borrow<pollable>>) -> list<u32>; }
    interface streams {
      use error.{error};
      use poll.{pollable};
      resource output-stream { subscribe: func() -> pollable; }
    }
  }
  package wasi:cli@0.2.3 {
    interface stdout { use wasi:io/streams@0.2.3.{output-stream}; get-stdout: func() -> output-stream; }
  }
  world plugin {
    import wasi:cli/stdout@0.2.3;
    import wasi:io/poll@0.2.3;
    import wasi:io/streams@0.2.3;
    export lifecycle;
    export dispatch-hooks;
  }`;

const fields = `
  (import "wasi:cli/stdout@0.2.3" "get-stdout" (func $stdout (result i32)))
  (import "wasi:io/streams@0.2.3" "[method]output-stream.subscribe" (func $subscribe (param i32) (result i32)))
  (import "wasi:io/poll@0.2.3" "poll" (func $poll (param i32 i32 i32)))`;

/** Traps unless the poll of one stream returns one index. */
const before = `
  (i32.store (i32.const 256) (call $subscribe (call $stdout)))
  (call $poll (i32.const 256) (i32.const 1) (i32.const 512))
  (if (i32.ne (i32.load (i32.const 516)) (i32.const 1)) (then unreachable))`;

it.each(['pooled', 'inline'] as const)(
  '[CAP-105] is polled where nothing can wait for a promise: %s',
  async isolation => {
    const bytes = await watGuest(guestDescriptor('polls'), { fields, before, world });
    await using runner = await openGuests([{ bytes, isolation, limits: { fuel: 10_000_000 } }]);
    const { reports } = await runner.run({
      stage: 'before',
      context: callContext,
      calls: calls('polls'),
      value: toolCall({}),
    });
    expect(reports).toMatchObject([{ outcome: 'proceed' }]);
  },
);
