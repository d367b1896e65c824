import { describe, expect, it } from 'vitest';
import type { PricePoint } from '../host/bindings';
import { chart, chartWords, niceMost } from './price-chart';

const NOW = Date.parse('2026-11-22T08:38:00Z');
const at = (days: number, input: string | null, output: string | null, is_there = true): PricePoint => ({
  revision: 'a07f3d1', at: new Date(NOW - days * 86_400_000).toISOString(), input, output, is_there,
});
const draw = (history: PricePoint[], width = 312) => chart(history, NOW, width, 128, (time) => (time === NOW ? 'Today' : 'then'))!;

describe('chart', () => {
  it('draws steps: level, then straight down', () => {
    const { lines } = draw([at(69, '15.00', '75.00'), at(0.01, '12.00', '60.00')]);
    expect(lines.map(({ series }) => series)).toEqual(['output', 'input']);
    expect(lines[0]!.path).toMatch(/^M[\d.]+ [\d.]+H[\d.]+V[\d.]+H304$/);
    expect(lines[0]!.last?.text).toBe('60.00');
    expect(lines[0]!.first?.text).toBe('Output 75.00');
  });

  it('leaves room to see the newest price, however young', () => {
    const { turn } = draw([at(69, '1.00', '2.00'), at(0, '2.00', '4.00')]);
    expect(turn).toBe(268);
  });

  it('breaks the line while the model was not in the map', () => {
    const { lines } = draw([at(60, '3.00', null), at(40, null, null, false), at(20, '4.00', null)]);
    expect(lines[0]!.path.match(/M/g)).toHaveLength(2);
  });

  it('ends without a dot where the price is gone', () => {
    expect(draw([at(60, '3.00', null), at(20, null, null)]).lines[0]!.end).toBeNull();
  });

  it('has no chart without a price', () => {
    expect(chart([at(60, null, null)], NOW, 312, 128, String)).toBeNull();
    expect(chart([], NOW, 312, 128, String)).toBeNull();
  });

  it('keeps labels of equal prices apart and everything inside', () => {
    for (const width of [160, 312, 800]) {
      const { lines, bottom } = draw([at(60, '0.95', '0.95'), at(30, '0.88', '0.95')], width);
      const labels = lines.flatMap(({ first, last }) => [first, last]).filter((label) => label !== null);
      for (const label of labels) {
        expect(label.y).toBeGreaterThan(6);
        expect(label.y).toBeLessThanOrEqual(bottom);
      }
      const [one, two] = lines.map(({ first }) => first!.y);
      expect(Math.abs(one! - two!)).toBeGreaterThanOrEqual(12);
    }
  });

  it('writes each date once and none over another', () => {
    expect(draw([at(69, '1', '2')]).dates.map(({ text }) => text)).toEqual(['then', 'Today']);
    expect(draw([at(69, '1', '2'), at(68, '2', '2')]).dates).toHaveLength(2);
  });
});

it('ends the scale at a round number', () => {
  expect([75, 80, 0.95, 0.0004, 1250, 0].map(niceMost)).toEqual([80, 100, 1, 0.0006, 2000, 1]);
});

it('says the chart in words', () => {
  expect(chartWords('m', [at(9, '15.00', '75.00'), at(1, '12.00', null)], '22 Nov')).toBe(
    'Price history of m: output 75.00 to none, input 15.00 to 12.00 USD per million tokens, last changed 22 Nov',
  );
});
