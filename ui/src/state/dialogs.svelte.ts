/** The boxes that a person can open from anywhere. */

class Dialogs {
  /** Going back to an earlier map. */
  rollback = $state(false);
  /** The model whose own prices are edited; '' asks for its name first. */
  own = $state<string | null>(null);
  /** Why a proxy does not have a model, or not at this price; without a model, why it is not in sync. */
  why = $state.raw<{ model: string | null; proxy: string | null } | null>(null);
}

export const dialogs = new Dialogs();
