import { describe, expect, test } from 'vitest';
import type { ErrorView, ProxyTest, RunDetail } from '../host';
import { canFinish, currentTest, ending, endingLabel, next, previewText, searchTitle, shownTest, skipLabel, welcome, welcomeError, welcomeForm, type Welcome, type WelcomeEvent } from './first-run';

const found = { url: 'http://127.0.0.1:4000', version: '1.94.2', milliseconds: 6 };
const good: ProxyTest = { version: '1.94.2', milliseconds: 6, can_read: true, can_sync: true, database: false, callable: 41, priced: 4609, unpriced: [], error: null, other_source: null, traps: [] };
const refusal: ErrorView = { code: 'not_litellm', message: 'No LiteLLM. The key was not sent.', detail: null, field: 'url' };

function after(...events: WelcomeEvent[]): Welcome {
  return events.reduce(next, welcome());
}

function tested(state: Welcome, result: ProxyTest): Welcome {
  return next(state, { is: 'tested', edition: state.edition, result });
}

describe('the search', () => {
  test('takes the first that was found', () => {
    const state = after({ is: 'searched', found: [found] });
    expect(state.chosen).toBe(found.url);
    expect(welcomeForm(state)).toMatchObject({ edits: null, name: 'local', url: found.url });
    expect(searchTitle(state)).toBe('Found a proxy on this machine');
  });

  test('does not replace what was typed meanwhile', () => {
    const state = after({ is: 'typed', change: { url: 'https://llm.example' } }, { is: 'searched', found: [found] });
    expect(state.proxy.url).toBe('https://llm.example');
    expect(searchTitle(state)).toBe('Your proxy');
  });

  test('is useful with nothing found', () => {
    const state = after({ is: 'searched', found: [] });
    expect(searchTitle(state)).toBe('No proxy found on this machine');
    expect(ending(state)).toBe('watch');
    expect(skipLabel(state)).toBeNull();
  });
});

describe('a key', () => {
  test('does not go along to another address', () => {
    const state = after({ is: 'searched', found: [found] }, { is: 'typed', change: { secret: 'sk-1' } }, { is: 'other_address' });
    expect(state.proxy.secret).toBe('');
    expect(state.proxy.url).toBe('');
  });

  test('belongs into a variable where there is no key store', () => {
    expect(after({ is: 'settings', keyStoreProblem: 'No key store.', preset: 'testing' })).toMatchObject({ proxy: { place: 'env' }, preset: 'testing' });
    expect(after({ is: 'settings', keyStoreProblem: null, preset: 'custom' })).toMatchObject({ proxy: { place: 'keyring' }, preset: 'production' });
  });

  test('a schedule that was chosen before the settings were read stays', () => {
    expect(after({ is: 'preset', preset: 'development' }, { is: 'settings', keyStoreProblem: null, preset: 'testing' })).toMatchObject({ preset: 'development' });
  });
});

describe('a test', () => {
  test('counts for what was typed then, and no longer', () => {
    let state = tested(after({ is: 'searched', found: [found] }, { is: 'typed', change: { secret: 'sk-1' } }), good);
    expect(currentTest(state)).toBe(good);
    const old = state.edition;
    state = next(state, { is: 'typed', change: { secret: 'sk-2' } });
    expect(currentTest(state)).toBeNull();
    expect(currentTest(next(state, { is: 'tested', edition: old, result: good }))).toBeNull();
    expect(ending(state)).toBe('sync');
  });

  test('decides how the welcome ends', () => {
    const state = after({ is: 'searched', found: [found] });
    expect(endingLabel(tested(state, good))).toBe('Sync now and finish');
    expect(endingLabel(tested(state, { ...good, can_sync: false }))).toBe('Save proxy and finish');
    expect(canFinish(tested(state, { ...good, can_read: false, can_sync: false, error: refusal }))).toBe(false);
  });
});

describe('saving', () => {
  test('twice changes the one that was saved', () => {
    const state = after({ is: 'searched', found: [found] }, { is: 'saved', name: 'local' });
    expect(welcomeForm(state)).toMatchObject({ edits: 'local', name: 'local' });
    expect(skipLabel(state)).toBe('Finish without syncing');
  });

  test('what went wrong stands beside its field, and goes with the next try', () => {
    const failed = after({ is: 'searched', found: [found] }, { is: 'started', what: 'preview' }, { is: 'failed', error: refusal });
    expect(failed.busy).toBeNull();
    expect(welcomeError(failed)).toEqual({ field: 'url', error: refusal });
    expect(welcomeError(next(failed, { is: 'started', what: 'finish' }))).toBeNull();
    expect(welcomeError(next(failed, { is: 'failed', error: { ...refusal, field: 'name' } }))?.field).toBeNull();
  });
});

test('a test that got nowhere is told beside its field, one that got somewhere as a result', () => {
  const state = after({ is: 'searched', found: [found] });
  const nowhere = tested(state, { ...good, can_read: false, can_sync: false, error: refusal });
  expect(shownTest(nowhere)).toBeNull();
  expect(welcomeError(nowhere)?.field).toBe('url');
  const half = tested(state, { ...good, can_sync: false, error: { ...refusal, code: 'unauthorised', field: 'key' } });
  expect(shownTest(half)).not.toBeNull();
  expect(welcomeError(half)).toBeNull();
});

describe('the preview', () => {
  const preview = (run: Partial<RunDetail['run']>): RunDetail =>
    ({ run: { outcome: 'planned', new_models: 0, removed_models: 0, pricing_changes: 0, error: null, ...run } }) as RunDetail;

  test('in one head and one sentence each', () => {
    const said = (run: Partial<RunDetail['run']>) => Object.values(previewText(preview(run))).join(' ');
    expect(said({ new_models: 4, pricing_changes: 12, removed_models: 1 })).toBe('A sync would bring 4 new models, 12 price changes and 1 removed model. Nothing has changed yet.');
    expect(said({})).toBe('A sync would change nothing: models and prices are the same already.');
    expect(said({ outcome: 'held', error: null })).toMatch(/^A sync would wait\. The checks /);
    // What failed is no news that a sync would bring.
    expect(previewText(preview({ outcome: 'failed', error: refusal }))).toEqual({ head: 'No preview.', text: refusal.message });
  });
});

test('the source goes with the proxy that reads it', () => {
  const state = after({ is: 'searched', found: [found] }, { is: 'source', source: 'https://maps.example/map.json' });
  expect(currentTest(tested(state, good))).toBe(good);
  expect(next(state, { is: 'typed', change: { secret: 'sk-1' } }).source).toBe('https://maps.example/map.json');
  expect(next(state, { is: 'typed', change: { url: 'https://llm.example' } }).source).toBeNull();
});
