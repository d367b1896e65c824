import { expect, it } from 'vitest';
import { busy, quiet } from '../host/fake/today';
import { NOW } from '../host/fake/world';
import { isQuiet, newsCounts, quietText } from './today';

const now = Date.parse(NOW);

it('says a quiet day in one line', () => {
  expect(isQuiet(busy)).toBe(false);
  expect(isQuiet(quiet)).toBe(true);
  expect(quietText(quiet, now)).toBe('Nothing new for you since Wednesday; 3 models elsewhere.');
  expect(quietText({ ...quiet, elsewhere: 1 }, now)).toBe('Nothing new for you since Wednesday; 1 model elsewhere.');
  expect(quietText({ ...quiet, elsewhere: 0, since: '2026-11-21T12:00:00Z' }, now)).toBe('Nothing new for you since yesterday.');
  expect(quietText({ ...quiet, elsewhere: 0, since: '2026-10-02T12:00:00Z' }, now)).toBe('Nothing new for you since 2 Oct.');
});

it('counts the news and leaves out what is none', () => {
  expect(newsCounts(busy)).toBe('12 new models, 31 repriced');
  expect(newsCounts({ ...busy, models: 0, prices: 1 })).toBe('1 repriced');
  expect(newsCounts({ ...busy, models: 0, prices: 0 })).toBe('');
});
