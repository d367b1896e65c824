/** Finds what a person means from a few letters: "syprod" → "Sync prod-gateway". */

export interface Match {
  /** Higher is better. */
  score: number;
  /** The places of the letters that matched, for the eye. */
  hits: readonly number[];
}

const CONTIGUOUS = 4;
const WORD_START = 6;
const TEXT_START = 4;

/** Every word of the query must be in the text, its letters in order. `null`: it is not. */
export function fuzzy(query: string, text: string): Match | null {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  const low = text.toLowerCase();
  let score = 0;
  const hits = new Set<number>();
  for (const word of words) {
    const found = best(word, low);
    if (found === null) return null;
    score += found.score;
    for (const hit of found.hits) hits.add(hit);
  }
  // Of two that match alike the shorter one is meant.
  return { score: score - text.length / 100, hits: [...hits].sort((a, b) => a - b) };
}

/** A whole run of letters is better than scattered ones, at a word's start the best. */
function best(word: string, text: string): Match | null {
  const whole = wordStart(word, text);
  if (whole >= 0) {
    const hits = Array.from({ length: word.length }, (_, index) => whole + index);
    return { score: scoreOf(hits, text) + word.length, hits };
  }
  const hits: number[] = [];
  let at = 0;
  for (const letter of word) {
    const next = text.indexOf(letter, at);
    if (next < 0) return null;
    hits.push(next);
    at = next + letter.length;
  }
  // Letters strewn over a long id are no find.
  if (hits.length > 2 && (hits.at(-1) ?? 0) - (hits[0] ?? 0) > word.length * 4) return null;
  return { score: scoreOf(hits, text), hits };
}

function wordStart(word: string, text: string): number {
  let first = -1;
  for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + 1)) {
    if (isWordStart(text, at)) return at;
    if (first < 0) first = at;
  }
  return first;
}

function isWordStart(text: string, at: number): boolean {
  return at === 0 || /[\s/._\-:]/.test(text[at - 1] ?? '');
}

function scoreOf(hits: readonly number[], text: string): number {
  let score = 0;
  hits.forEach((hit, index) => {
    score += 1;
    if (index > 0 && hits[index - 1] === hit - 1) score += CONTIGUOUS;
    if (isWordStart(text, hit)) score += WORD_START;
    if (hit === 0) score += TEXT_START;
  });
  return score;
}

/** The text in pieces, each either matched or not: for marking without markup. */
export function pieces(text: string, hits: readonly number[]): { text: string; isHit: boolean }[] {
  const marked = new Set(hits);
  const out: { text: string; isHit: boolean }[] = [];
  for (let at = 0; at < text.length; at += 1) {
    const isHit = marked.has(at);
    const last = out.at(-1);
    if (last !== undefined && last.isHit === isHit) last.text += text[at];
    else out.push({ text: text[at] ?? '', isHit });
  }
  return out;
}
