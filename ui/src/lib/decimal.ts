/** Prices as exact decimals: people read them per million, the map has them per unit. No number type touches them. */

/** A decimal without exponent, sign and needless zeros; `null` where the text is none: "1e-7" is "0.0000001". A comma is refused: it parts thousands here and decimals there. */
export function decimal(text: string): string | null {
  const match = /^(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,3}))?$/.exec(text.trim().replace(/^\$/, '').replace(/(?<=\d) (?=\d{3})/g, ''));
  if (!match || (match[1] === '' && (match[2] ?? '') === '')) return null;
  return shifted(`${match[1]}.${match[2] ?? ''}`, Number(match[3] ?? 0));
}

/** The decimal times ten to `power`. */
export function shifted(plain: string, power: number): string {
  const [whole = '', fraction = ''] = plain.split('.');
  const digits = whole + fraction;
  const point = whole.length + power;
  const padded = point < 0 ? '0'.repeat(-point) + digits : digits.padEnd(point, '0');
  const at = Math.max(0, point);
  const left = padded.slice(0, at).replace(/^0+/, '') || '0';
  const right = padded.slice(at).replace(/0+$/, '');
  return right === '' ? left : `${left}.${right}`;
}

/** As many digits as the program keeps exactly. */
export function isExact(plain: string): boolean {
  const [whole = '', fraction = ''] = plain.split('.');
  return whole.replace(/^0/, '').length + fraction.length <= 28;
}
