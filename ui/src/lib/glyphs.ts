/** Three facts of a proxy, three families of shapes. A shape never stands for another family's fact. */
import type { ProxyView, RunRow } from '../host';

export type SyncState = ProxyView['sync'];
export type Health = NonNullable<ProxyView['health']> | 'unasked';
export type Outcome = RunRow['outcome'];

export type GlyphName = `sync-${SyncState}` | `health-${Health}` | `run-${Outcome}` | 'run-none';

/** Colour means trouble or change; what is well stays ink. */
export type GlyphTone = '' | 'q' | 'warn' | 'bad' | 'acc';

interface Glyph {
  word: string;
  tone: GlyphTone;
}

export const glyphs: Record<GlyphName, Glyph> = {
  'sync-synced': { word: 'Synced', tone: '' },
  'sync-behind': { word: 'Behind', tone: 'warn' },
  'sync-held': { word: 'Held', tone: 'warn' },
  'sync-unknown': { word: 'Unknown', tone: 'q' },
  'health-up': { word: 'Up', tone: '' },
  'health-degraded': { word: 'Degraded', tone: 'warn' },
  'health-down': { word: 'Down', tone: 'bad' },
  'health-unauthorised': { word: 'Unauthorised', tone: 'bad' },
  'health-unasked': { word: 'Not checked yet', tone: 'q' },
  'run-running': { word: 'Running', tone: 'acc' },
  'run-succeeded': { word: 'Succeeded', tone: '' },
  'run-unchanged': { word: 'Unchanged', tone: '' },
  'run-planned': { word: 'Planned', tone: 'q' },
  'run-held': { word: 'Held', tone: 'warn' },
  'run-failed': { word: 'Failed', tone: 'bad' },
  'run-unproven': { word: 'Unproven', tone: 'warn' },
  'run-interrupted': { word: 'Interrupted', tone: 'warn' },
  'run-none': { word: 'None yet', tone: 'q' },
};
