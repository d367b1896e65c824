import type { Handlers } from './world';
import { ago, REVISIONS } from './world';

/** Revisions and their differences. */
export const changesHandlers: Handlers = {
  revisions: () => [
    { revision: REVISIONS.source, first_seen: ago(24), models: 4611, verdict: 'review', promoted_at: ago(24), held: 3, is_composed: false },
    { revision: REVISIONS.old, first_seen: ago(1440), models: 4608, verdict: 'accepted', promoted_at: ago(1440), held: 0, is_composed: false },
  ],
  changes: () => null,
};
