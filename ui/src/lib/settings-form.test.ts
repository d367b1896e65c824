import { describe, expect, test } from 'vitest';
import type { ErrorView, ProxySetting, ProxyTest, SettingsView } from '../host';
import * as form from './settings-form';

const view: SettingsView = {
  proxies: [],
  source: 'https://example.com/map.json',
  source_is_file: false,
  default_source: 'https://example.com/map.json',
  watch: '5m',
  preset: 'production',
  every: '6h',
  windows: ['allow Mon-Fri 02:00-05:00', 'deny Sun 00:00-24:00'],
  next_syncs: [],
  gate_mode: 'review',
  gate_direct: 'tell',
  gate_soak: '0m',
  notify_new_models: true,
  notify_price_changes: 'mine',
  notify_failures: true,
  quiet: '',
  autostart: null,
  close: 'tray',
  network_proxy: 'system',
  network_environment: [],
  theme: 'system',
  updates: true,
  home: '/home/mira/.local/share/autosync',
  ledger_bytes: 1,
  problems: [],
  key_store: 'Secret Service',
  key_store_problem: null,
};

const wrong: ErrorView = { code: 'invalid_setting', message: 'A length of time is a number with s, m, h or d.', detail: null, field: 'schedule.every' };

describe('drafts', () => {
  test('a refused field keeps its text and its error while others go on', () => {
    let drafts = form.sent({}, 'every', '6 hours');
    drafts = form.refused(drafts, 'every', '6 hours', wrong);
    drafts = form.accepted(form.sent(drafts, 'quiet', '22:00-07:00'), 'quiet', '22:00-07:00');
    expect(drafts.every).toEqual({ text: '6 hours', error: wrong, saving: false });
    expect(drafts.quiet).toBeUndefined();
    expect(form.headline(drafts)).toBe('1 field needs correcting; the rest is saved');
    expect(form.wrongSections(drafts)).toEqual(['schedule']);
    expect(form.headline(drafts, 1)).toBe('2 fields need correcting; the rest is saved');
  });

  test('typing takes the error away, and an old answer does not bring it back', () => {
    let drafts = form.refused({}, 'every', '6 hours', wrong);
    drafts = form.typed(drafts, 'every', '6h');
    expect(drafts.every?.error).toBeNull();
    drafts = form.refused(drafts, 'every', '6 hours', wrong);
    expect(drafts.every).toMatchObject({ text: '6h', error: null });
    expect(form.headline(drafts)).toBe('');
  });

  test('what was typed while a save was under way is not thrown away', () => {
    let drafts = form.sent({}, 'source', 'https://a.example');
    drafts = form.typed(drafts, 'source', 'https://b.example');
    drafts = form.accepted(drafts, 'source', 'https://a.example');
    expect(form.shownText(view, drafts, 'source')).toBe('https://b.example');
    expect(form.isDirty(view, drafts, 'source')).toBe(true);
  });

  test('without a draft the setting itself is shown', () => {
    expect(form.shownText(view, {}, 'windows')).toBe('allow Mon-Fri 02:00-05:00\ndeny Sun 00:00-24:00');
    expect(form.shownText(view, {}, 'notify_new_models')).toBe('true');
    expect(form.savedText(view, 'autostart')).toBe('false');
    expect(form.isDirty(view, form.typed({}, 'every', '6h'), 'every')).toBe(false);
    expect(form.reverted(form.typed({}, 'every', '1h'), 'every')).toEqual({});
  });
});

describe('where an error or problem belongs', () => {
  test('fields of the file', () => {
    expect(form.fieldOf('schedule.windows[1]')).toBe('windows');
    expect(form.fieldOf('source.file')).toBe('source');
    expect(form.fieldOf('every')).toBe('every');
    expect(form.fieldOf('overlay.model')).toBeNull();
    expect(form.fieldOf('toString')).toBeNull();
  });

  test('sections', () => {
    expect(form.sectionOfPath('notify.quiet')).toBe('notifications');
    expect(form.sectionOfPath('proxy[2].url')).toBe('proxies');
    expect(form.sectionOfPath('unknown')).toBeNull();
    expect(form.sectionOf('schedule')).toBe('schedule');
    expect(form.sectionOf('gate')).toBe('checks');
    expect(form.sectionOf(null)).toBeNull();
  });

  test('fields of a proxy, by name first and by code where none is given', () => {
    const error = (code: string, field: string | null): ErrorView => ({ code, message: '', detail: null, field });
    expect(form.proxyFieldOf(error('invalid_setting', 'proxy.url'))).toBe('url');
    expect(form.proxyFieldOf(error('already_exists', 'name'))).toBe('name');
    expect(form.proxyFieldOf(error('plain_http', null))).toBe('url');
    expect(form.proxyFieldOf(error('no_secret_store', null))).toBe('key');
    expect(form.proxyFieldOf(error('internal', null))).toBeNull();
  });
});

