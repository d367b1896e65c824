import { describe, expect, it } from 'vitest';
import type { WebhookSetting } from '../host';
import { ALERTS, alertsText, draftOf, formOf, isWebhookDirty, newWebhook, toggled, waitText, webhookFieldOf } from './webhook-form';

const team: WebhookSetting = {
  name: 'team', kind: 'slack', url_variable: null, alerts: ['failures', 'prices'], enabled: true,
  state: { name: 'team', waiting: 0, last_delivered: null, error: null, failing_since: null, next_try: null, given_up: 0 },
};

describe('a webhook that is typed', () => {
  it('keeps the address that is there unless another is typed, and is clean until something differs', () => {
    const draft = draftOf(team);
    expect(formOf(draft).url).toEqual({ place: 'keyring', secret: null });
    expect(isWebhookDirty(draft, team)).toBe(false);
    expect(isWebhookDirty({ ...draft, secret: 'https://example.com/x' }, team)).toBe(true);
    expect(formOf({ ...draft, secret: ' https://example.com/x ' }).url).toEqual({ place: 'keyring', secret: 'https://example.com/x' });
    expect(formOf({ ...draft, place: 'env', variable: ' HOOK ' }).url).toEqual({ place: 'env', variable: 'HOOK' });
    expect(isWebhookDirty({ ...draft, alerts: toggled(draft.alerts, 'prices') }, team)).toBe(true);
    expect(isWebhookDirty({ ...draft, alerts: toggled(toggled(draft.alerts, 'prices'), 'prices') }, team)).toBe(false);
  });

  it('begins with every alert but new models, and with a variable where no store is there', () => {
    expect(newWebhook(true).alerts).toEqual(ALERTS.map(({ value }) => value).filter((value) => value !== 'new_models'));
    expect([newWebhook(true).place, newWebhook(false).place]).toEqual(['keyring', 'env']);
    expect(isWebhookDirty(newWebhook(true), null)).toBe(false);
  });

  it('shows an error at its field', () => {
    const at = (field: string | null) => webhookFieldOf({ code: 'x', message: '', detail: null, field });
    expect([at('url'), at('webhook.name'), at('notify'), at(null)]).toEqual(['url', 'name', null, null]);
  });
});

describe('how a webhook is told', () => {
  it('names a few alerts and counts the rest', () => {
    expect(alertsText([])).toBe('No alerts');
    expect(alertsText(['failures'])).toBe('Failures');
    expect(alertsText(['prices', 'failures'])).toBe('Failures and prices');
    expect(alertsText(newWebhook(true).alerts)).toBe('Failures, success rate and 5 more');
    expect(alertsText(ALERTS.map(({ value }) => value))).toBe('All alerts');
  });

  it('says what waits and what never came', () => {
    expect(waitText({ waiting: 0, given_up: 0 })).toBe('');
    expect(waitText({ waiting: 1200, given_up: 1 })).toBe('1,200 waiting, 1 not delivered');
  });
});
