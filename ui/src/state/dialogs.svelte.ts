/** The boxes that a person can open from anywhere. */

class Dialogs {
  /** Going back to an earlier map. */
  rollback = $state(false);
  /** The model whose own prices are edited; '' asks for its name first. */
  own = $state<string | null>(null);
}

export const dialogs = new Dialogs();
