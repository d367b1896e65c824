//! `autosync export` and `import`: a home in one file.

use std::path::Path;

use engine::transfer;
use engine::{Error, ErrorCode, Result};

use crate::context::Context;
use crate::output::{Answer, safe};

pub(super) async fn export(context: &Context, file: &Path) -> Result<Answer> {
    let home = context.home()?;
    if !home.exists() {
        return Err(Error::new(ErrorCode::NotFound, "There is nothing to export yet.").field("home"));
    }
    let exported = transfer::export(&home, file).await?;
    Answer::new(&context.screen, &exported, || {
        let mut out = format!("{} has {}. Keys are not in it.", exported.file.display(), exported.parts.join(", "));
        if !exported.left_out.is_empty() {
            out.push_str(&format!(
                "\nLeft out, since each may be a secret: {}. It belongs in the system's key store or an environment variable.",
                exported.left_out.join(", ")
            ));
        }
        out
    })
}

pub(super) async fn import(context: &Context, file: &Path) -> Result<Answer> {
    let lock = context.lock().await?;
    let imported = transfer::import(&context.home()?, &lock, file, &context.clock).await?;
    Answer::new(&context.screen, &imported, || {
        let mut out = "Imported.".to_owned();
        if !imported.proxies.is_empty() {
            let names: Vec<String> = imported.proxies.iter().map(|name| safe(name)).collect();
            out.push_str(&format!(
                " Enter the keys of {} again; each is synced once you ask for it with `autosync sync`.",
                names.join(", ")
            ));
        }
        for one in &imported.switched_off {
            out.push_str(&format!("\nSwitched off: {}", safe(one)));
        }
        out
    })
}
