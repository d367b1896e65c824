import { expect, it } from 'vitest';
import { strip } from '../host/fake/proxies';
import { stripBars, stripLabel, stripText, rateTitle } from './strip';

it('says in words what the bars show', () => {
  expect(stripLabel(strip('uucuuucuuuucuufuuucuuucuuucuur'))).toBe('29 runs: 6 succeeded, 22 unchanged, 1 failed; 1 running');
  expect(stripLabel([])).toBe('No runs yet');
  expect(stripLabel(strip('c'))).toBe('1 run: 1 succeeded');
});

it('counts no run that goes on', () => {
  expect(stripText(strip('ucr'))).toBe('2 of 2 good · 100%');
  expect(stripText(strip('r'))).toBe('none yet');
});

it('takes a held map for neither a success nor a failure', () => {
  expect(stripText(strip('cuhhf'))).toBe('2 of 3 good · 2 held');
  expect(stripText(strip('h'))).toBe('1 held');
  expect(stripText(strip('cux'))).toBe('2 of 2 good · 100%');
});

it('always has 30 places, the newest at the right', () => {
  const bars = stripBars(strip('uuf'));
  expect(bars).toHaveLength(30);
  expect(bars.map((bar) => bar.bar).join('')).toMatch(/^n{27}uuf$/);
  expect(stripBars(strip('c'.repeat(40)))).toHaveLength(30);
});

it('tells the long record apart', () => {
  expect(rateTitle({ days: 30, succeeded: 116, failed: 4, held: 0, interrupted: 0 })).toBe('Over 30 days: 116 of 120 good, 96.7%');
});
