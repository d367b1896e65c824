import { describe, expect, it } from 'vitest';
import { down, healthy, syncing } from '../host/fake/proxies';
import { fleetLine, grouped, groupOf, matching } from './fleet';

const named = (base: typeof healthy, name: string, more = {}) => ({ ...base, name, ...more });

describe('many proxies', () => {
  it('are in one group each, with trouble before what they hold', () => {
    expect(groupOf(healthy)).toBe('synced');
    expect(groupOf({ ...down, sync: 'synced' })).toBe('down');
    expect(groupOf({ ...down, running: syncing.running })).toBe('running');
    expect(groupOf({ ...healthy, health: 'degraded' })).toBe('degraded');
    expect(groupOf({ ...healthy, last_run: { ...healthy.last_run!, outcome: 'unproven' } })).toBe('failed');
    expect(groupOf({ ...healthy, sync: 'unknown', health: null, last_run: null })).toBe('unknown');
  });

  it('stand in the order in which somebody has to look, production first', () => {
    const all = grouped([named(healthy, 'b10'), named(healthy, 'b9'), named(healthy, 'a', { role: 'testing' }), named(down, 'x')]);
    expect(all.map(({ key, proxies }) => [key, proxies.map(({ name }) => name)])).toEqual([['down', ['x']], ['synced', ['b9', 'b10', 'a']]]);
    expect(fleetLine(all)).toBe('4 proxies: 1 down, 3 synced');
  });

  it('are found by any word of their row', () => {
    const all = [named(healthy, 'eu-1'), named(down, 'eu-2'), named(healthy, 'us-1')];
    expect(matching(all, 'EU down').map(({ name }) => name)).toEqual(['eu-2']);
    expect(matching(all, ' ').length).toBe(3);
    expect(matching(all, 'nowhere')).toEqual([]);
  });
});
