import { describe, expect, it } from 'vitest';
import { useHost, type Args, type Host, type RunRow } from '../../host';
import { RunList } from './runs.svelte';

/** A ledger of runs 1 to `last`; every hundredth failed. */
function ledger(last: number): { grow: (by: number) => void; asked: Args<'history'>[] } {
  let newest = last;
  const asked: Args<'history'>[] = [];
  const call = async (_name: string, args: Args<'history'>) => {
    asked.push(args);
    const from = Math.min(newest, (args.before ?? Infinity) - 1);
    return Array.from({ length: Math.max(0, Math.min(args.limit, from)) }, (_, at) => ({ id: from - at, proxy: 'a', outcome: (from - at) % 100 === 1 ? 'failed' : 'unchanged' }) as RunRow);
  };
  useHost({ call: call as unknown as Host['call'], listen: () => () => {}, link: () => () => {}, copy: async () => {}, save: async (name) => name });
  return { grow: (by) => (newest += by), asked };
}

const all = { proxy: null, outcome: null };

describe('the list of runs', () => {
  it('reads older pages until the ledger ends', async () => {
    ledger(250);
    const list = new RunList();
    await list.refresh(null);
    expect([list.runs.length, list.isComplete]).toEqual([100, false]);
    await list.older(all);
    await list.older(all);
    expect([list.runs.length, list.isComplete, list.runs.at(-1)?.id]).toEqual([250, true, 1]);
  });

  it('looks through pages for a rare outcome, and stops at the first find', async () => {
    const { asked } = ledger(450);
    const list = new RunList();
    await list.refresh(null);
    await list.older({ proxy: null, outcome: 'failed' });
    expect(list.runs.filter(({ outcome }) => outcome === 'failed').map(({ id }) => id)).toEqual([401, 301]);
    expect(asked).toHaveLength(2);
  });

  it('keeps older pages when a few runs are new, and leaves no hole when many are', async () => {
    const world = ledger(250);
    const list = new RunList();
    await list.refresh(null);
    await list.older(all);
    world.grow(3);
    await list.refresh(null);
    expect([list.runs.length, list.runs[0]?.id]).toEqual([203, 253]);
    world.grow(500);
    await list.refresh(null);
    expect([list.runs.length, list.runs[0]?.id, list.runs.at(-1)?.id, list.isComplete]).toEqual([100, 753, 654, false]);
  });
});
