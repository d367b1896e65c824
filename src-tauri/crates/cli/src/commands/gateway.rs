//! `autosync gateway status|on|off`: the server from which proxies read what was promoted.

use engine::Result;
use engine::gateway::{DEFAULT_GATEWAY_PORT, GatewayAddress, GatewayState, known_state};
use engine::home::HomeLock;
use engine::settings::{Proxy, SettingsEdit};

use super::with_problems;
use crate::args::GatewayCommand;
use crate::context::Context;
use crate::output::grid::{Grid, Head, cell, toned};
use crate::output::tone::{Tone, paint};
use crate::output::{Answer, Screen, safe, when};

pub(super) async fn run(context: &Context, command: GatewayCommand) -> Result<Answer> {
    let listen = match command {
        GatewayCommand::Status => return status(context).await,
        GatewayCommand::On { address } => address.unwrap_or_else(|| format!("127.0.0.1:{DEFAULT_GATEWAY_PORT}")),
        GatewayCommand::Off => "off".to_owned(),
    };
    context.access().await?.change(context, SettingsEdit::SetGateway { listen }).await?;
    status(context).await
}

async fn status(context: &Context) -> Result<Answer> {
    let chosen = context.settings()?;
    let is_held = HomeLock::holder(&context.home()?).is_some();
    let ledger = context.ledger().await?;
    let (state, address) = known_state(ledger.as_ref(), chosen.settings.gateway, is_held).await?;
    // Before it ever listened, what proxies will read is known where it has no prefix.
    let address = address.or_else(|| {
        let listen = chosen.settings.gateway.filter(|listen| listen.ip().is_loopback())?;
        Some(GatewayAddress { listen, prefix: None })
    });
    let proxies = &chosen.settings.proxies;
    let answer = Answer::new(&context.screen, &state, || text(&context.screen, &state, address.as_ref(), proxies))?;
    Ok(with_problems(answer, &chosen.problems))
}

fn text(screen: &Screen, state: &GatewayState, address: Option<&GatewayAddress>, proxies: &[Proxy]) -> String {
    let Some(listen) = state.listen else {
        return "The gateway is off. `autosync gateway on` turns it on; then bad prices never reach the proxies that read it."
            .to_owned();
    };
    let mut out = match (&state.error, state.on) {
        (Some(error), _) => format!("{}\n", paint(Tone::Bad, &safe(&error.message))),
        (None, true) => format!("The gateway listens at {listen}.\n"),
        (None, false) => format!(
            "The gateway is set to {listen}, but it is not running: it runs with the app or `autosync watch`. Until then, a \
             reload of the proxies that read it fails, and one that restarts takes the map in its installation.\n"
        ),
    };
    let Some(address) = address else { return out };
    if proxies.is_empty() {
        return out;
    }
    out.push_str("\nTo have a proxy read it, set LITELLM_MODEL_COST_MAP_URL for it and restart it:\n\n");
    let mut grid = Grid::new(screen, &[Head::Left("proxy"), Head::Left("reads"), Head::Left("last fetch")]);
    for proxy in proxies {
        let name = proxy.name.as_str();
        let reader = state.readers.iter().find(|reader| reader.proxy == name);
        grid.row([
            cell(name),
            cell(address.url(Some(name))),
            match reader {
                Some(reader) => cell(format!("{}, {}", when::exact(reader.last_fetch), reader.revision.short())),
                None => toned(Tone::Faint, "never"),
            },
        ]);
    }
    out + &grid.text()
}
