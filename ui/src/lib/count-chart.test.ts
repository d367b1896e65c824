import { expect, it } from 'vitest';
import { countChange, countChart } from './count-chart';

const now = Date.parse('2026-11-22T08:38:00Z');
const points = [
  { at: '2026-10-23T08:00:00Z', models: 4388 },
  { at: '2026-11-01T08:00:00Z', models: 4450 },
  { at: '2026-11-22T08:00:00Z', models: 4611 },
];

it('is made of steps only', () => {
  const chart = countChart(points, now, 430);
  expect(chart?.line).toMatch(/^M[\d.]+ [\d.]+(H[\d.]+V[\d.]+)+H[\d.]+$/);
  expect(chart?.end).toMatchObject({ text: '4,611', y: 8 });
  expect(chart?.begin).toEqual({ text: '4,388', y: 52 });
  expect(chart?.from).toBe('23 Oct');
});

it('does not write one value over the other', () => {
  const flat = points.map((point) => ({ ...point, models: 4611 }));
  expect(countChart(flat, now, 430)?.begin).toBeNull();
  expect(countChange(flat, now)).toBe('unchanged in 30 days');
});

it('draws no line from one point', () => {
  expect(countChart(points.slice(0, 1), now, 430)).toBeNull();
  expect(countChange([], now)).toBeNull();
});

it('tells growth and loss with their sign', () => {
  expect(countChange(points, now)).toBe('+223 in 30 days');
  expect(countChange([points[2]!, points[0]!], now)).toContain('\u2212223');
});
