//! What the proxy holds, and the order to fetch it anew.

use reqwest::{Method, StatusCode};

use super::answers::{ReloadAnswer, SourceInfo, text};
use super::call::Call;
use super::client::ProxyClient;
use crate::{Error, ErrorCode, Result};

impl ProxyClient {
    /// Calls that go on through the process that answers, this question not counted; `None` where it does not say. Of
    /// several processes each knows its own.
    pub async fn in_flight(&self) -> Option<u64> {
        let reply = self.keyed(Call::get("health/backlog")).await.ok().filter(|reply| reply.status.is_success())?;
        let all = reply.json()?.get("in_flight_requests")?.as_u64()?;
        Some(all.saturating_sub(1))
    }

    /// What one worker of the proxy says that it holds; `None` on versions before 1.81.15.
    pub async fn source_info(&self) -> Result<Option<SourceInfo>> {
        let what = "report its map's source";
        let reply = self.keyed(Call::get("model/cost_map/source")).await?;
        match reply.status {
            StatusCode::OK => match reply.json().and_then(SourceInfo::of) {
                Some(info) => Ok(Some(info)),
                None => Err(self.odd_answer(&reply, what)),
            },
            StatusCode::NOT_FOUND => Ok(None),
            _ => Err(self.refusal(&reply, what)),
        }
    }

    /// Asks `times` times, over connections of their own, and keeps the answers that tell of different maps. More than
    /// one: workers or replicas disagree; they follow at their next poll (trap 10). None: the version does not tell.
    pub async fn source_info_sampled(&self, times: usize) -> Result<Vec<SourceInfo>> {
        let mut distinct: Vec<SourceInfo> = Vec::new();
        for _ in 0..times {
            let Some(info) = self.source_info().await? else { break };
            if !distinct.iter().any(|known| known.agrees_with(&info)) {
                distinct.push(info);
            }
        }
        Ok(distinct)
    }

    /// The map that calls are priced by now, as bytes. It is not the file: configured models, expanded aliases and null
    /// fields are in it (trap 7).
    ///
    /// Errors: `live_map_broken` where the proxy fails to write it (a NaN price does that, trap 8), `unsupported`.
    pub async fn live_map(&self) -> Result<Vec<u8>> {
        self.read_map(Call::get("public/litellm_model_cost_map").long()).await
    }

    /// The map as it was loaded, with aliases as the proxy makes them and without what was registered since: the cleanest
    /// read-back (1.106). Older versions ignore the parameter and show the live map.
    ///
    /// Errors: as [`ProxyClient::live_map`].
    pub async fn catalog(&self) -> Result<Vec<u8>> {
        let query = vec![("catalog_only", "true".to_owned())];
        self.read_map(Call { query, ..Call::get("public/litellm_model_cost_map").long() }).await
    }

    async fn read_map(&self, call: Call<'_>) -> Result<Vec<u8>> {
        let mut reply = self.open(call).await?;
        if reply.status == StatusCode::NOT_FOUND {
            // Before 1.80.9 the map had another address and wanted the key.
            reply = self.keyed(Call::get("get/litellm_model_cost_map").long()).await?;
        }
        let broken = |what: &str| {
            let message = format!(
                "The live map of the proxy at {} cannot be read: {what}. This happens when a price isn't a number. The proxy still bills from that map; sync a sound one.",
                self.name()
            );
            Error::new(ErrorCode::LiveMapBroken, message)
        };
        match reply.status {
            StatusCode::OK if reply.bytes.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'{') => {
                Ok(reply.bytes)
            }
            StatusCode::OK => Err(broken("the answer isn't a JSON object")),
            StatusCode::INTERNAL_SERVER_ERROR if self.key.is_some() || reply.kind() != Some("no_db_connection") => {
                Err(broken("the proxy answered HTTP 500"))
            }
            _ => Err(self.refusal(&reply, "show its live map")),
        }
    }

    /// Has the proxy fetch its map anew. The answer proves nothing: up to 1.96 it says success after a failed fetch
    /// (trap 1). It concerns the worker that answered; the others follow.
    ///
    /// Errors: `unauthorised`, `no_key`, `no_database`, `proxy_failed` (it could not fetch, or could not digest the map),
    /// `proxy_unreachable` (which says nothing about what it did: read it back).
    pub async fn reload(&self) -> Result<ReloadAnswer> {
        let reply = self.keyed(Call::new(Method::POST, "reload/model_cost_map").long()).await?;
        let name = self.name();
        let failed = |message: String| self.with_reason(Error::new(ErrorCode::ProxyFailed, message), &reply);
        match reply.status {
            StatusCode::OK => match reply.json().and_then(ReloadAnswer::of) {
                Some(answer) => Ok(answer),
                None => Err(self.odd_answer(&reply, "reload its map")),
            },
            StatusCode::BAD_GATEWAY if !reply.is_gateway_trouble() => Err(failed(format!(
                "The proxy at {name} could not fetch the map from its source and kept its current one. Check that the proxy itself reaches the source."
            ))),
            StatusCode::INTERNAL_SERVER_ERROR => match self.refusal(&reply, "reload its map") {
                // Trap 6: its `/source` may name the new revision now, over the old map.
                error if error.code == ErrorCode::ProxyFailed => Err(failed(format!(
                    "The proxy at {name} fetched the map but could not load it, usually because an entry isn't an object. It still uses the old map, even if it reports the new revision."
                ))),
                error => Err(error),
            },
            _ => Err(self.refusal(&reply, "reload its map")),
        }
    }

    /// The models that can be *called* with this key. Not the cost map.
    pub async fn models(&self) -> Result<Vec<String>> {
        let what = "list its models";
        let reply = self.keyed(Call::get("v1/models")).await?;
        if !reply.status.is_success() {
            return Err(self.refusal(&reply, what));
        }
        let list =
            reply.json().and_then(|json| json.get("data")?.as_array()).ok_or_else(|| self.odd_answer(&reply, what))?;
        Ok(list.iter().filter_map(|model| text(model, "id")).collect())
    }

    /// How many models can be called with this key.
    pub async fn callable_models(&self) -> Result<u64> {
        Ok(self.models().await?.len() as u64)
    }
}
