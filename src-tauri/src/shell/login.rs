//! The start at login: with what the system starts the app then.

use engine::home::Home;

/// The arguments: in the tray, and in this home where it is not the one that is taken by itself.
pub(crate) fn arguments(home: &Home) -> Vec<String> {
    let mut arguments = vec!["--hidden".to_owned()];
    // Without the environment: a variable of this session may not be set at login.
    if Home::resolve(None, &|_| None).ok().as_ref() != Some(home) {
        arguments.extend(["--home".to_owned(), quoted(&home.path().to_string_lossy())]);
    }
    arguments
}

/// One argument in the file that the system reads: the plugin joins them as they are.
fn quoted(text: &str) -> String {
    if cfg!(windows) {
        on_windows(text)
    } else if cfg!(target_os = "macos") {
        in_xml(text)
    } else {
        in_desktop_entry(text)
    }
}

/// A command line, as the C runtime takes it apart. A path has no quotation mark, but backslashes before the closing one
/// would make it part of the text, so they are doubled.
fn on_windows(text: &str) -> String {
    let backslashes = text.len() - text.trim_end_matches('\\').len();
    format!("\"{text}{}\"", "\\".repeat(backslashes))
}

/// The text of an element, in a launch agent's property list.
fn in_xml(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// The key `Exec` of a desktop entry: quoted as an argument, then escaped as a string value, as the specification says
/// ("The Exec key"). There a percent sign begins a field code.
fn in_desktop_entry(text: &str) -> String {
    let mut argument = String::from("\"");
    for char in text.chars() {
        match char {
            '"' | '`' | '$' | '\\' => argument.extend(['\\', char]),
            '%' => argument.push_str("%%"),
            _ => argument.push(char),
        }
    }
    argument.push('"');
    argument.replace('\\', "\\\\")
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    #[test]
    fn another_home_than_the_default_is_named_and_the_default_is_not() {
        let default = Home::resolve(None, &|_| None).unwrap();
        assert_eq!(arguments(&default), ["--hidden"]);
        let other = Home::resolve(Some(PathBuf::from("other")), &|_| None).unwrap();
        let named = arguments(&other);
        assert_eq!(named[..2], ["--hidden", "--home"]);
        assert!(named[2].contains("other"), "{named:?}");
    }

    #[test]
    fn a_path_stays_one_argument_in_each_systems_file() {
        assert_eq!(on_windows(r"C:\My data\"), r#""C:\My data\\""#);
        assert_eq!(in_xml("/Users/a & b"), "/Users/a &amp; b");
        assert_eq!(in_desktop_entry("/home/a b/100%"), r#""/home/a b/100%%""#);
        assert_eq!(in_desktop_entry(r"/a$b\c"), r#""/a\\$b\\\\c""#);
    }
}
