/** What the palette offers, and what is found with a query. */
import type { AppState, Place } from '../host';
import type { IconName } from '../components/icons';
import { canCancel } from './facts';
import { fuzzy } from './fuzzy';
import { screenPlace, type Screen } from './place';

export type Deed =
  | { kind: 'open'; place: Place; extra?: Record<string, string> }
  | { kind: 'sync'; proxies: string[] }
  | { kind: 'cancel' | 'ask' | 'why'; proxy: string }
  | { kind: 'pause'; length: '30m' | '1h' | 'tomorrow' | null }
  | { kind: 'go_back' | 'add_model' | 'resume' | 'check_source' | 'toggle_theme' | 'copy_diagnostics' | 'shortcuts' | 'open_logs' };

export interface Command {
  id: string;
  label: string;
  /** What kind of thing it is, at the right. */
  kind: string;
  icon: IconName;
  keys?: string;
  deed: Deed;
}

const screens: readonly [Screen, string, IconName][] = [
  ['overview', 'Overview', 'overview'],
  ['changes', 'Changes', 'changes'],
  ['models', 'Models', 'models'],
  ['review', 'Review', 'flag'],
  ['history', 'History', 'history'],
  ['settings', 'Settings', 'settings'],
];

/** The sections of the settings, as `Place` names them. */
const sections: readonly [string, string][] = [
  ['proxies', 'Proxies'], ['source', 'Source'], ['schedule', 'Schedule'], ['checks', 'Checks'], ['gateway', 'Gateway'], ['publish', 'Publish'], ['notifications', 'Notifications'],
  ['webhooks', 'Webhooks'], ['startup', 'Start-up'], ['network', 'Network'], ['appearance', 'Appearance'], ['updates', 'Updates'], ['data', 'Data'],
];

/** Everything that can be done now: no "Resume" while nothing is paused. */
export function commandsOf(state: AppState | null): Command[] {
  const isMac = state?.platform === 'macos';
  const keys = (key: string) => (isMac ? `⌘ ${key}` : `Ctrl ${key}`);
  const out: Command[] = [];
  const add = (label: string, kind: string, icon: IconName, deed: Deed, shortcut?: string) =>
    out.push({ id: `${kind}:${label}`, label, kind, icon, deed, ...(shortcut === undefined ? {} : { keys: shortcut }) });

  if (state !== null) {
    if (state.proxies.length > 0) add('Sync all', 'Action', 'sync', { kind: 'sync', proxies: [] }, keys('S'));
    for (const { name, running } of state.proxies) {
      if (running === null) add(`Sync ${name}`, 'Action', 'sync', { kind: 'sync', proxies: [name] });
      else if (canCancel(running)) add(`Cancel the sync of ${name}`, 'Action', 'cross', { kind: 'cancel', proxy: name });
    }
    add('Check the source', 'Action', 'search', { kind: 'check_source' });
    if (state.pause !== null) add('Resume the schedule', 'Action', 'play', { kind: 'resume' });
    else {
      add('Pause for 30 minutes', 'Action', 'pause', { kind: 'pause', length: '30m' });
      add('Pause for 1 hour', 'Action', 'pause', { kind: 'pause', length: '1h' });
      add('Pause until tomorrow', 'Action', 'pause', { kind: 'pause', length: 'tomorrow' });
      add('Pause until I resume', 'Action', 'pause', { kind: 'pause', length: null });
    }
  }
  screens.forEach(([screen, label, icon], index) => add(label, 'Screen', icon, { kind: 'open', place: screenPlace(screen) }, keys(String(index + 1))));
  if (state !== null) {
    for (const { name } of state.proxies) {
      add(`History of ${name}`, 'Proxy', 'history', { kind: 'open', place: screenPlace('history'), extra: { proxy: name } });
      add(`Why is ${name} not right?`, 'Proxy', 'search', { kind: 'why', proxy: name });
      add(`Test ${name} again`, 'Proxy', 'check', { kind: 'ask', proxy: name });
      add(`Edit ${name}`, 'Proxy', 'edit', { kind: 'open', place: { screen: 'settings', section: 'proxies', proxy: name } });
    }
  }
  if (state?.promoted) {
    add('Go back to an earlier map…', 'Action', 'history', { kind: 'go_back' });
    add('Add a model of your own…', 'Action', 'plus', { kind: 'add_model' });
  }
  add('Add a proxy', 'Action', 'plus', { kind: 'open', place: { screen: 'settings', section: 'proxies', proxy: null }, extra: { add: '1' } });
  add('Switch between light and dark', 'Action', 'sun', { kind: 'toggle_theme' });
  add('Copy diagnostics', 'Action', 'copy', { kind: 'copy_diagnostics' });
  add('Open the log folder', 'Action', 'folder', { kind: 'open_logs' });
  add('Keyboard shortcuts', 'Help', 'keyboard', { kind: 'shortcuts' }, '?');
  for (const [section, label] of sections) add(`Settings: ${label}`, 'Settings', 'settings', { kind: 'open', place: { screen: 'settings', section, proxy: null } });
  return out;
}

export interface Found {
  command: Command;
  hits: readonly number[];
}

const MOST = 40;
/** One letter would find nearly every model. */
const MODEL_QUERY = 2;

/** Whether models are looked for, too. */
export function asksModels(query: string): boolean {
  return query.trim().length >= MODEL_QUERY;
}

/** The best finds, commands before models that match as well. */
export function find(query: string, commands: readonly Command[], models: readonly string[]): Found[] {
  const trimmed = query.trim();
  if (trimmed === '') return commands.slice(0, MOST).map((command) => ({ command, hits: [] }));
  const found: (Found & { score: number })[] = [];
  for (const command of commands) {
    const match = fuzzy(trimmed, command.label);
    if (match !== null) found.push({ command, hits: match.hits, score: match.score + 3 });
  }
  if (asksModels(trimmed)) {
    for (const name of models) {
      const match = fuzzy(trimmed, name);
      if (match !== null) found.push({ command: modelCommand(name), hits: match.hits, score: match.score });
    }
  }
  return found.sort((a, b) => b.score - a.score).slice(0, MOST);
}

function modelCommand(name: string): Command {
  return { id: `Model:${name}`, label: name, kind: 'Model', icon: 'models', deed: { kind: 'open', place: { screen: 'models', model: name } } };
}
