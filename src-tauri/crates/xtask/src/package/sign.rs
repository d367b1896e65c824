//! Signing for Windows, with osslsigncode. It is configured by environment variables, so that no certificate is near the
//! sources:
//!
//! | variable | what |
//! |---|---|
//! | `AUTOSYNC_SIGN_PKCS12` | the file with the certificate and its key; without it nothing is signed |
//! | `AUTOSYNC_SIGN_PASSWORD_FILE` | the file with the password of that; a password in a variable or an argument could be read by others |
//! | `AUTOSYNC_SIGN_TIMESTAMP` | the address of a timestamp server (RFC 3161); without one the signature ends with the certificate |
//! | `AUTOSYNC_SIGN_ROOTS` | the file with the root certificates that each signature is then checked against, PEM |

use std::path::{Path, PathBuf};

use super::product::{NAME, Product};
use super::stage;
use crate::{Failure, Result, command};

/// Signs files with the configured certificate.
#[derive(Clone, Debug)]
pub(super) struct Signer {
    script: PathBuf,
    roots: Option<PathBuf>,
}

impl Signer {
    /// The one that the environment configures, if it does.
    pub(super) fn configured(product: &Product) -> Result<Option<Self>> {
        let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let Some(certificate) = variable("AUTOSYNC_SIGN_PKCS12") else { return Ok(None) };
        let mut words = vec!["osslsigncode sign -h sha256 -n".to_owned(), quoted(NAME)];
        for (option, file) in [("-pkcs12", Some(certificate)), ("-readpass", variable("AUTOSYNC_SIGN_PASSWORD_FILE"))] {
            let Some(file) = file else { continue };
            // The script runs in another folder.
            let file = std::path::absolute(&file).ok().filter(|file| file.is_file());
            let file =
                file.ok_or_else(|| Failure::failed(format!("the file for {option} of osslsigncode is not there")))?;
            words.extend([option.to_owned(), quoted(&file.display().to_string())]);
        }
        if let Some(server) = variable("AUTOSYNC_SIGN_TIMESTAMP") {
            words.extend(["-ts".to_owned(), quoted(&server.display().to_string())]);
        }
        let command = words.join(" ");
        let folder = product.work_folder("sign")?;
        let text = format!("#!/bin/sh\nset -e\n{command} -in \"$1\" -out \"$1.signed\" >&2\nmv \"$1.signed\" \"$1\"\n");
        stage::text(&folder.join("sign.text"), &text)?;
        let script = folder.join("sign.sh");
        stage::program(&folder.join("sign.text"), &script)?;
        Ok(Some(Self { script, roots: variable("AUTOSYNC_SIGN_ROOTS") }))
    }

    /// The command that signs the file that is its argument, for makensis, which has the uninstaller in its hands only.
    pub(super) fn script(&self) -> &Path {
        &self.script
    }

    /// Signs a file in its place.
    pub(super) fn sign(&self, file: &Path) -> Result<()> {
        command::output(command::program(&self.script).arg(file))?;
        let Some(roots) = &self.roots else { return Ok(()) };
        let mut verify = command::program("osslsigncode");
        command::output(verify.arg("verify").arg("-CAfile").arg(roots).arg("-in").arg(file)).map(drop)
    }
}

/// One word of the shell.
pub(super) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_stays_one_word() {
        assert_eq!(quoted("it's my key.pfx"), r"'it'\''s my key.pfx'");
    }
}
