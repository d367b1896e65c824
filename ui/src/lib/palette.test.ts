import { describe, expect, it } from 'vitest';
import { scenario } from '../host/fake/scenarios';
import { commandsOf, find } from './palette';

const commands = commandsOf(scenario('drawn'));
const models = ['gpt-5.6-luna', 'gpt-5.6-luna-mini', 'claude-sonnet-4-8'];
const labels = (query: string) => find(query, commands, models).map((one) => one.command.label);

describe('the palette', () => {
  it('offers only what can be done now', () => {
    expect(commands.some((command) => command.deed.kind === 'resume')).toBe(false);
    expect(commandsOf(scenario('paused')).some((command) => command.deed.kind === 'pause')).toBe(false);
    expect(commands.map((command) => command.label)).not.toContain('Cancel the sync of build-box'); // its reload cannot be taken back
    expect(commandsOf(scenario('empty')).some((command) => command.label === 'Sync all')).toBe(false);
    expect(commandsOf(null).length).toBeGreaterThan(0);
  });

  it('finds a proxy by its name', () => {
    expect(labels('sync prod')[0]).toBe('Sync prod-gateway');
    expect(labels('hist')[0]).toBe('History');
  });

  it('finds models, but not by a single letter', () => {
    expect(labels('luna')).toEqual(['gpt-5.6-luna', 'gpt-5.6-luna-mini']);
    expect(labels('g').some((label) => label.startsWith('gpt'))).toBe(false);
  });

  it('has an id of its own for each', () => {
    expect(new Set(commands.map((command) => command.id)).size).toBe(commands.length);
  });

  it('finds nothing rather than anything', () => {
    expect(labels('zzzz')).toEqual([]);
  });
});
