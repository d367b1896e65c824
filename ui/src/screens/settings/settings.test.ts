import { describe, expect, it } from 'vitest';
import { HostError, useHost, type Args, type Host } from '../../host';
import { headline } from '../../lib/settings-form';
import { SettingsModel } from './settings.svelte';

/** Takes every value but "wrong", one after another. */
function program(): { asked: string[] } {
  const view: Record<string, unknown> = { every: '6h', quiet: '', theme: 'system', windows: [], proxies: [] };
  const asked: string[] = [];
  const call = async (name: string, args: Args<'set'> | null) => {
    if (name === 'set' && args) {
      asked.push(`${args.field}=${args.value}`);
      await Promise.resolve();
      if (args.value === 'wrong') throw new HostError({ code: 'invalid_setting', message: 'Write 6h.', detail: null, field: 'schedule.every' });
      view[args.field] = args.value;
    }
    return { ...view };
  };
  useHost({ call: call as unknown as Host['call'], listen: () => () => {}, link: () => () => {}, copy: async () => {}, save: async (name) => name });
  return { asked };
}

async function loaded(): Promise<SettingsModel> {
  const model = new SettingsModel();
  await model.load();
  return model;
}

describe('a setting', () => {
  it('that is refused stays as typed, while others are saved', async () => {
    program();
    const model = await loaded();
    model.type('every', 'wrong');
    await Promise.all([model.commit('every'), model.set('theme', 'dark')]);
    expect(model.shown('every')).toBe('wrong');
    expect(model.errorOf('every')?.message).toBe('Write 6h.');
    expect(model.view?.theme).toBe('dark');
    expect(headline(model.drafts)).toBe('1 field needs correcting; the rest is saved');
  });

  it('is not sent again when it was refused, nor when nothing differs', async () => {
    const { asked } = program();
    const model = await loaded();
    model.type('every', 'wrong');
    await model.commit('every');
    await model.commit('every');
    model.type('every', '6h');
    await model.commit('every');
    expect(asked).toEqual(['every=wrong']);
    expect(model.drafts).toEqual({});
  });

  it('as a choice shows what holds when the choice is refused', async () => {
    program();
    const model = await loaded();
    await model.set('theme', 'wrong');
    expect(model.held('theme')).toBe('system');
    expect(model.errorOf('theme')).not.toBeNull();
  });

  it('saves go one after another, so that the last answer holds them all', async () => {
    program();
    const model = await loaded();
    await Promise.all([model.set('theme', 'dark'), model.set('quiet', '22:00-07:00'), model.set('every', '1h')]);
    expect(model.view).toMatchObject({ theme: 'dark', quiet: '22:00-07:00', every: '1h' });
  });
});
