import { expect, it } from 'vitest';
import type { Attention } from '../host';
import { attentionKey, attentionIcon, isDismissible, shownAttention } from './attention';

const one = (id: string, tone: Attention['tone'], text = 'text'): Attention => ({
  id, tone, title: 'title', text, subject: null, in_card: false, action: { kind: 'check_source', label: 'Check now' },
});

it('folds a long list, but never for a single line', () => {
  const all = Array.from({ length: 5 }, (_, index) => one(`${index}`, 'warn'));
  expect(shownAttention(all, false)).toHaveLength(5);
  expect(shownAttention([...all, one('5', 'warn')], false)).toHaveLength(4);
  expect(shownAttention([...all, one('5', 'warn')], true)).toHaveLength(6);
});

it('lets only news be sent away', () => {
  expect(isDismissible(one('toasts', 'info'))).toBe(true);
  expect(isDismissible(one('down:x', 'bad'))).toBe(false);
});

it('tells a matter again when it became another one', () => {
  expect(attentionKey(one('toasts', 'info', 'a'))).not.toBe(attentionKey(one('toasts', 'info', 'b')));
});

it('shows what is held with the sign of holding', () => {
  expect(attentionIcon(one('review:c83d05e', 'warn'))).toBe('held');
  expect(attentionIcon(one('heldover', 'warn'))).toBe('warning');
});
