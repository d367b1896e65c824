//! Which map a proxy is meant to have, and what follows from what the source has. Pure: time and facts come in as
//! arguments, decisions go out.

mod decide;
mod decisions;
mod desired;
mod stages;

pub(crate) use decide::baseline;
pub use decide::{Barred, Decision, Facts, decide, is_distant};
pub use decisions::{Decisions, Matter, Reviewed, Ruling, matters, reviewed};
pub use desired::{Desired, Known, Route};
pub(crate) use stages::is_at_source;
pub use stages::{At, Member, Progress, Proof, Stage, StageFacts, StageState};
