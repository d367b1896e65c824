/** Marks that turn the direction of writing, or that are not seen, let a name pose as another one: they are shown as "\ufffd". */
const UNSEEN = /[\p{Cc}\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/gu;

export function visible(text: string): string {
  return text.replace(UNSEEN, '\ufffd');
}

/** A finding beside its model's name need not say the name again. */
export function withoutName(model: string | null, message: string): string {
  return model !== null && message.startsWith(`${model}: `) ? message.slice(model.length + 2) : message;
}
