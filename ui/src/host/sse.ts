/** Splits a stream of server-sent events into their data. Pieces may end anywhere. */
export class EventSplitter {
  #rest = '';

  /** The data of each event that this piece completes. */
  push(piece: string): string[] {
    // A carriage return at the end may be the first half of one line end.
    this.#rest += piece;
    const blocks = this.#rest.replace(/\r\n/g, '\n').split('\n\n');
    this.#rest = blocks.pop() ?? '';
    return blocks.map(dataOf).filter((data) => data !== '');
  }
}

function dataOf(block: string): string {
  return block
    .split('\n')
    .filter((line) => line.startsWith('data:'))
    .map((line) => line.slice(5).replace(/^ /, ''))
    .join('\n');
}
