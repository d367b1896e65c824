import { expect, test } from 'vitest';
import type { StageProgress, StageView } from '../host';
import { canPromote, stageTitle } from './stages';

function stages(...progress: StageProgress[]): StageView[] {
  const names = ['testing', 'staging', 'production'];
  return progress.map((one, place) => ({ stage: names[place] ?? '', proxies: 1, revision: null, progress: one, until: null, proxy: null, text: '' }));
}

test('a map can go on from a stage whose proxies all have it', () => {
  expect(canPromote(stages('waiting', 'done', 'done'))?.stage).toBe('staging');
  expect(canPromote(stages('done', 'soaking', 'done'))?.stage).toBe('production');
  expect(canPromote(stages('ready', 'soaking', 'done'))?.stage).toBe('staging');
});

test('it cannot while a proxy failed with it or is not done, nor where all have it', () => {
  for (const progress of ['stopped', 'syncing'] as const) expect(canPromote(stages(progress, 'done', 'done'))).toBeNull();
  expect(canPromote(stages('done', 'done', 'done'))).toBeNull();
  expect(canPromote([])).toBeNull();
});

test('a stage has a name for people', () => {
  expect(stageTitle('production')).toBe('Production');
});
