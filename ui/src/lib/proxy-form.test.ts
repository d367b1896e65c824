import { describe, expect, test } from 'vitest';
import type { ErrorView, ProxySetting, ProxyTest } from '../host';
import * as form from './proxy-form';

test('the field of an error, by name first and by code where none is given', () => {
  const error = (code: string, field: string | null): ErrorView => ({ code, message: '', detail: null, field });
  expect(form.proxyFieldOf(error('invalid_setting', 'proxy.url'))).toBe('url');
  expect(form.proxyFieldOf(error('already_exists', 'name'))).toBe('name');
  expect(form.proxyFieldOf(error('plain_http', null))).toBe('url');
  expect(form.proxyFieldOf(error('no_secret_store', null))).toBe('key');
  expect(form.proxyFieldOf(error('internal', null))).toBeNull();
});

describe('a proxy', () => {
  const setting: ProxySetting = {
    name: 'eu-staging',
    url: 'https://llm.example',
    role: 'staging',
    key_variable: null,
    key_header: 'Authorization',
    allow_plain_http: false,
    ca_file: '',
    restart: '',
    own_schedule: '',
    beta_headers: '',
    local_file: '',
    from_environment: false,
  };

  test('an empty key keeps the one that is there', () => {
    const draft = form.draftOf(setting);
    expect(form.formOf(draft).key).toEqual({ place: 'keyring', secret: null });
    expect(form.formOf({ ...draft, secret: ' sk-1 ' }).key).toEqual({ place: 'keyring', secret: ' sk-1 ' });
    expect(form.formOf({ ...draft, place: 'env', variable: ' KEY ' }).key).toEqual({ place: 'env', variable: 'KEY' });
  });

  test('a company’s own authority is kept, and its error stands beside it', () => {
    const draft = form.draftOf({ ...setting, ca_file: '/etc/ssl/corp-ca.pem' });
    expect(form.formOf({ ...draft, caFile: ` ${draft.caFile} ` }).ca_file).toBe('/etc/ssl/corp-ca.pem');
    expect(form.isProxyDirty({ ...draft, caFile: '' }, { ...setting, ca_file: '/etc/ssl/corp-ca.pem' })).toBe(true);
    expect(form.proxyFieldOf({ code: 'invalid_setting', message: '', detail: null, field: 'ca_file' })).toBe('ca_file');
  });

  test('the usual header is not shown as a choice, another one is kept', () => {
    expect(form.draftOf(setting).keyHeader).toBe('');
    expect(form.formOf(form.draftOf(setting)).key_header).toBe('Authorization');
    expect(form.draftOf({ ...setting, key_header: 'authorization' }).keyHeader).toBe('');
    const other = form.draftOf({ ...setting, key_header: 'X-LiteLLM-Key' });
    expect(form.formOf({ ...other, keyHeader: ` ${other.keyHeader} ` }).key_header).toBe('X-LiteLLM-Key');
    expect(form.proxyFieldOf({ code: 'invalid_setting', message: '', detail: null, field: 'key_header' })).toBe('key_header');
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
    other_source: null,
    traps: [],
  };
  const heads = (test: ProxyTest) => form.testLines(test).map(({ mark, head }) => `${mark} ${head}`);

  test('each fact has its own line', () => {
    expect(heads(good)).toEqual(['yes Can read.', 'yes Can sync.', 'note No database.']);
    expect(form.testLines(good)[0]?.text).toBe('41 callable models; 4,609 priced, and every callable model has a price.');
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

  test('another source is told, not "can sync"; a key that may not sync either stays told', () => {
    const other = { ...good, can_sync: false, other_source: { message: 'It reads another source.', usable: null } };
    expect(heads(other)).toEqual(['yes Can read.', 'no Cannot sync yet.', 'note No database.']);
    const error: ErrorView = { code: 'unauthorised', message: 'The proxy refused the key.', detail: null, field: 'key' };
    expect(heads({ ...other, error })).toEqual(['yes Can read.', 'no Cannot sync yet.', 'no Cannot sync.', 'note No database.']);
  });

  test('traps of the version come last', () => {
    expect(form.testLines({ ...good, traps: ['A reload erases its schedule.'] }).at(-1)?.text).toBe('A reload erases its schedule.');
  });
});
