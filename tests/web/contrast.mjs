// High contrast: every screen of a board with real maps.
import { historyBoard } from './parts.mjs';
import { Visitor } from './visitor.mjs';

const PLACES = [
  ['overview', 'No proxy yet. The source is still watched'],
  ['changes', /^Repriced/],
  ['models/azure%2Fgpt-4o-mini-audio-preview-2024-12-17', 'Price history'],
  ['review', 'they keep the old ones until you decide'],
  ['history', 'No sync has run yet'],
  ['settings', 'Production'],
];

export default async function (test) {
  const visitor = await Visitor.open(await historyBoard(), '#/overview');
  await test('high contrast: every screen', async () => {
    for (const [place, text] of PLACES) {
      await visitor.go(`#/${place}`);
      await visitor.sees(text);
      await visitor.lookInHighContrast(`contrast-${place.split('/')[0]}`);
    }
    await visitor.close();
  });
}
