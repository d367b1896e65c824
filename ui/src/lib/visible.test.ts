import { expect, it } from 'vitest';
import { visible, withoutName } from './visible';

it('lets no name pose as another one', () => {
  expect(visible('gpt-5\u202egnp.exe\u202c-mini')).toBe('gpt-5\ufffdgnp.exe\ufffd-mini');
  expect(visible('gpt\u200b-5\n')).toBe('gpt\ufffd-5\ufffd');
  expect(visible('模型/gpt-5 ÄÖ')).toBe('模型/gpt-5 ÄÖ');
});

it('says a model\u2019s name once', () => {
  expect(withoutName('m', 'm: rose')).toBe('rose');
  expect(withoutName('m', 'mini: rose')).toBe('mini: rose');
  expect(withoutName(null, 'rose')).toBe('rose');
});
