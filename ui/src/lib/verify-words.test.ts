import { expect, it } from 'vitest';
import type { VerifiedRow, VerifyView } from '../host/bindings';
import { foundIn } from './verify-words';

const row = (label: string, verdict: string, more: Partial<VerifiedRow> = {}): VerifiedRow => ({ field: label, label, unit: 'per 1M tokens', source: '1', promoted: '1', live: '1', verdict, ...more });
const view = (...rows: VerifiedRow[]): VerifyView => ({ model: 'm', proxy: 'box', agree: true, rows, read_at: '' });

it('counts what differs, and takes what the operator set for agreement', () => {
  expect(foundIn(view(row('Input', 'agree'), row('Output', 'override')))).toEqual({
    head: '2 of 2 agree', isBad: false, reasons: ['Output: set by the operator of box on purpose, so not counted.'],
  });
});

it('says why each field differs', () => {
  const found = foundIn(view(row('Input', 'drift'), row('Output', 'drift'), row('Batch input', 'missing'), row('Context', 'agree', { source: '2' })));
  expect(found.head).toBe('3 of 4 differ');
  expect(found.isBad).toBe(true);
  expect(found.reasons).toEqual([
    'Input, output: box has a different value from the promoted map.',
    'Batch input: box has no such field, so LiteLLM may bill $0.',
    'Context: the source has a different value, which is not promoted.',
  ]);
});

it('does not claim agreement where there is nothing to compare', () => {
  expect(foundIn(view()).head).toBe('No prices to compare');
});
