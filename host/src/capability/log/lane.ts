import type { LaneSide, LogLevel } from '../lane/lane-side.ts';

/** What guests get of `log`. What one call may log is limited in runtime/wasm/lane/log-limit.ts. */
export const logInLane = {
  name: 'log',
  wit: ['sallyport:plugin/log@0.1.0'],
  imports: (_grant, lane) => ({
    'sallyport:plugin/log': { write: (level: LogLevel, message: string) => lane.log(level, message) },
  }),
} satisfies LaneSide;
