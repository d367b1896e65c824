//! `autosync check MAP`: what the checks say about a map, without touching anything.

use std::mem::ManuallyDrop;
use std::thread;

use costmap::check::check_bytes;
use costmap::people::thousands;
use costmap::{CheckReport, Verdict};
use engine::{ErrorCode, Result};

use crate::args::CheckArgs;
use crate::context::Context;
use crate::given;
use crate::output::findings::{self, verdict_word};
use crate::output::{Answer, Screen, count, safe, tone};

pub(super) fn run(context: &Context, args: &CheckArgs) -> Result<Answer> {
    // No map is freed: the process ends with this answer, and giving each page back costs more than that.
    let (report, _map) = if let Some(old) = &args.against {
        thread::scope(|scope| {
            let newer = given::ahead(scope, context, &args.map);
            let old = ManuallyDrop::new(given::parsed(given::bytes(context, old)?, old, None)?);
            let (report, map) = check_bytes(newer()?, Some(&old));
            Ok::<_, engine::Error>((report, ManuallyDrop::new(map)))
        })?
    } else {
        let (report, map) = check_bytes(given::bytes(context, &args.map)?, None);
        (report, ManuallyDrop::new(map))
    };
    let answer = Answer::new(&context.screen, &report, || text(&context.screen, &args.map, &report))?;
    Ok(answer.exit(if report.verdict == Verdict::Held { ErrorCode::Held.exit_code() } else { 0 }))
}

fn text(screen: &Screen, name: &str, report: &CheckReport) -> String {
    let (word, tone) = verdict_word(report.verdict);
    let mut out = format!("{}  {}\n", tone::paint(tone, word), safe(name));
    out.push_str(&format!(
        "revision {}, {} bytes, {}\n",
        report.revision,
        thousands(report.bytes),
        count(report.models, "model")
    ));
    if !report.findings.is_empty() {
        out.push('\n');
        out.push_str(&findings::text(screen, &report.findings));
    }
    out.push('\n');
    out.push_str(match report.verdict {
        Verdict::Accepted => "No problems found in this map.",
        Verdict::Review => "The models above need review; the rest of the map is accepted.",
        Verdict::Held => "This map would be held: no proxy would be reloaded, and the promoted map would stay.",
    });
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::tests::{pipe, plain};

    #[test]
    fn a_held_map_says_why_and_what_stays() {
        let (report, _) = check_bytes(b"{\"gpt\": ".as_slice(), None);
        insta::assert_snapshot!(plain(&text(&pipe(), "bad\u{1b}[2J.json", &report)));
    }
}
