import { expect, it } from 'vitest';
import { EventSplitter } from './sse';

it('puts events together however the pieces fall', () => {
  const text = 'data: {"a":1}\r\n\r\n: still here\n\nevent: x\ndata: one\ndata:two\n\ndata: rest';
  for (const size of [1, 2, 3, 7, text.length]) {
    const splitter = new EventSplitter();
    const found: string[] = [];
    for (let at = 0; at < text.length; at += size) found.push(...splitter.push(text.slice(at, at + size)));
    expect(found).toEqual(['{"a":1}', 'one\ntwo']);
  }
});
