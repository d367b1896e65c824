import { describe, expect, test } from 'vitest';
import type { ErrorView, RunRow } from '../host';
import { changeParts, countLine, evidence, firstSentence, hasStopped, reasonSentence, refreshed, remedy, step } from './runs';

function run(given: Partial<RunRow> = {}): RunRow {
  return {
    id: 7,
    proxy: 'build-box',
    trigger: 'schedule',
    outcome: 'succeeded',
    reason: null,
    started: '2026-11-22T08:00:00Z',
    finished: '2026-11-22T08:00:04Z',
    seconds: 4,
    from: null,
    to: null,
    new_models: 0,
    removed_models: 0,
    pricing_changes: 0,
    error: null,
    compared_models: 4612,
    ...given,
  };
}

function error(code: string, message = 'It failed.'): ErrorView {
  return { code, message, detail: null, field: null };
}

describe('the evidence of a run', () => {
  test('of a success is what was read back', () => {
    expect(evidence(run())).toBe('4,612 entries read back');
    expect(evidence(run({ outcome: 'unchanged' }))).toBe('4,612 entries read back');
  });

  test('of a failure is the first sentence of its error, with a dot inside a version or address left alone', () => {
    const message = 'The proxy at 10.20.0.14 refused the key, as v1.94.2 does. Nothing was changed. Check it.';
    expect(evidence(run({ outcome: 'failed', error: error('unauthorised', message) }))).toBe(
      'The proxy at 10.20.0.14 refused the key, as v1.94.2 does.',
    );
    expect(firstSentence('No end')).toBe('No end');
  });

  test('of an unproven run is why, and a reason that is not known here says only what is sure', () => {
    expect(evidence(run({ outcome: 'unproven', reason: 'old_revision' }))).toMatch(/older copy/);
    expect(reasonSentence('of_a_newer_program')).toBe('The proxy reported success, but its live map does not show it.');
    expect(reasonSentence(null)).toBe(reasonSentence('of_a_newer_program'));
    expect(reasonSentence('live_differs')).not.toBe(reasonSentence(null));
  });

  test('never claims a proof that is not there', () => {
    for (const outcome of ['failed', 'held', 'interrupted', 'unproven', 'running', 'planned'] as const) {
      expect(evidence(run({ outcome, compared_models: null }))).not.toMatch(/read back/);
    }
  });
});

describe('changes', () => {
  test('only what there is, in the order that matters', () => {
    expect(changeParts(run({ new_models: 4, pricing_changes: 1200, removed_models: 1 }))).toEqual(['4 new', '1,200 prices', '1 removed']);
    expect(changeParts(run())).toEqual([]);
    expect(changeParts(run({ outcome: 'failed', new_models: 4 }))).toEqual([]);
  });
});

test('a run stopped at its last step unless it came to its end', () => {
  const outcomes = ['succeeded', 'unchanged', 'planned', 'running', 'held', 'failed', 'unproven', 'interrupted'] as const;
  expect(outcomes.filter(hasStopped)).toEqual(['held', 'failed', 'unproven', 'interrupted']);
});

describe('the remedy', () => {
  test('goes by the code, and leads to that very proxy', () => {
    expect(remedy(error('unauthorised'), 'eu-staging')).toMatchObject({
      label: 'Edit key',
      action: { kind: 'open', place: { screen: 'settings', section: 'proxies', proxy: 'eu-staging' } },
    });
    expect(remedy(error('proxy_unreachable'), 'eu-staging')?.action).toEqual({ kind: 'ask', proxy: 'eu-staging' });
    expect(remedy(error('no_database'), 'eu-staging')?.action).toEqual({ kind: 'ask', proxy: 'eu-staging' });
    expect(remedy(error('source_mismatch'), 'eu-staging')?.action).toMatchObject({ place: { section: 'source' } });
    expect(remedy(error('internal'), 'x')?.action).toEqual({ kind: 'outside', what: 'logs' });
  });

  test('of a hold opens the diff of these two maps', () => {
    expect(remedy(error('held'), 'x', { from: 'a', to: 'b' })?.action).toEqual({
      kind: 'open',
      place: { screen: 'changes', from: 'a', to: 'b' },
    });
  });

  test('is nothing where nothing is known to help', () => {
    expect(remedy(error('of_a_newer_program'), 'x')).toBeNull();
  });
});

describe('the list', () => {
  const runs = [run({ id: 9 }), run({ id: 8 }), run({ id: 7 })];

  test('the newest page replaces what it reaches, and what it does not tell any more has left the filter', () => {
    const known = [run({ id: 8, outcome: 'running' }), run({ id: 7 }), run({ id: 4 })];
    const joined = refreshed(known, [run({ id: 9 }), run({ id: 8, outcome: 'failed' }), run({ id: 6 })]);
    expect(joined.map(({ id }) => id)).toEqual([9, 8, 6, 4]);
    expect(joined[1]?.outcome).toBe('failed');
    expect(refreshed(known, [])).toEqual([]);
  });

  test('keys stay inside', () => {
    expect(step(runs, null, 'ArrowDown')).toBe(9);
    expect(step(runs, 9, 'ArrowUp')).toBe(9);
    expect(step(runs, 8, 'ArrowDown')).toBe(7);
    expect(step(runs, 7, 'ArrowDown')).toBe(7);
    expect(step(runs, 7, 'Home')).toBe(9);
    expect(step(runs, 9, 'PageDown')).toBe(7);
    expect(step([], 7, 'ArrowDown')).toBeNull();
  });

  test('the foot counts them', () => {
    expect(countLine(1, true)).toBe('1 run');
    expect(countLine(1_142, true)).toBe('1,142 runs');
    expect(countLine(100, false)).toBe('The newest 100 runs');
  });
});
