import { describe, expect, it } from 'vitest';
import { down, healthy, syncing } from '../host/fake/proxies';
import { NOW, REVISIONS } from '../host/fake/world';
import { cardError, healthFact, modelsFact, operationFact, proofText, steps, stepText, syncFact } from './facts';

const now = Date.parse(NOW);

describe('the facts of a proxy', () => {
  it('read as drawn for a healthy one', () => {
    expect(syncFact(healthy, now)).toMatchObject({ glyph: 'sync-synced', evidence: 'c83d05e, to the byte' });
    expect(healthFact(healthy, now)).toMatchObject({ glyph: 'health-up', evidence: 'v1.94.2 · database' });
    expect(operationFact(healthy, now).evidence).toBe('24 min ago · next in 3 h 24 min');
    expect(modelsFact(healthy)).toMatchObject({ value: '41 callable', evidence: '4,612 priced · 0 unpriced' });
  });

  it('do not mix: a proxy that is down keeps its own sync state and last run', () => {
    expect(syncFact(down, now)).toMatchObject({ glyph: 'sync-unknown', evidence: 'last seen at a07f3d1' });
    expect(healthFact(down, now).evidence).toMatch(/^since \d\d:\d\d, 1 h 26 min$/);
    expect(operationFact(down, now).evidence).toBe('26 min ago · retry in 4 min');
  });

  it('claim "to the byte" only where the proxy says so itself', () => {
    expect(syncFact({ ...healthy, to_the_byte: false }, now).evidence).toBe('c83d05e · proved 24 min ago');
  });

  it('say plainly what is not known', () => {
    const fresh = { ...healthy, sync: 'unknown' as const, live_revision: null, proved_at: null, health: null, asked_at: null, last_run: null, next_run: null, callable: null, priced: null };
    expect(syncFact(fresh, now).evidence).toBe('never proved');
    expect(healthFact(fresh, now).glyph).toBe('health-unasked');
    expect(operationFact(fresh, now)).toMatchObject({ glyph: 'run-none', evidence: 'No run scheduled' });
    expect(operationFact({ ...fresh, awaits_first_sync: true }, now).evidence).toBe('Waits for your first sync');
    expect(operationFact({ ...healthy, next_run: null, awaits_first_sync: true }, now).evidence).toBe('24 min ago · waits for your first sync');
    expect(modelsFact(fresh)).toMatchObject({ value: 'Not counted', evidence: 'no answer yet' });
  });

  it('do not promise a run that is overdue', () => {
    expect(operationFact({ ...healthy, next_run: NOW }, now).evidence).toBe('24 min ago · next due now');
    expect(operationFact({ ...healthy, next_run: null, own_hours: 6 }, now).evidence).toBe('24 min ago · reloads by itself every 6 h');
    expect(operationFact({ ...healthy, own_hours: 6 }, now).title).toContain('reloads by itself every 6 h');
  });

  it('do not count beyond what the list of unpriced models holds', () => {
    expect(modelsFact({ ...healthy, unpriced: Array.from({ length: 100 }, (_, i) => `m${i}`) }).evidence).toBe('4,612 priced · 100+ unpriced');
  });
});

describe('the foot of a card', () => {
  it('shows the four steps, with the source check only while it goes on', () => {
    const running = syncing.running!;
    expect(steps(running, now).map((step) => step.phase)).toEqual(['done', 'done', 'now', 'next']);
    expect(stepText(running)).toBe('step 3 of 4');
    const first = { ...running, step: 'check_source' as const, done: [] };
    expect(steps(first, now).map((step) => step.name)[0]).toBe('Check source');
    expect(stepText(first)).toBe('checking the source');
  });

  it('names an error with its remedy', () => {
    const error = cardError(down);
    expect(error?.first).toBe('Connection refused by 10.31.4.2:4000.');
    expect(error?.rest).toBe('Check that LiteLLM is running there; nothing was changed.');
    expect(cardError(healthy)).toBeNull();
  });

  it('makes a sentence of what stands out, wherever the message has its first stop', () => {
    const told = (message: string) => {
      const error = cardError({ ...down, error: { ...down.error!, message } });
      return [error?.first, error?.rest];
    };
    expect(told('The database does not answer; it runs from memory. Prices are unaffected.')).toEqual(['The database does not answer.', 'It runs from memory. Prices are unaffected.']);
    expect(told('The workers hold different maps: a07f3d1 and b41c9e2.')).toEqual(['The workers hold different maps.', 'a07f3d1 and b41c9e2.']);
    expect(told('http://10.0.0.1:4000 is not LiteLLM')).toEqual(['http://10.0.0.1:4000 is not LiteLLM', '']);
  });

  it('says of which map the proof is', () => {
    expect(proofText(healthy, REVISIONS.promoted)).toBe('Read back 4,612 entries, 2,918,406 bytes; revision equals the promoted one; 3 of 3 sampled models agree; 1 override kept');
    expect(proofText(syncing, REVISIONS.promoted)).toContain('61,204 fields agree with a07f3d1');
  });
});