describe('quiet hours', () => {
  test('text and two times', () => {
    expect(form.splitQuiet('22:00-07:00')).toEqual({ from: '22:00', to: '07:00' });
    expect(form.splitQuiet('')).toEqual({ from: '', to: '' });
    expect(form.joinQuiet({ from: '22:00', to: '07:00' })).toBe('22:00-07:00');
    expect(form.joinQuiet({ from: '', to: '' })).toBe('');
  });

  test('half of them, or what is no time, is not saved, and says why', () => {
    expect(form.quietProblem({ from: '22:00', to: '' })?.message).toMatch(/when quiet hours end/);
    expect(form.quietProblem({ from: '', to: '07:00' })?.message).toMatch(/when quiet hours begin/);
    expect(form.quietProblem({ from: '22:00', to: 'late' })?.message).toMatch(/22:00/);
    expect(form.quietProblem({ from: '', to: '' })).toBeNull();
    expect(form.quietProblem({ from: '22', to: '7:30' })).toBeNull();
  });

  test('times as people type them', () => {
    expect(form.joinQuiet({ from: '22', to: '7:30' })).toBe('22:00-07:30');
    expect(form.timeOf('0730')).toBe('07:30');
    expect(form.timeOf('24:00')).toBe('24:00');
    for (const none of ['', '25:00', '7:60', '24:01', '-1', 'noon']) expect(form.timeOf(none)).toBeNull();
  });
});

describe('periods', () => {
  test('in words', () => {
    expect(form.everyWords('5m')).toBe('Every 5 minutes');
    expect(form.everyWords('1h')).toBe('Every hour');
    expect(form.everyWords('off', 'Only with a sync')).toBe('Only with a sync');
    expect(form.periodWords('1d')).toBe('1 day');
    expect(form.periodWords('soon')).toBe('soon');
  });

  test('a value of the file that is no choice of ours stays choosable', () => {
    const values = (current: string) => form.periodChoices(current, ['0m', '1h'], form.periodWords).map(({ value }) => value);
    expect(values('1h')).toEqual(['0m', '1h']);
    expect(values('0s')).toEqual(['0m', '1h']);
    expect(values('7m')).toEqual(['0m', '1h', '7m']);
  });
});

test('the next syncs are told in days and times of here', () => {
  const at = (day: number, hour: number) => new Date(2026, 10, day, hour).toISOString();
  const now = new Date(2026, 10, 22, 8).getTime();
  expect(form.nextSyncs([at(22, 12), at(23, 0), at(24, 6)], now)).toBe('today 12:00, tomorrow 00:00, 24 Nov 06:00');
  expect(form.nextSyncs([], now)).toBe('');
});

describe('a proxy', () => {
  const setting: ProxySetting = {
    name: 'eu-staging',
    url: 'https://llm.example',
    role: 'staging',
    key_variable: null,
    allow_plain_http: false,
    from_environment: false,
  };

  test('an empty key keeps the one that is there', () => {
    const draft = form.draftOf(setting);
    expect(form.formOf(draft).key).toEqual({ place: 'keyring', secret: null });
    expect(form.formOf({ ...draft, secret: ' sk-1 ' }).key).toEqual({ place: 'keyring', secret: ' sk-1 ' });
    expect(form.formOf({ ...draft, place: 'env', variable: ' KEY ' }).key).toEqual({ place: 'env', variable: 'KEY' });
  });

  test('dirty only when something differs', () => {
    const draft = form.draftOf(setting);
    expect(form.isProxyDirty(draft, setting)).toBe(false);
    expect(form.isProxyDirty({ ...draft, secret: 'x' }, setting)).toBe(true);
    expect(form.isProxyDirty(form.newProxy(), null)).toBe(false);
  });

  test('a name from the address', () => {
    expect(form.suggestName('http://127.0.0.1:4000')).toBe('local');
    expect(form.suggestName('http://localhost:4000', ['Local'])).toBe('local-2');
    expect(form.suggestName('https://LLM.corp.example/litellm')).toBe('llm');
    expect(form.suggestName('http://10.20.0.14:4000')).toBe('proxy');
    expect(form.suggestName('not an address')).toBe('');
  });
});

describe('a test in words', () => {
  const good: ProxyTest = {
    version: '1.94.2',
    milliseconds: 6,
    can_read: true,
    can_sync: true,
    database: false,
    callable: 41,
    priced: 4609,
    unpriced: [],
    error: null,
    traps: [],
  };
  const heads = (test: ProxyTest) => form.testLines(test).map(({ mark, head }) => `${mark} ${head}`);

  test('each fact has its own line', () => {
    expect(heads(good)).toEqual(['yes Can read.', 'yes Can sync.', 'note No database.']);
    expect(form.testLines(good)[0]?.text).toBe('41 callable models; 4,609 priced, and every callable one has a price.');
  });

  test('what has no price is billed as nothing, and named', () => {
    expect(form.testLines({ ...good, unpriced: ['a', 'b', 'c', 'd'] })[0]?.text).toMatch(/4 callable models have no price .* \$0: a, b, c, …/);
  });

  test('a refusal is told once, where it applies', () => {
    const error: ErrorView = { code: 'unauthorised', message: 'The proxy refused the key.', detail: null, field: 'key' };
    const lines = form.testLines({ ...good, can_sync: false, error });
    expect(lines.filter(({ text }) => text === error.message)).toHaveLength(1);
    expect(heads({ ...good, can_read: false, can_sync: false, database: null, error })).toEqual(['no Cannot read.']);
  });

  test('traps of the version come last', () => {
    expect(form.testLines({ ...good, traps: ['A reload erases its schedule.'] }).at(-1)?.text).toBe('A reload erases its schedule.');
  });
});
