//! Colours. Healthy is quiet: colour means trouble or change, and never stands alone (LOOK: glyph and word carry it).

use anstyle::{AnsiColor, Style};
use comfy_table::{Attribute, Color};

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

    /// The same for a cell of a table.
    pub(crate) fn of_cell(self) -> (Option<Color>, Option<Attribute>) {
        match self {
            Self::Plain => (None, None),
            Self::Faint => (None, Some(Attribute::Dim)),
            Self::Strong => (None, Some(Attribute::Bold)),
            Self::Bad => (Some(Color::DarkRed), Some(Attribute::Bold)),
            Self::Warn => (Some(Color::DarkYellow), None),
            Self::Rise => (Some(Color::DarkRed), None),
            Self::Fall => (Some(Color::DarkGreen), None),
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
