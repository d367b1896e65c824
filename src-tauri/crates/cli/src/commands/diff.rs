//! `autosync diff OLD NEW`: what differs between two maps.

use std::mem::ManuallyDrop;
use std::thread;

use engine::{ErrorCode, Result};

use crate::args::{DiffArgs, DiffFormat};
use crate::context::Context;
use crate::given;
use crate::output::{Answer, changes};

pub(super) fn run(context: &Context, args: &DiffArgs) -> Result<Answer> {
    if args.old == "-" && args.new == "-" {
        return Err(engine::Error::new(ErrorCode::Usage, "Only one of the two maps can come from stdin."));
    }
    let (new, set) = thread::scope(|scope| {
        let newer = given::ahead(scope, context, &args.new);
        // Neither map is freed: the process ends with this answer, and giving each page back costs more than that.
        let old = ManuallyDrop::new(given::parsed(given::bytes(context, &args.old)?, &args.old, None)?);
        let newer = newer()?;
        // The two ids are a third of all the work, and nothing waits for them before the end.
        thread::scope(|scope| {
            scope.spawn(|| old.revision());
            let new = ManuallyDrop::new(given::parsed(newer, &args.new, Some(&old))?);
            let set = costmap::diff(&old, &new);
            Ok::<_, engine::Error>((new, set))
        })
    })?;
    Answer::new(&context.screen, &set, || match args.format {
        DiffFormat::Text => changes::text(&context.screen, &set, &new),
        DiffFormat::Markdown => changes::markdown(&set, &new),
    })
}
