import { describe, expect, it, vi } from 'vitest';
import { useHost, type DecideArgs } from '../../host';
import { fakeHost } from '../../host/fake';
import { snacks } from '../../state/snack.svelte';
import { Review } from './review.svelte';

vi.mock('../../host/fake/world', async (real) => ({ ...(await real<object>()), wait: () => Promise.resolve() }));

/** A program with three open questions, and what it was told. */
async function asked(scenario: string): Promise<{ review: Review; told: DecideArgs[]; standing: (model: string) => string | undefined }> {
  const host = fakeHost(scenario);
  const told: DecideArgs[] = [];
  const call: typeof host.call = (name, args) => {
    if (name === 'decide') told.push(args as DecideArgs);
    return host.call(name, args);
  };
  useHost({ ...host, call });
  const review = new Review();
  review.load();
  await vi.waitFor(() => expect(review.answer.value).toBeDefined());
  return { review, told, standing: (model) => review.answer.value?.items.find((item) => item.model === model)?.standing };
}

const MINI = 'gpt-5.6-luna-mini';
const OLD = 'gpt-4o-2024-05-13';

describe('decisions', () => {
  it('are made one after the other, told, and can be undone', async () => {
    const { review, told, standing } = await asked('review');
    review.decide([MINI], 'rejected');
    review.decide([OLD], 'approved');
    expect([...review.pending]).toEqual([[MINI, 'rejected'], [OLD, 'approved']]);
    await vi.waitFor(() => expect(review.pending.size).toBe(0));
    expect([standing(MINI), standing(OLD)]).toEqual(['rejected', 'approved']);
    expect(snacks.current?.text).toBe(`Approved ${OLD}`);
    snacks.current?.action?.run();
    await vi.waitFor(() => expect(standing(OLD)).toBe('open'));
    const revision = review.answer.value!.revision;
    expect(revision).not.toBeNull();
    // A decision is about the values on the screen; one that is taken back, about whatever is there.
    expect(told).toEqual([
      { models: [MINI], revision, ruling: 'rejected' }, { models: [OLD], revision, ruling: 'approved' }, { models: [OLD], revision: null, ruling: null },
    ]);
    expect(snacks.current?.action).toBeNull();
    snacks.close();
  });

  it('that are refused leave all as it was, are told, and can be made again', async () => {
    const { review, standing } = await asked('review-refused');
    const elsewhere = vi.fn();
    review.onrefused = elsewhere;
    review.decide([MINI, OLD], 'rejected');
    await vi.waitFor(() => expect(review.refused).not.toBeNull());
    expect(review.refused).toMatchObject({ models: [MINI, OLD], ruling: 'rejected', error: { code: 'ledger' } });
    expect([review.pending.size, standing(MINI)]).toEqual([0, 'open']);
    expect(elsewhere).toHaveBeenCalledOnce();
    review.decide([MINI], 'rejected');
    expect(review.refused).toBeNull();
  });

  it('about nothing are none', async () => {
    const { review, told } = await asked('review');
    review.decide([], 'approved');
    await Promise.resolve();
    expect([told, review.pending.size]).toEqual([[], 0]);
  });
});
