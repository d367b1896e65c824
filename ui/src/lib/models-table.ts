// Search, filters and order over all models. What is compared is made ready once a list, so that a keystroke only walks
// numbers and short lowercase texts.

import type { ModelList, ModelRow } from '../host/bindings';

export type SortKey = 'name' | 'mode' | 'input' | 'output' | 'context' | 'proxies';

export interface Sort {
  key: SortKey;
  descending: boolean;
}

export interface ModelFilter {
  /** Words, each of which the name, the provider or the model that it is another name for must hold. */
  text: string;
  provider: string | null;
  mode: string | null;
  /** Places in `ModelList.capabilities`; a model must have all of them. */
  can: readonly number[];
  onMine: boolean;
  /** Only those with an entry of the user's own. */
  isOwn: boolean;
}

export const noFilter: ModelFilter = { text: '', provider: null, mode: null, can: [], onMine: false, isOwn: false };

export interface ModelsTable {
  list: ModelList;
  providers: string[];
  modes: string[];
  /** How many models a proxy uses. */
  mine: number;
  /** How many have an entry of the user's own. */
  own: number;
  /** Per row: what `text` looks into. */
  words: string[];
  /** Per row: its place in `providers`; 65535 for none. */
  provider: Uint16Array;
  /** Per row: its place in `modes`; 65535 for none. */
  mode: Uint16Array;
  /** Per row and 32 capabilities: a bit each. */
  can: Uint32Array;
  canWords: number;
  /** Per column and row: what is ordered by; NaN where there is nothing. */
  values: Record<SortKey, Float64Array>;
  /** Orders that were asked for before. */
  orders: Map<string, Uint32Array>;
  places: Map<string, number>;
}

const NONE = 0xffff;

/** A price as people read it as a number: "1,250.00" is 1250. NaN where it is none. */
export function priceValue(text: string | null): number {
  return text === null || text === '' ? NaN : Number(text.replaceAll(',', ''));
}

export function prepare(list: ModelList): ModelsTable {
  const { rows } = list;
  const providers = named(rows.map((row) => row.provider));
  const modes = named(rows.map((row) => row.mode));
  const canWords = Math.max(1, Math.ceil(list.capabilities.length / 32));
  const can = new Uint32Array(rows.length * canWords);
  rows.forEach((row, index) => {
    for (const place of row.can) can[index * canWords + (place >> 5)]! |= 1 << (place & 31);
  });
  const mode = placesIn(modes, rows.map((row) => row.mode));
  const numbers = (of: (row: ModelRow, index: number) => number) => Float64Array.from(rows, of);
  return {
    list,
    providers,
    modes,
    own: rows.reduce((count, row) => count + (row.own === null ? 0 : 1), 0),
    mine: rows.reduce((count, row) => count + (row.on.length > 0 ? 1 : 0), 0),
    words: rows.map((row) => `${row.name}\n${row.provider ?? ''}\n${row.alias_of ?? ''}`.toLowerCase()),
    provider: placesIn(providers, rows.map((row) => row.provider)),
    mode,
    can,
    canWords,
    values: {
      name: ranks(rows.map((row) => row.name)),
      mode: Float64Array.from(mode, (place) => (place === NONE ? NaN : place)),
      input: numbers((row) => priceValue(row.input)),
      output: numbers((row) => priceValue(row.output)),
      context: numbers((row) => row.context ?? NaN),
      proxies: numbers((row) => row.on.length || NaN),
    },
    orders: new Map(),
    places: new Map(rows.map((row, index) => [row.name, index])),
  };
}

/** The places in `list.rows` of the models that pass, in order. */
export function select(table: ModelsTable, filter: ModelFilter, sort: Sort): Uint32Array {
  const order = ordered(table, sort);
  const words = filter.text.toLowerCase().split(/\s+/).filter(Boolean);
  const provider = filter.provider === null ? -1 : table.providers.indexOf(filter.provider);
  const mode = filter.mode === null ? -1 : table.modes.indexOf(filter.mode);
  const wanted = new Uint32Array(table.canWords);
  for (const place of filter.can) wanted[place >> 5]! |= 1 << (place & 31);
  const isFree = !words.length && filter.provider === null && filter.mode === null && !filter.can.length && !filter.onMine && !filter.isOwn;
  if (isFree) return order;

  const found = new Uint32Array(order.length);
  let count = 0;
  rows: for (let at = 0; at < order.length; at++) {
    const row = order[at]!;
    if (filter.provider !== null && table.provider[row] !== provider) continue;
    if (filter.mode !== null && table.mode[row] !== mode) continue;
    if (filter.isOwn && table.list.rows[row]!.own === null) continue;
    if (filter.onMine && Number.isNaN(table.values.proxies[row]!)) continue;
    for (let word = 0; word < wanted.length; word++) {
      if ((wanted[word]! & ~table.can[row * table.canWords + word]!) !== 0) continue rows;
    }
    for (const word of words) if (!table.words[row]!.includes(word)) continue rows;
    found[count++] = row;
  }
  return found.subarray(0, count);
}

/** Every row's place in this order. Rows without a value come last, whichever way; equals are ordered by name. */
function ordered(table: ModelsTable, { key, descending }: Sort): Uint32Array {
  const known = table.orders.get(key + descending);
  if (known) return known;
  const values = table.values[key];
  const byName = Uint32Array.from(values);
  table.values.name.forEach((rank, row) => (byName[rank] = row));

  // Sorted by the engine without calling us back; then each row goes to where its value's run starts.
  const sorted = values.filter((value) => !Number.isNaN(value)).sort();
  const used = new Uint32Array(values.length + 1);
  const order = new Uint32Array(values.length);
  for (const row of byName) {
    const value = values[row]!;
    const start = Number.isNaN(value) ? sorted.length : descending ? sorted.length - placeOf(sorted, value, true) : placeOf(sorted, value, false);
    order[start + used[start]!++] = row;
  }
  table.orders.set(key + descending, order);
  return order;
}

/** How many of the sorted values are smaller, or smaller or equal. */
function placeOf(sorted: Float64Array, value: number, orEqual: boolean): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]! < value || (orEqual && sorted[middle]! === value)) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The order that a click on a column's head asks for: numbers start with the largest, texts with A. */
export function turned(sort: Sort, key: SortKey): Sort {
  if (sort.key === key) return { key, descending: !sort.descending };
  return { key, descending: key === 'proxies' || key === 'context' };
}

/** Each name once, in alphabetical order. An empty one can be no choice: that is "any". */
function named(names: (string | null)[]): string[] {
  return [...new Set(names.filter((name): name is string => name !== null && name !== ''))].sort((a, b) => (a < b ? -1 : 1));
}

function placesIn(names: string[], of: (string | null)[]): Uint16Array {
  const places = new Map<string | null, number>(names.map((name, place) => [name, place]));
  return Uint16Array.from(of, (name) => places.get(name) ?? NONE);
}

/** Each name's place in the alphabet, upper and lower case together. */
function ranks(names: string[]): Float64Array {
  const lower = names.map((name) => name.toLowerCase());
  const order = Uint32Array.from(lower, (_, index) => index).sort((a, b) =>
    lower[a]! < lower[b]! ? -1 : lower[a]! > lower[b]! ? 1 : a - b,
  );
  const ranks = new Float64Array(names.length);
  order.forEach((row, rank) => (ranks[row] = rank));
  return ranks;
}
