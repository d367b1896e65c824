/** The width of one letter of the mono face at 12 px, measured once: names are cut by it without asking each row. */
let known = 0;

export function letterWidth(): number {
  if (known > 0) return known;
  const ruler = document.createElement('span');
  ruler.className = 'mono vh';
  ruler.style.width = 'auto';
  ruler.textContent = '0'.repeat(40);
  document.body.append(ruler);
  const width = ruler.getBoundingClientRect().width / 40;
  ruler.remove();
  if (width > 0) known = width;
  return width || 7.2;
}

/** Letters that fit into so many pixels; a few at the least. */
export function lettersIn(pixels: number): number {
  return Math.max(6, Math.floor(pixels / letterWidth()));
}
