import { describe, expect, test } from 'vitest';
import type { ErrorView, SettingsView } from '../host';
import * as form from './settings-form';

const view: SettingsView = {
  publish_to: 'off', publish_url: '',
  gateway: { listen: 'off', default_listen: '127.0.0.1:4401', on: false, error: null, proxies: [] },
  proxies: [],
  source: 'https://example.com/map.json',
  source_is_file: false,
  default_source: 'https://example.com/map.json',
  watch: '5m',
  preset: 'production',
  every: '6h',
  windows: ['allow Mon-Fri 02:00-05:00', 'deny Sun 00:00-24:00'],
  on_change: true,
  next_syncs: [],
  gate_mode: 'review',
  gate_direct: 'tell',
  gate_soak: '0m',
  gate_stages: 'off',
  gate_stage_soak: '1h',
  notify_new_models: true,
  notify_price_changes: 'mine',
  notify_failures: true, notify_success_rate: 80, webhooks: [],
  quiet: '',
  autostart: null,
  close: 'tray', updates: 'daily',
  network_proxy: 'system',
  network_ca_file: '',
  network_environment: [],
  theme: 'system',
  home: '/home/mira/.local/share/autosync',
  usage: { ledger: 1, logs: 1, backups: 1, total: 3, memory: null, folded_runs: 0 },
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
    expect(form.savedText(view, 'gateway')).toBe('off');
    expect(form.isDirty(view, form.typed({}, 'every', '6h'), 'every')).toBe(false);
    expect(form.reverted(form.typed({}, 'every', '1h'), 'every')).toEqual({});
  });
});

describe('where an error or problem belongs', () => {
  test('fields of the file', () => {
    expect(form.fieldOf('schedule.windows[1]')).toBe('windows');
    expect(form.fieldOf('source.file')).toBe('source');
    expect(form.fieldOf('every')).toBe('every');
    expect(form.fieldOf('gateway.listen')).toBe('gateway');
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
});
