import { describe, expect, it } from 'vitest';
import { shortcutOf } from './shortcuts';

const plain = { ctrlKey: false, metaKey: false, altKey: false, shiftKey: false };

describe('keys', () => {
  it('need Ctrl here and Cmd on a Mac', () => {
    expect(shortcutOf({ ...plain, key: 'k', ctrlKey: true }, false, false)).toBe('palette');
    expect(shortcutOf({ ...plain, key: 'k', metaKey: true }, true, false)).toBe('palette');
    expect(shortcutOf({ ...plain, key: 'k', ctrlKey: true }, true, false)).toBeNull();
  });

  it('do not take letters from a field, but commands work there', () => {
    expect(shortcutOf({ ...plain, key: '/' }, false, true)).toBeNull();
    expect(shortcutOf({ ...plain, key: '?', shiftKey: true }, false, false)).toBe('help');
    expect(shortcutOf({ ...plain, key: 's', ctrlKey: true }, false, true)).toBe('sync_all');
  });

  it('open the six screens', () => {
    expect(shortcutOf({ ...plain, key: '3', ctrlKey: true }, false, false)).toEqual({ screen: 2 });
    expect(shortcutOf({ ...plain, key: '6', ctrlKey: true }, false, false)).toEqual({ screen: 5 });
    expect(shortcutOf({ ...plain, key: '7', ctrlKey: true }, false, false)).toBeNull();
  });

  it('go back and forward, but not from within a text', () => {
    expect(shortcutOf({ ...plain, key: 'ArrowLeft', altKey: true }, false, false)).toBe('back');
    expect(shortcutOf({ ...plain, key: 'ArrowRight', altKey: true }, false, false)).toBe('forward');
    expect(shortcutOf({ ...plain, key: 'ArrowLeft', altKey: true }, false, true)).toBeNull();
    expect(shortcutOf({ ...plain, key: 'ArrowLeft', altKey: true }, true, false)).toBeNull();
    expect(shortcutOf({ ...plain, key: '[', metaKey: true }, true, false)).toBe('back');
    expect(shortcutOf({ ...plain, key: '[', ctrlKey: true }, false, false)).toBeNull();
  });

  it('leave letters with AltGr alone', () => {
    expect(shortcutOf({ ...plain, key: '/', ctrlKey: true, altKey: true }, false, false)).toBeNull();
  });
});
