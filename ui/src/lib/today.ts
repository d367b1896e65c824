/** Words of the card *New today*. */
import type { Today, TodayKind } from '../host/bindings';
import { count, counted } from './format';
import { dayName } from './labels';
import type { IconName } from '../components/icons';

/** Neither a change of mine nor a new model. */
export const isQuiet = (today: Today) => today.yours.length === 0 && today.fresh.length === 0;

/** "Nothing new for you since Tuesday; 3 models elsewhere." */
export function quietText(today: Today, now: number): string {
  const elsewhere = today.elsewhere > 0 ? `; ${counted(today.elsewhere, 'model')} elsewhere` : '';
  return `Nothing new for you since ${sinceDay(today.since, now)}${elsewhere}.`;
}

/** "12 new models, 31 repriced". */
export function newsCounts({ models, prices }: Today): string {
  return [models > 0 && counted(models, 'new model'), prices > 0 && `${count(prices)} repriced`].filter(Boolean).join(', ');
}

/** A time of today, a weekday of the last week, else a date. */
function sinceDay(at: string, now: number): string {
  const name = dayName(at, now);
  const time = new Date(at);
  if (name === 'Today') return time.toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit' });
  if (name === 'Yesterday') return 'yesterday';
  return now - time.getTime() < 6 * 86_400_000 ? time.toLocaleDateString('en-GB', { weekday: 'long' }) : name;
}

const ICONS: Record<TodayKind, { icon: IconName; tone: string; word: string }> = {
  gone: { icon: 'minus', tone: 'bad', word: 'Gone' },
  rise: { icon: 'up', tone: 'rise', word: 'More expensive' },
  moved: { icon: 'moved', tone: 'q2', word: 'Other name' },
  repriced: { icon: 'changes', tone: 'q2', word: 'Repriced' },
  retires: { icon: 'clock', tone: 'warn', word: 'Retires' },
  fall: { icon: 'lower', tone: 'fall', word: 'Cheaper' },
};

export const newsIcon = (kind: TodayKind) => ICONS[kind];
