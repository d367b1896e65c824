//! Newer versions of this program: the desktop finds and installs them, the user says when.

use engine::settings::Updates;
use engine::{Error, ErrorCode, Result};

use crate::Api;
use crate::commands::SkipArgs;
use crate::view::UpdateView;

/// The version that the user does not want to hear of.
const SKIPPED: &str = "update_skipped";

impl Api {
    /// What is known of newer versions.
    pub(crate) async fn update(&self) -> Result<UpdateView> {
        let mut view = self.desktop.update();
        if let Some(found) = &mut view.found {
            let skipped = self.engine.ledger().get_state::<Option<String>>(SKIPPED).await?.flatten();
            found.skipped = skipped.as_deref() == Some(&found.version);
        }
        Ok(view)
    }

    /// Whether newer versions are looked for without being asked.
    pub fn looks_for_updates(&self) -> bool {
        self.chosen().is_ok_and(|chosen| chosen.settings.app.updates == Updates::Daily)
    }

    pub(crate) async fn check_updates(&self, (): ()) -> Result<()> {
        self.refuse_where_off()?;
        self.desktop.check_update();
        Ok(())
    }

    pub(crate) async fn install_update(&self, (): ()) -> Result<()> {
        self.refuse_where_off()?;
        self.desktop.install_update();
        Ok(())
    }

    pub(crate) async fn cancel_update(&self, (): ()) -> Result<()> {
        self.desktop.cancel_update();
        Ok(())
    }

    pub(crate) async fn skip_update(&self, args: SkipArgs) -> Result<()> {
        self.engine.ledger().set_state(SKIPPED, &args.version).await?;
        self.refresh();
        Ok(())
    }

    fn refuse_where_off(&self) -> Result<()> {
        match self.desktop.update().off {
            Some(why) => Err(Error::new(ErrorCode::Unsupported, why)),
            None => Ok(()),
        }
    }
}
