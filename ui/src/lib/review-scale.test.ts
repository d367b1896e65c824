import { describe, expect, it } from 'vitest';
import type { ScalePoint } from '../host/bindings';
import { powerText, scaleOf, scaleWords } from './review-scale';

const point = (model: string, value: number, kind: ScalePoint['kind'] = 'peer'): ScalePoint => ({ model, value, shown: value.toFixed(2), kind });
const points = [point('gpt-5.6-luna-mini', 0.25, 'now'), point('gpt-5.6-luna', 1.25), point('claude-haiku-5', 1), point('gpt-5.6-luna-mini', 250, 'proposed')];

describe('the scale of peers', () => {
  it('stands on whole powers of ten around all values', () => {
    const scale = scaleOf(points, 700)!;
    expect(scale.ticks.map(({ text }) => text)).toEqual(['0.1', '1', '10', '100', '1,000']);
    expect([scale.ticks[0]!.x, scale.ticks.at(-1)!.x]).toEqual([scale.left, scale.right]);
    expect(scale.rows[2]!.x).toBe(scale.ticks[1]!.x);
    expect(scale.rows.map(({ y }) => y)).toEqual([14, 38, 62, 86]);
    expect(scale.rows.map(({ label }) => label)).toEqual(['gpt-5.6-luna-mini, now', 'gpt-5.6-luna', 'claude-haiku-5', 'Proposed']);
    expect(scaleOf(points, 400)!.rows[0]!.label).toBe('Now');
  });

  it('has at least two decades, and no more labels than there is room for', () => {
    expect(scaleOf([point('a', 2), point('b', 3)], 400)!.ticks.map(({ text }) => text)).toEqual(['1', '10', '100']);
    expect(scaleOf([point('a', 1), point('b', 1)], 400)!.ticks).toHaveLength(3);
    const wide = scaleOf([point('a', 1e-6), point('b', 1e6)], 300)!;
    expect(wide.ticks.length).toBeLessThan(5);
  });

  it('keeps a long name in its column, the whole of it in the title', () => {
    const long = `bedrock/eu-central-1/${'x'.repeat(80)}-v1:0`;
    const [row] = scaleOf([point(long, 1), point('b', 2)], 400)!.rows;
    expect(row!.label.length).toBeLessThan(20);
    expect(row!.title).toBe(long);
  });

  it('draws nothing without room, and nothing that is free', () => {
    expect(scaleOf(points, 100)).toBeNull();
    expect(scaleOf([], 600)).toBeNull();
    expect(scaleOf([point('a', 0)], 600)).toBeNull();
  });

  it('is told in words', () => {
    expect(scaleWords('Input', points)).toBe('Input against like models: now 0.25, proposed 250.00, peers 1.00 to 1.25');
    expect([powerText(-2), powerText(0), powerText(4)]).toEqual(['0.01', '1', '10,000']);
  });
});
