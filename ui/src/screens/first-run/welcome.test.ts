import { beforeEach, describe, expect, it, vi } from 'vitest';
import { HostError, useHost, type Args, type CommandName, type ErrorView, type Host, type ProxyTest } from '../../host';
import { ending, skipLabel } from '../../lib/first-run';
import { WelcomeModel } from './welcome.svelte';

const good: ProxyTest = { version: '1.94.2', milliseconds: 6, can_read: true, can_sync: true, database: true, callable: 3, priced: 9, unpriced: [], error: null, other_source: null, traps: [] };
const taken: ErrorView = { code: 'plain_http', message: 'Use https.', detail: null, field: 'url' };

/** A program that answers from a table, and keeps what it was asked. */
function program(answers: Record<string, unknown> = {}): string[] {
  const asked: string[] = [];
  const table: Record<string, unknown> = {
    find_proxies: [{ url: 'http://127.0.0.1:4000', version: '1.94.2', milliseconds: 6 }],
    settings: { key_store_problem: null, preset: 'production', autostart: false },
    test_proxy: good,
    ...answers,
  };
  const call = async (name: CommandName, args: Args<CommandName>) => {
    asked.push(name === 'set' || name === 'preview_draft' ? `${name} ${JSON.stringify(args)}` : name);
    const answer = table[name] ?? null;
    if (answer instanceof Error) throw answer;
    return answer;
  };
  useHost({ call: call as Host['call'], listen: () => () => {}, link: () => () => {}, copy: async () => {}, save: async (name) => name });
  return asked;
}

beforeEach(() => {
  vi.stubGlobal('location', { hash: '' });
});

async function started(): Promise<WelcomeModel> {
  const model = new WelcomeModel();
  await model.start();
  return model;
}

describe('finishing the welcome', () => {
  it('tests, saves, sets what differs, ends, and only then syncs', async () => {
    const asked = program();
    const model = await started();
    model.tell({ is: 'preset', preset: 'testing' });
    model.tell({ is: 'autostart', on: true });
    asked.length = 0;
    await model.finish();
    expect(asked).toEqual(['test_proxy', 'save_proxy', 'set {"field":"preset","value":"testing"}', 'set {"field":"autostart","value":"true"}', 'end_first_run', 'sync']);
    expect(location.hash).toBe('#/overview');
  });

  it('stops at a key that may not sync, and saves only when asked again', async () => {
    const asked = program({ test_proxy: { ...good, can_sync: false } });
    const model = await started();
    await model.finish();
    expect(asked).not.toContain('save_proxy');
    expect(model.state.busy).toBeNull();
    await model.finish();
    expect(asked).toContain('save_proxy');
    expect(asked).toContain('end_first_run');
    expect(asked).not.toContain('sync');
  });

  it('does not end when the proxy could not be saved', async () => {
    const asked = program({ save_proxy: new HostError(taken) });
    const model = await started();
    await model.finish();
    expect(asked).not.toContain('end_first_run');
    expect(model.state).toMatchObject({ busy: null, error: taken });
  });

  it('without a proxy only ends, and says so whatever is pushed meanwhile', async () => {
    const asked = program({ find_proxies: [] });
    const onend = vi.fn();
    const model = new WelcomeModel(onend);
    await model.start();
    asked.length = 0;
    expect(onend).not.toHaveBeenCalled();
    await model.finish();
    expect(asked).toEqual(['end_first_run']);
    expect(onend).toHaveBeenCalledOnce();
  });
});

/** What changes something, or would be kept. */
const changing = (asked: readonly string[]) => asked.filter((one) => !/^(find_proxies|settings|test_proxy|preview_draft)\b/.test(one));

describe('looking before anything is agreed to', () => {
  const planned = { run: { outcome: 'planned', new_models: 1, pricing_changes: 0, removed_models: 0, error: null } };

  it('a preview is of what is typed, and saves nothing', async () => {
    const asked = program({ preview_draft: planned });
    const model = await started();
    model.tell({ is: 'typed', change: { secret: 'sk-1' } });
    model.tell({ is: 'preset', preset: 'testing' });
    await model.preview();
    await model.preview();
    expect(asked.filter((one) => one.startsWith('preview_draft'))).toHaveLength(2);
    expect(asked.find((one) => one.startsWith('preview_draft'))).toContain('"secret":"sk-1"');
    expect(changing(asked)).toEqual([]);
    expect(model.state).toMatchObject({ saved: null, busy: null, preview: planned });
  });

  it('finishing without syncing after it saves the proxy, and syncs nothing', async () => {
    const asked = program({ preview_draft: planned });
    const model = await started();
    await model.preview();
    expect(skipLabel(model.state)).toBe('Finish without syncing');
    await model.skip();
    expect(changing(asked)).toEqual(['save_proxy', 'end_first_run']);
  });

  it('leaving before it saves no proxy', async () => {
    const asked = program();
    const model = await started();
    expect(skipLabel(model.state)).toBe('Skip, only watch the source');
    await model.skip();
    expect(changing(asked)).toEqual(['end_first_run']);
  });
});

describe('a proxy that reads another source', () => {
  const theirs = 'https://maps.example/map.json';
  const other: ProxyTest = { ...good, can_sync: false, other_source: { message: 'It reads another source.', usable: theirs } };

  it('is not synced and not previewed, and its source is saved only at the end', async () => {
    const asked = program({ test_proxy: other });
    const model = await started();
    await model.preview();
    expect(asked.some((one) => one.startsWith('preview_draft'))).toBe(false);
    expect(ending(model.state)).toBe('save');

    asked.length = 0;
    const taken = program({ test_proxy: good });
    await model.useSource(theirs);
    expect(model.state).toMatchObject({ source: theirs, test: { result: good } });
    expect([...asked, ...changing(taken)]).toEqual([]);
    await model.finish();
    expect(changing(taken)).toEqual([`set ${JSON.stringify({ field: 'source', value: theirs })}`, 'save_proxy', 'end_first_run', 'sync']);
  });

  it('gives its source up with its address', async () => {
    program();
    const model = await started();
    await model.useSource(theirs);
    model.tell({ is: 'other_address' });
    expect(model.state.source).toBeNull();
  });
});
