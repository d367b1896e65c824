import { describe, expect, it } from 'vitest';
import type { Place } from '../host';
import { hrefTo, parseSpot, screenPlace, SCREENS } from './place';

describe('places and addresses', () => {
  const places: Place[] = [
    { screen: 'overview' },
    { screen: 'changes', from: null, to: 'c83d05e' },
    { screen: 'changes', from: 'a07f3d1', to: 'b41c9e2' },
    { screen: 'models', model: 'openrouter/<b>x</b>?a=1&b=#2' },
    { screen: 'models', model: null },
    { screen: 'review', model: 'azure/eu/gpt-5#1' },
    { screen: 'review', model: null },
    { screen: 'history', run: 412 },
    { screen: 'settings', section: 'proxies', proxy: 'prod gateway/ü' },
  ];

  it.each(places)('come back as they went: %j', (place) => {
    expect(parseSpot(hrefTo(place))).toEqual({ place, extra: {} });
  });

  it('carry what only a screen knows', () => {
    const href = hrefTo({ screen: 'history', run: null }, { proxy: 'build-box' });
    expect(parseSpot(href)).toEqual({ place: { screen: 'history', run: null }, extra: { proxy: 'build-box' } });
  });

  it.each(['', '#', '#/', '#/nowhere', '#token=abc', '#/overview/x'])('%j is the overview', (hash) => {
    expect(parseSpot(hash).place).toEqual({ screen: 'overview' });
  });

  it('survives damaged addresses', () => {
    expect(parseSpot('#/models/%E0%A4%A').place).toEqual({ screen: 'models', model: '%E0%A4%A' });
    expect(parseSpot('#/history/-1').place).toEqual({ screen: 'history', run: null });
  });

  it('knows every screen', () => {
    for (const screen of SCREENS) expect(parseSpot(hrefTo(screenPlace(screen))).place.screen).toBe(screen);
  });
});
