import { describe, expect, test } from 'vitest';
import * as periods from './periods';

describe('quiet hours', () => {
  test('text and two times', () => {
    expect(periods.splitQuiet('22:00-07:00')).toEqual({ from: '22:00', to: '07:00' });
    expect(periods.splitQuiet('')).toEqual({ from: '', to: '' });
    expect(periods.joinQuiet({ from: '22:00', to: '07:00' })).toBe('22:00-07:00');
    expect(periods.joinQuiet({ from: '', to: '' })).toBe('');
  });

  test('half of them, or what is no time, is not saved, and says why', () => {
    expect(periods.quietProblem({ from: '22:00', to: '' })?.message).toMatch(/when quiet hours end/);
    expect(periods.quietProblem({ from: '', to: '07:00' })?.message).toMatch(/when quiet hours begin/);
    expect(periods.quietProblem({ from: '22:00', to: 'late' })?.message).toMatch(/22:00/);
    expect(periods.quietProblem({ from: '', to: '' })).toBeNull();
    expect(periods.quietProblem({ from: '22', to: '7:30' })).toBeNull();
  });

  test('times as people type them', () => {
    expect(periods.joinQuiet({ from: '22', to: '7:30' })).toBe('22:00-07:30');
    expect(periods.timeOf('0730')).toBe('07:30');
    expect(periods.timeOf('24:00')).toBe('24:00');
    for (const none of ['', '25:00', '7:60', '24:01', '-1', 'noon']) expect(periods.timeOf(none)).toBeNull();
  });
});

describe('periods', () => {
  test('in words', () => {
    expect(periods.everyWords('5m')).toBe('Every 5 minutes');
    expect(periods.everyWords('1h')).toBe('Every hour');
    expect(periods.everyWords('off', 'Only when syncing')).toBe('Only when syncing');
    expect(periods.periodWords('1d')).toBe('1 day');
    expect(periods.periodWords('soon')).toBe('soon');
  });

  test('a value of the file that is no choice of ours stays choosable', () => {
    const values = (current: string) => periods.periodChoices(current, ['0m', '1h'], periods.periodWords).map(({ value }) => value);
    expect(values('1h')).toEqual(['0m', '1h']);
    expect(values('0s')).toEqual(['0m', '1h']);
    expect(values('7m')).toEqual(['0m', '1h', '7m']);
  });
});

test('the next syncs are told in days and times of here', () => {
  const at = (day: number, hour: number) => new Date(2026, 10, day, hour).toISOString();
  const now = new Date(2026, 10, 22, 8).getTime();
  expect(periods.nextSyncs([at(22, 12), at(23, 0), at(24, 6)], now)).toBe('today 12:00, tomorrow 00:00, 24 Nov 06:00');
  expect(periods.nextSyncs([], now)).toBe('');
});
