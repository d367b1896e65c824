import { expect, it } from 'vitest';
import { lastChanges } from './price-history';

const at = (day: number, input: string | null, output: string | null, is_there = true) => ({ revision: '', at: `2026-11-${day}`, input, output, is_there });

it('tells of each price its own latest change', () => {
  const [input, output] = lastChanges([at(10, '3.00', '15.00'), at(12, '3.50', '15.00'), at(20, '3.50', '18.00')]);
  expect(input).toMatchObject({ label: 'Input', before: '3.00', after: '3.50', at: '2026-11-12', mark: { text: '+16.7%', way: 'rise' } });
  expect(output).toMatchObject({ before: '15.00', after: '18.00', mark: { text: '+20.0%' } });
});

it('tells that a model was gone or came back, without a percentage', () => {
  expect(lastChanges([at(10, '3.00', null), at(12, null, null, false)])).toMatchObject([{ before: '3.00', after: null, mark: { text: 'gone' } }]);
  expect(lastChanges([at(10, null, null, false), at(12, '3.00', null)])).toMatchObject([{ mark: { text: 'added' } }]);
  expect(lastChanges([at(10, '3.00', null)])).toEqual([]);
});
