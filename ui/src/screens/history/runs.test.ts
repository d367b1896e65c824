import { describe, expect, it, vi } from 'vitest';
import { useHost, type Args, type Host, type RunRow } from '../../host';
import { RunList } from './runs.svelte';

/** A ledger of runs 1 to `last`; every hundredth failed. */
function ledger(last: number): { grow: (by: number) => void; asked: Args<'history'>[]; running: number[] } {
  let newest = last;
  const world = { grow: (by: number) => void (newest += by), asked: [] as Args<'history'>[], running: [] as number[] };
  const call = async (_name: string, args: Args<'history'>) => {
    world.asked.push(args);
    const from = Math.min(newest, (args.before ?? Infinity) - 1);
    const runs = Array.from({ length: Math.max(0, from) }, (_, at) => ({ id: from - at, proxy: 'a', outcome: (from - at) % 100 === 1 ? 'failed' : 'unchanged' }) as RunRow);
    runs.unshift(...world.running.toSorted((a, b) => b - a).map((id) => ({ id, proxy: 'a', outcome: 'running' }) as RunRow));
    return runs.filter(({ outcome }) => args.outcome === null || outcome === args.outcome).slice(0, args.limit);
  };
  useHost({ call: call as unknown as Host['call'], listen: () => () => {}, link: () => () => {}, copy: async () => {}, save: async (name) => name });
  return world;
}

const all = { proxy: null, outcome: null };

describe('the list of runs', () => {
  it('reads older pages until the ledger ends', async () => {
    ledger(250);
    const list = new RunList();
    await list.refresh(all);
    expect([list.runs.length, list.isComplete]).toEqual([100, false]);
    await list.older();
    await list.older();
    expect([list.runs.length, list.isComplete, list.runs.at(-1)?.id]).toEqual([250, true, 1]);
  });

  it('begins anew for another filter, and drops what was asked for the one before', async () => {
    const { asked } = ledger(450);
    const list = new RunList();
    const failed = { proxy: null, outcome: 'failed' } as const;
    await Promise.all([list.refresh(all), list.refresh(failed)]);
    expect(list.runs.map(({ id }) => id)).toEqual([401, 301, 201, 101, 1]);
    expect([list.isKnown, list.isComplete, list.isLoading]).toEqual([true, true, false]);
    expect(asked.at(-1)).toEqual({ ...failed, before: null, limit: 100 });
  });

  it('asks for each page once, whoever waits for the end of the loading', async () => {
    const { asked } = ledger(250);
    const list = new RunList();
    await list.refresh(all);
    // As the screen does: an effect runs one microtask after the state that it looks at was written.
    let isLoading = false;
    Object.defineProperty(list, 'isLoading', {
      get: () => isLoading,
      set: (value: boolean) => {
        isLoading = value;
        queueMicrotask(() => void list.older());
      },
    });
    await list.older();
    await vi.waitFor(() => expect([list.isComplete, isLoading]).toEqual([true, false]));
    expect(list.runs.map(({ id }) => id)).toEqual(Array.from({ length: 250 }, (_, at) => 250 - at));
    expect(asked).toHaveLength(3);
  });

  it('drops a run that has left the filter, though an older one is still in it', async () => {
    const world = ledger(0);
    world.running = [8, 9];
    const list = new RunList();
    const running = { proxy: null, outcome: 'running' } as const;
    await list.refresh(running);
    expect(list.runs.map(({ id }) => id)).toEqual([9, 8]);
    world.running = [9];
    await list.refresh(running);
    expect(list.runs.map(({ id }) => id)).toEqual([9]);
  });

  it('keeps older pages when a few runs are new, and leaves no hole when many are', async () => {
    const world = ledger(250);
    const list = new RunList();
    await list.refresh(all);
    await list.older();
    world.grow(3);
    await list.refresh(all);
    expect([list.runs.length, list.runs[0]?.id]).toEqual([203, 253]);
    world.grow(500);
    await list.refresh(all);
    expect([list.runs.length, list.runs[0]?.id, list.runs.at(-1)?.id, list.isComplete]).toEqual([100, 753, 654, false]);
  });
});
