//! Keys of a profile, from the files that every S3 tool reads: `~/.aws/credentials` and `~/.aws/config`.

use std::path::PathBuf;

/// What a profile says. Without the variables, it counts; it is never written anywhere.
#[derive(Default)]
pub(super) struct Profile {
    /// The key's id, and the key.
    pub(super) key: Option<(String, String)>,
    pub(super) token: Option<String>,
    pub(super) region: Option<String>,
}

/// Reads the profile that `AWS_PROFILE` names, or `default`.
pub(super) fn read(variable: &dyn Fn(&str) -> Option<String>) -> Profile {
    let name = variable("AWS_PROFILE").unwrap_or_else(|| "default".to_owned());
    let home = etcetera::home_dir().ok().map(|home| home.join(".aws"));
    let text = |named: &str, file: &str| {
        let path = variable(named).map(PathBuf::from).or_else(|| Some(home.as_ref()?.join(file)))?;
        std::fs::read_to_string(path).ok()
    };
    let credentials = text("AWS_SHARED_CREDENTIALS_FILE", "credentials").unwrap_or_default();
    let config = text("AWS_CONFIG_FILE", "config").unwrap_or_default();
    // In the second file every profile but the default one is called "profile NAME".
    let section = if name == "default" { name.clone() } else { format!("profile {name}") };
    let find = |key: &str| value(&credentials, &name, key).or_else(|| value(&config, &section, key));
    Profile {
        key: find("aws_access_key_id").zip(find("aws_secret_access_key")),
        token: find("aws_session_token"),
        region: find("region"),
    }
}

fn value(text: &str, section: &str, key: &str) -> Option<String> {
    let mut is_in = false;
    for line in text.lines().map(str::trim) {
        if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            is_in = name.trim() == section;
        } else if is_in
            && let Some((name, value)) = line.split_once('=')
            && name.trim() == key
        {
            return Some(value.trim().to_owned());
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_is_read_from_both_files() {
        let dir = tempfile::tempdir().unwrap();
        let (credentials, config) = (dir.path().join("credentials"), dir.path().join("config"));
        std::fs::write(
            &credentials,
            "[default]\naws_access_key_id = A\naws_secret_access_key=S\n[team]\naws_access_key_id=B\n",
        )
        .unwrap();
        std::fs::write(&config, "[profile team]\nregion = eu-west-1\naws_secret_access_key = T\n").unwrap();
        let of = |profile: Option<&str>| {
            read(&|name| match name {
                "AWS_PROFILE" => profile.map(str::to_owned),
                "AWS_SHARED_CREDENTIALS_FILE" => credentials.to_str().map(str::to_owned),
                "AWS_CONFIG_FILE" => config.to_str().map(str::to_owned),
                _ => None,
            })
        };
        assert_eq!(of(None).key, Some(("A".into(), "S".into())));
        let team = of(Some("team"));
        assert_eq!((team.key, team.region.as_deref()), (Some(("B".into(), "T".into())), Some("eu-west-1")));
        assert_eq!(of(Some("nobody")).key, None);
    }
}
