//! Colours. Healthy is quiet: colour means trouble or change, and never stands alone (LOOK: glyph and word carry it).

use anstyle::{AnsiColor, Style};

/// What a piece of text is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Tone {
    /// Ordinary text.
    #[default]
    Plain,
    /// Labels and evidence.
    Faint,
    /// What the eye is to find first.
    Strong,
    /// Failed, down, held back.
    Bad,
    /// Behind, to be reviewed, degraded.
    Warn,
    /// A price went up.
    Rise,
    /// A price went down.
    Fall,
}

impl Tone {
    pub(crate) fn style(self) -> Style {
        match self {
            Self::Plain => Style::new(),
            Self::Faint => Style::new().dimmed(),
            Self::Strong => Style::new().bold(),
            Self::Bad => AnsiColor::Red.on_default().bold(),
            Self::Warn => AnsiColor::Yellow.on_default(),
            Self::Rise => AnsiColor::Red.on_default(),
            Self::Fall => AnsiColor::Green.on_default(),
        }
    }
}

/// The text in its colour; whether it is shown, the stream decides.
pub(crate) fn paint(tone: Tone, text: &str) -> String {
    if tone == Tone::Plain {
        return text.to_owned();
    }
    let style = tone.style();
    format!("{style}{text}{style:#}")
}
