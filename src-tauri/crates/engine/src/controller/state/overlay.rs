//! The user's own entries.

use super::Controller;
use crate::Result;
use crate::overlay::{Overlay, OverlayEdit, base, note, or_empty};

impl Controller {
    /// Changes the file. What follows from it is promoted with the next look.
    pub(super) async fn edit_overlay(&mut self, edit: &OverlayEdit) -> Result<()> {
        self.needs_gateway(None)?;
        let ledger = &self.parts.ledger;
        let base = base(ledger).await?;
        self.parts.overlay.edit(edit, base.as_deref())?;
        if let (OverlayEdit::Keep { model }, Some(base)) = (edit, &base) {
            let (overlay, _) = self.parts.overlay.current(ledger).await?;
            note(ledger, &overlay, base, Some(model)).await?;
        }
        self.follow_overlay();
        Ok(())
    }

    /// Looks at the file; whether it is another than before.
    pub(super) fn follow_overlay(&mut self) -> bool {
        let (text, error) = match self.parts.overlay.text() {
            Ok(text) => {
                let error = Overlay::parse(or_empty(&text)).err();
                (text, error)
            }
            Err(error) => (self.overlay.0.clone(), Some(error)),
        };
        let now = (text, error);
        let is_other = now.0 != self.overlay.0 && now.1.is_none();
        self.overlay = now;
        is_other
    }
}
