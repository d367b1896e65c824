import { expect, it } from 'vitest';
import { newer } from './newest';

const state = (revision: number, second = 0) => ({ revision, now: `2026-11-22T08:38:${String(second).padStart(2, '0')}Z` });

it('an answer that was overtaken by an event is dropped', () => {
  const event = state(8, 1);
  expect(newer(event, state(7, 0))).toBe(event);
  expect(newer(event, state(7, 2))).toBe(event);
});

it('a newer state replaces the known one', () => {
  const given = state(9);
  expect(newer(state(8), given)).toBe(given);
  expect(newer(null, given)).toBe(given);
});

it('the same state again changes nothing', () => {
  const known = state(8);
  expect(newer(known, state(8, 59))).toBe(known);
});

it('a program that was started again counts from the beginning', () => {
  const given = state(1, 30);
  expect(newer(state(800), given)).toBe(given);
});
