import { expect, it } from 'vitest';
import type { FoundUpdate, UpdateView } from '../host';
import { updateWords } from './update';

const view: UpdateView = { off: null, doing: 'idle', checked_at: null, found: null, received: 0, total: null, error: null };
const found: FoundUpdate = { version: '0.2.0', notes: null, can_install: true, skipped: false };

it('says where a newer version stands', () => {
  expect(updateWords(view, found, 'macos')).toBe('can be installed.');
  expect(updateWords(view, found, 'windows')).toContain('starts again');
  expect(updateWords(view, { ...found, can_install: false }, 'linux')).toContain('where you got this version');
  expect(updateWords(view, { ...found, skipped: true }, 'linux')).toBe('is skipped.');
  expect(updateWords({ ...view, doing: 'downloading', received: 3_100_000, total: 8_200_000 }, found, 'linux')).toBe('3.1 MB of 8.2 MB');
  expect(updateWords({ ...view, doing: 'downloading', received: 3_100_000 }, found, 'linux')).toBe('3.1 MB');
  expect(updateWords({ ...view, doing: 'installing' }, found, 'linux')).toContain('password');
  expect(updateWords({ ...view, doing: 'installed' }, found, 'linux')).toContain('start the app again');
});
