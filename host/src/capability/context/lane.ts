import type { LaneSide } from '../lane/lane-side.ts';

/** What guests get of `context`. */
export const contextInLane = {
  name: 'context',
  wit: ['sallyport:plugin/context@0.1.0'],
  imports: (_grant, lane) => ({
    'sallyport:plugin/context': {
      get: lane.state.get,
      set: lane.state.set,
      getShared: lane.state.getShared,
      setShared: lane.state.setShared,
    },
  }),
} satisfies LaneSide;
