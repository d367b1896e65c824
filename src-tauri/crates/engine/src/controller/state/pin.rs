//! Pins and rollbacks.

use super::Controller;
use crate::ledger::{Pinning, Prices};
use crate::pin::{PinOrder, PinPlan, plan};
use crate::sync::parsed;
use crate::{Error, ErrorCode, Result};

impl Controller {
    /// Holds proxies at a map that was promoted before: all of it is written down, or nothing.
    pub(super) async fn pin(&mut self, order: &PinOrder) -> Result<()> {
        let proxy = self.known_name(order.proxy.as_deref())?;
        self.needs_gateway(proxy.as_deref())?;
        let ledger = &self.parts.ledger;
        let order = PinOrder { proxy: proxy.clone(), ..order.clone() };
        let PinPlan { number, bad, to, .. } = plan(ledger, &order, &self.effective).await?;
        // What proxies that read the gateway bill by from now on.
        let prices = match proxy {
            Some(_) => None,
            None => parsed(ledger, &to.revision).await?.map(|map| Prices::of(&map)),
        };
        let pinning = Pinning { proxy, promotion: number, resumes: order.rollback, bad, prices };
        ledger.pin(pinning, self.parts.clock.now()).await?;
        self.load_promoted().await
    }

    /// Lets proxies follow the source again.
    pub(super) async fn unpin(&mut self, proxy: Option<&str>) -> Result<()> {
        let proxy = self.known_name(proxy)?;
        let is_pinned = match &proxy {
            Some(name) => self.pins.each.iter().any(|pin| pin.proxy.as_deref() == Some(name.as_str())),
            None => !self.pins.is_empty(),
        };
        if !is_pinned {
            let message = match &proxy {
                Some(name) => format!("{name} has no pin of its own. Nothing was changed."),
                None => "Nothing is pinned. Nothing was changed.".to_owned(),
            };
            return Err(Error::new(ErrorCode::NotFound, message).field("proxy"));
        }
        self.parts.ledger.unpin(proxy, self.parts.clock.now()).await?;
        self.load_promoted().await
    }

    /// The name as the settings have it.
    fn known_name(&self, proxy: Option<&str>) -> Result<Option<String>> {
        proxy.map(|name| self.effective.proxy(name).map(|proxy| proxy.name.to_string())).transpose()
    }
}
