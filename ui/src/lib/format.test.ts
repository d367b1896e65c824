import { describe, expect, it } from 'vitest';
import { bytes, count, counted, duration, exact, middleCut, percent, relative, share, short, span, times } from './format';

const now = Date.parse('2026-11-22T08:38:00Z');

describe('numbers', () => {
  it('groups thousands and uses a true minus', () => {
    expect(count(4612)).toBe('4,612');
    expect(count(-3)).toBe('\u22123');
    expect(counted(1, 'model')).toBe('1 model');
    expect(counted(0, 'entry', 'entries')).toBe('0 entries');
  });

  it('tells sizes in decimal units', () => {
    expect(bytes(1)).toBe('1 byte');
    expect(bytes(999)).toBe('999 bytes');
    expect(bytes(999_999)).toBe('1.0 MB');
    expect(bytes(2_918_406)).toBe('2.9 MB');
    expect(bytes(182_000_000)).toBe('182 MB');
  });

  it('always signs a change', () => {
    expect(percent(20)).toBe('+20.0%');
    expect(percent(-20)).toBe('\u221220.0%');
    expect(percent(99_900)).toBe('+99,900%');
    expect(percent(0)).toBe('0.0%');
    expect(percent(-0.01)).toBe('0.0%');
  });

  it('never rounds a failure away', () => {
    expect(share(29, 30)).toBe('96.7%');
    expect(share(9999, 10_000)).toBe('99.9%');
    expect(share(30, 30)).toBe('100%');
    expect(share(0, 0)).toBe('–');
  });

  it('names only a wild factor', () => {
    expect(times(1000)).toBe('×1,000');
    expect(times(2)).toBeNull();
    expect(times(Infinity)).toBeNull();
  });
});

describe('times', () => {
  it('tells the past in one unit and the future in two', () => {
    expect(relative('2026-11-22T08:14:00Z', now)).toBe('24 min ago');
    expect(relative('2026-11-22T02:14:02Z', now)).toBe('6 h ago');
    expect(relative('2026-11-22T12:02:00Z', now)).toBe('in 3 h 24 min');
    expect(relative('2026-11-22T08:37:56Z', now)).toBe('4 s ago');
    expect(relative('2026-11-22T08:38:01Z', now)).toBe('just now');
    expect(relative('2026-11-19T08:00:00Z', now)).toBe('3 d ago');
  });

  it('does not break on what is no time', () => {
    expect(relative('soon', now)).toBe('unknown');
    expect(exact('soon')).toBe('unknown');
  });

  it('gives the exact time in UTC', () => {
    expect(exact('2026-11-22T08:14:07.123Z')).toBe('2026-11-22 08:14:07 UTC');
  });

  it('tells durations and spans', () => {
    expect(duration(0.3)).toBe('0.3 s');
    expect(duration(12.4)).toBe('12 s');
    expect(duration(90)).toBe('1 min');
    expect(span(2 * 86_400_000 + 4 * 3_600_000)).toBe('2 d 4 h');
  });
});

describe('ids', () => {
  it('shortens a revision as Git does', () => {
    expect(short('c83d05e1f7724b0d9a6e35c2b8810f4dd39a6c17')).toBe('c83d05e');
  });

  it('cuts in the middle and keeps the end', () => {
    expect(middleCut('short', 20)).toBe('short');
    const cut = middleCut('bedrock/eu-central-1/anthropic.claude-opus-4-8-20260115-v1:0', 30);
    expect([...cut]).toHaveLength(30);
    expect(cut.endsWith('4-8-20260115-v1:0'.slice(-16))).toBe(true);
  });

  it('never splits a letter made of two units', () => {
    expect(middleCut('😀'.repeat(10), 5)).toBe('😀…😀😀😀');
  });
});
