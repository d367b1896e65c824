/** Sentences about what differs between two maps. */
import type { ChangeSummary } from '../host';
import { count, counted } from './format';

/** "4 new, 12 repriced (2 of yours), 1 other name, 3 limits, 1 removed"; null when nothing differs. */
export function summaryText(summary: ChangeSummary): string | null {
  const parts: string[] = [];
  if (summary.new_models > 0) parts.push(`${count(summary.new_models)} new`);
  if (summary.repriced_models > 0) {
    const mine = summary.repriced_mine > 0 ? ` (${count(summary.repriced_mine)} of yours)` : '';
    parts.push(`${count(summary.repriced_models)} repriced${mine}`);
  }
  if (summary.aliases > 0) parts.push(counted(summary.aliases, 'alias', 'aliases'));
  if (summary.limits > 0) parts.push(`${count(summary.limits)} ${summary.limits === 1 ? 'limit' : 'limits'}`);
  if (summary.removed_models > 0) parts.push(`${count(summary.removed_models)} removed`);
  if (summary.other > 0) parts.push(`${count(summary.other)} other`);
  return parts.length === 0 ? null : parts.join(', ');
}
