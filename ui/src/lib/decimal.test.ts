import { describe, expect, it } from 'vitest';
import { decimal, isExact, shifted } from './decimal';

describe('decimals', () => {
  it.each([
    ['1.80', '1.8'], ['0.0000018', '0.0000018'], ['1e-7', '0.0000001'], ['2.5E2', '250'], ['.5', '0.5'], ['007', '7'], ['0', '0'], [' $1.5 ', '1.5'], ['1 250', '1250'],
  ])('reads %s', (text, wanted) => expect(decimal(text)).toBe(wanted));

  it.each(['', '-1', '1.2.3', 'free', '1e', '.', '1,250.00', '1,250', '1,5'])('does not read %s', (text) => expect(decimal(text)).toBeNull());

  it('moves the point and loses no digit', () => {
    expect(shifted('1.8', -6)).toBe('0.0000018');
    expect(shifted('0.0000018', 6)).toBe('1.8');
    expect(shifted('1234567.89', -6)).toBe('1.23456789');
    expect(shifted('3', 6)).toBe('3000000');
    for (const text of ['0.000000123456789', '12.5', '0', '999999999.999999']) expect(shifted(shifted(text, 6), -6)).toBe(text);
  });

  it('knows what is kept exactly', () => {
    expect(isExact('0.0000000000000000000000000001')).toBe(true);
    expect(isExact('0.00000000000000000000000000001')).toBe(false);
  });
});
