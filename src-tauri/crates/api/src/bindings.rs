//! TypeScript for the commands and the views: `ui/src/host/bindings.ts`. A test writes it anew and fails where the file
//! differed, so that Rust and the UI cannot drift apart.

use std::any::TypeId;
use std::collections::{BTreeMap, HashSet};
use std::fmt::Write;

use engine::status::NAMED_UNPRICED;
use ts_rs::{Config, TS, TypeVisitor};

use crate::AppEvent;
use crate::commands::declare;

/// The types and commands met so far.
pub(crate) struct Declarations {
    config: Config,
    seen: HashSet<TypeId>,
    types: BTreeMap<String, String>,
    commands: String,
}

impl Declarations {
    /// A command with its arguments and its answer.
    pub(crate) fn command<A: TS + 'static, R: TS + 'static>(&mut self, name: &str, docs: &[&str]) {
        self.visit::<A>();
        self.visit::<R>();
        let (args, result) = (A::name(&self.config), R::name(&self.config));
        for line in docs {
            let _infallible = writeln!(self.commands, "  /** {} */", line.trim());
        }
        let _infallible = writeln!(self.commands, "  {name}: {{ args: {args}; result: {result} }};");
    }
}

impl TypeVisitor for Declarations {
    fn visit<T: TS + 'static + ?Sized>(&mut self) {
        if !self.seen.insert(TypeId::of::<T>()) {
            return;
        }
        if T::output_path().is_some() {
            let docs = T::docs().unwrap_or_default();
            self.types.insert(T::ident(&self.config), format!("{docs}export {}", T::decl(&self.config)));
        }
        T::visit_dependencies(self);
        T::visit_generics(self);
    }
}

/// The whole file.
pub fn typescript() -> String {
    let mut declarations = Declarations {
        config: Config::new().with_large_int("number"),
        seen: HashSet::new(),
        types: BTreeMap::new(),
        commands: String::new(),
    };
    declare(&mut declarations);
    declarations.visit::<AppEvent>();
    let types: Vec<String> = declarations.types.into_values().collect();
    format!(
        "// Made from Rust by `cargo test -p api bindings`; not to be edited.\n\n/** How many unpriced models of a proxy are named at most: a list of as many may be cut. */\nexport const NAMED_UNPRICED = {NAMED_UNPRICED};\n\n{}\n\n/** Every command: what it is given and what it answers. */\nexport interface Commands {{\n{}}}\n",
        types.join("\n\n"),
        declarations.commands
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_typescript_of_the_ui_is_made_from_this_code() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../ui/src/host/bindings.ts");
        let fresh = typescript();
        let old = std::fs::read_to_string(path).unwrap_or_default().replace("\r\n", "\n");
        if old != fresh {
            std::fs::write(path, &fresh).unwrap();
            panic!("ui/src/host/bindings.ts was out of date and has been written anew: look at it and commit it");
        }
    }
}
