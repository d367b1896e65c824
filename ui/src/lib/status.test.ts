import { expect, it } from 'vitest';
import { scenario } from '../host/fake/scenarios';
import { desiredText, runningText, syncedText } from './status';

it('reads as drawn', () => {
  const state = scenario('drawn');
  expect(syncedText(state)).toEqual({ glyph: 'sync-behind', text: '1 of 3 synced' });
  expect(runningText(state)).toBe('build-box syncing, step 3 of 4');
  expect(desiredText(state)).toBe('= source, 3 entries need review');
});

it('never claims that all is well without a proxy', () => {
  expect(syncedText(scenario('empty'))).toEqual({ glyph: 'sync-unknown', text: 'No proxy yet' });
});

it('says when the source is ahead of what proxies are meant to have', () => {
  expect(desiredText(scenario('held'))).toBe('· source has b41c9e2, held');
  expect(desiredText(scenario('one'))).toBe('= source');
  const drawn = scenario('drawn');
  const waiting = { ...drawn, promoted: { ...drawn.promoted!, billed: 'a'.repeat(40), waits: true } };
  expect(desiredText(waiting)).toBe('· source has b41c9e2, 3 entries need review first');
});

it('counts syncs that go on side by side', () => {
  expect(runningText(scenario('running'))).toBe('2 proxies syncing');
  expect(runningText(scenario('one'))).toBeNull();
});
