/** What a verification found, in sentences. */
import type { VerifiedRow, VerifyView } from '../host/bindings';
import { counted } from './format';

export interface Found {
  /** "3 of 4 differ"; "4 of 4 agree". */
  head: string;
  isBad: boolean;
  reasons: string[];
}

export function foundIn({ rows, proxy }: VerifyView): Found {
  const where = proxy ?? 'the proxy';
  const of = (verdict: string) => rows.filter((row) => row.verdict === verdict);
  const [drifts, missing, overrides] = [of('drift'), of('missing'), of('override')];
  const waiting = rows.filter(isWaiting);
  const bad = drifts.length + missing.length;
  const reasons: string[] = [];
  if (drifts.length > 0) reasons.push(`${listed(drifts)}: ${where} has a different value from the promoted map.`);
  if (missing.length > 0) reasons.push(`${listed(missing)}: ${where} has no such field, so LiteLLM may bill $0.`);
  if (overrides.length > 0) reasons.push(`${listed(overrides)}: set by the operator of ${where} on purpose, so not counted.`);
  if (waiting.length > 0) reasons.push(`${listed(waiting)}: the source has a different value, which is not promoted.`);
  const head = rows.length === 0 ? 'No prices to compare' : bad === 0 ? `${rows.length} of ${rows.length} agree` : `${bad} of ${rows.length} differ`;
  return { head, isBad: bad > 0, reasons };
}

/** The source has something else than what was promoted: held back, or not checked yet. */
export function isWaiting({ source, promoted }: VerifiedRow): boolean {
  return source !== promoted;
}

function listed(rows: VerifiedRow[]): string {
  if (rows.length > 3) return counted(rows.length, 'field');
  return rows.map(({ label }, index) => (index === 0 ? label : label.charAt(0).toLowerCase() + label.slice(1))).join(', ');
}
