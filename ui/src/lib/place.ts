/** A place in the dashboard as an address: `#/models/openai%2Fgpt-5`, and back. */
import type { Place } from '../host';

export type Screen = Place['screen'];

/** A place, and what only its screen knows: filters, the proxy whose runs are shown. */
export interface Spot {
  place: Place;
  extra: Readonly<Record<string, string>>;
}

export const SCREENS: readonly Screen[] = ['overview', 'changes', 'models', 'review', 'history', 'settings'];

/** What is not understood leads to the overview, never to an error. */
export function parseSpot(hash: string): Spot {
  const [path = '', query = ''] = hash.replace(/^#\/?/, '').split('?', 2);
  const [screen = '', ...rest] = path.split('/');
  const name = decode(rest.join('/'));
  const extra = Object.fromEntries(new URLSearchParams(query));
  switch (screen) {
    case 'changes':
      return { place: { screen, from: take(extra, 'from'), to: take(extra, 'to') }, extra };
    case 'models':
    case 'review':
      return { place: { screen, model: name }, extra };
    case 'history':
      return { place: { screen, run: number(name) }, extra };
    case 'settings':
      return { place: { screen, section: name, proxy: take(extra, 'proxy') }, extra };
    default:
      return { place: { screen: 'overview' }, extra };
  }
}

/** The address of a place. */
export function hrefTo(place: Place, extra: Readonly<Record<string, string>> = {}): string {
  const query = new URLSearchParams();
  let path: string = place.screen;
  switch (place.screen) {
    case 'changes':
      if (place.from !== null) query.set('from', place.from);
      if (place.to !== null) query.set('to', place.to);
      break;
    case 'models':
    case 'review':
      if (place.model !== null) path += `/${encodeURIComponent(place.model)}`;
      break;
    case 'history':
      if (place.run !== null) path += `/${place.run}`;
      break;
    case 'settings':
      if (place.section !== null) path += `/${encodeURIComponent(place.section)}`;
      if (place.proxy !== null) query.set('proxy', place.proxy);
      break;
    case 'overview':
      break;
  }
  for (const [key, value] of Object.entries(extra)) query.set(key, value);
  const text = query.toString();
  return `#/${path}${text === '' ? '' : `?${text}`}`;
}

/** A screen without a choice in it. */
export function screenPlace(screen: Screen): Place {
  switch (screen) {
    case 'overview':
      return { screen };
    case 'changes':
      return { screen, from: null, to: null };
    case 'models':
    case 'review':
      return { screen, model: null };
    case 'history':
      return { screen, run: null };
    case 'settings':
      return { screen, section: null, proxy: null };
  }
}

function take(extra: Record<string, string>, key: string): string | null {
  const value = extra[key];
  delete extra[key];
  return value === undefined || value === '' ? null : value;
}

function number(text: string | null): number | null {
  return text !== null && /^\d{1,15}$/.test(text) ? Number(text) : null;
}

function decode(text: string): string | null {
  if (text === '') return null;
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
