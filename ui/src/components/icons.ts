/** The icons of the drawn pages: 16 px, stroked with the colour of the text. */
const paths = {
  overview: 'M3 2.5h3a1 1 0 0 1 1 1v3a1 1 0 0 1-1 1H3a1 1 0 0 1-1-1v-3a1 1 0 0 1 1-1zM10 2.5h3a1 1 0 0 1 1 1v3a1 1 0 0 1-1 1h-3a1 1 0 0 1-1-1v-3a1 1 0 0 1 1-1zM2 11h12M2 13.5h8',
  changes: 'M4.5 2v6M1.5 5h6M9 12.5h5.5M11 3l-6 10',
  models: 'M2 4h1.5M6 4h8M2 8h1.5M6 8h8M2 12h1.5M6 12h8',
  flag: 'M3.5 14V2.5M3.5 3h8.2l-1.6 2.8 1.6 2.7H3.5',
  history: 'M2.5 5A6 6 0 1 1 2 8M2.5 2.2V5h2.8M8 5v3.2l2 1.3',
  settings: 'M2 4.5h6.2M11.8 4.5H14M2 11.5h2.2M7.8 11.5H14M10 2.7a1.8 1.8 0 1 1 0 3.6 1.8 1.8 0 0 1 0-3.6zM6 9.7a1.8 1.8 0 1 1 0 3.6 1.8 1.8 0 0 1 0-3.6z',
  search: 'M7 2.5a4.5 4.5 0 1 1 0 9 4.5 4.5 0 0 1 0-9zM10.4 10.4 14 14',
  pause: 'M5.5 3.5v9M10.5 3.5v9',
  play: 'M5 3.2v9.6L12.5 8z',
  sync: 'M13.5 6.5A5.7 5.7 0 0 0 3 5M2.5 2.5V5.2h2.7M2.5 9.5A5.7 5.7 0 0 0 13 11M13.5 13.5v-2.7h-2.7',
  warning: 'M8 2.2 14.5 13.5h-13zM8 6.5v3M8 11.6v.01',
  info: 'M8 2a6 6 0 1 1 0 12A6 6 0 0 1 8 2zM8 7.5v3.5M8 5v.01',
  more: 'M3.5 8h.01M8 8h.01M12.5 8h.01',
  proof: 'M8 1.8 13 4v4c0 3-2.2 5-5 6.2C5.2 13 3 11 3 8V4z',
  check: 'm3.5 8.5 3 3 6-7',
  cross: 'm4 4 8 8M12 4l-8 8',
  plus: 'M8 3v10M3 8h10',
  minus: 'M3 8h10',
  ring: 'M8 5a3 3 0 1 1 0 6 3 3 0 0 1 0-6z',
  arc: 'M8 2a6 6 0 1 1-6 6',
  arrow: 'M2.5 8h11M9.5 4l4 4-4 4',
  down: 'm4.5 6.5 3.5 3.5 3.5-3.5',
  right: 'm6.5 4.5 3.5 3.5-3.5 3.5',
  left: 'm9.5 4.5-3.5 3.5 3.5 3.5',
  rise: 'M8 2.5 14 13H2z',
  fall: 'M8 13.5 14 3H2z',
  up: 'M8 13V4M4.5 7.2 8 3.6l3.5 3.6',
  lower: 'M8 3v9M4.5 8.8 8 12.4l3.5-3.6',
  moved: 'M2.5 8h8.2M7.4 4.4 11 8l-3.6 3.6M13.5 3.5v9',
  clock: 'M8 2.2a5.8 5.8 0 1 1 0 11.6A5.8 5.8 0 0 1 8 2.2zM8 4.8V8l2.2 1.4',
  copy: 'M7 5.5h5A1.5 1.5 0 0 1 13.5 7v5a1.5 1.5 0 0 1-1.5 1.5H7A1.5 1.5 0 0 1 5.5 12V7A1.5 1.5 0 0 1 7 5.5zM3.5 10.5h-1v-8h8v1',
  export: 'M8 10V2.5M5 5l3-2.8L11 5M3 9v4.5h10V9',
  key: 'M5 8.3a2.7 2.7 0 1 1 0 5.4 2.7 2.7 0 0 1 0-5.4zM7 9l6-6M10.5 5.5l2 2',
  ruler: 'M1.5 5.5h13v5h-13zM4.5 5.5v2M7.5 5.5v3M10.5 5.5v2',
  folder: 'M2 4.5v8h12V6H8L6.5 4.5zM2 4.5h4.5',
  trash: 'M3 4.5h10M6 4.5V3h4v1.5M4.5 4.5l.6 8.5h5.8l.6-8.5',
  edit: 'M3 13l.6-2.8L10.8 3a1.1 1.1 0 0 1 1.6 0l.6.6a1.1 1.1 0 0 1 0 1.6L5.8 12.4z',
  external: 'M9 3h4v4M13 3 7.5 8.5M11 9.5V13H3V5h3.5',
  sun: 'M8 5.2a2.8 2.8 0 1 1 0 5.6 2.8 2.8 0 0 1 0-5.6zM8 1.5v1.2M8 13.3v1.2M1.5 8h1.2M13.3 8h1.2M3.4 3.4l.8.8M11.8 11.8l.8.8M12.6 3.4l-.8.8M4.2 11.8l-.8.8',
  link: 'M6.8 9.2a2.6 2.6 0 0 0 3.7 0l2-2a2.6 2.6 0 0 0-3.7-3.7l-.8.8M9.2 6.8a2.6 2.6 0 0 0-3.7 0l-2 2a2.6 2.6 0 0 0 3.7 3.7l.8-.8',
  keyboard: 'M1.5 4.5h13v7.5h-13zM4 7h.01M6.5 7h.01M9 7h.01M11.5 7h.01M5 9.5h6',
} as const;

export type IconName = keyof typeof paths;

/** Drawn as areas, not as lines. */
const solid: ReadonlySet<IconName> = new Set(['rise', 'fall']);
/** Drawn with heavier dots. */
const heavy: ReadonlySet<IconName> = new Set(['more']);

export function iconShape(name: IconName): { d: string; isSolid: boolean; width: number | undefined } {
  return { d: paths[name], isSolid: solid.has(name), width: heavy.has(name) ? 2.2 : undefined };
}
