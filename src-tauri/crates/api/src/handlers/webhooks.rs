//! Webhooks: save, remove, test. An address goes into the key store and is never told again.

use engine::settings::{KeyPlace, SettingsEdit, Webhook, WebhookDocument};
use engine::webhooks::{WebhookStatus, WebhookUrl, statuses, test};
use engine::{Error, ErrorCode, Result};
use secrecy::SecretString;

use crate::commands::{SaveWebhookArgs, WebhookArg};
use crate::view::{ErrorView, KeyForm, SettingsView, WebhookSetting, WebhookStateView, WebhookTest};
use crate::{Api, Chosen};

impl Api {
    pub(super) async fn webhooks(&self, chosen: &Chosen) -> Result<Vec<WebhookSetting>> {
        let states = statuses(self.engine.ledger(), &chosen.settings, self.now()).await?;
        let setting = |(webhook, status): (&Webhook, WebhookStatus)| WebhookSetting {
            name: webhook.name.to_string(),
            kind: webhook.kind.to_string(),
            url_variable: match &webhook.url {
                KeyPlace::Env(variable) => Some(variable.clone()),
                KeyPlace::Keyring => None,
            },
            alerts: webhook.alerts.iter().map(ToString::to_string).collect(),
            enabled: webhook.enabled,
            state: WebhookStateView::from(&status),
        };
        Ok(chosen.settings.webhooks.iter().zip(states).map(setting).collect())
    }

    pub(crate) async fn save_webhook(&self, args: SaveWebhookArgs) -> Result<SettingsView> {
        let form = args.form;
        let document = WebhookDocument {
            name: form.edits.clone().unwrap_or(form.name),
            kind: form.kind,
            url: match &form.url {
                KeyForm::Keyring { .. } => KeyPlace::Keyring.to_string(),
                KeyForm::Env { variable } => format!("env:{}", variable.trim()),
            },
            alerts: Some(form.alerts),
            enabled: form.enabled,
        };
        let webhook = Webhook::try_from(&document)?;
        let settings = self.chosen()?.settings;
        let known = settings.webhook(webhook.name.as_str()).ok();
        if form.edits.is_none() && known.is_some() {
            let message = format!("There is already a webhook named {}. Nothing was changed.", webhook.name);
            return Err(Error::new(ErrorCode::AlreadyExists, message).field("name"));
        }
        let is_kept = known.is_some_and(|known| known.url == KeyPlace::Keyring);
        let url = match form.url {
            KeyForm::Keyring { secret: Some(secret) } => Some(WebhookUrl::parse(&SecretString::from(secret))?),
            KeyForm::Keyring { secret: None } if !is_kept => {
                let message = "Enter the address of this webhook, as the chat program shows it.";
                return Err(Error::new(ErrorCode::NoKey, message).field("url"));
            }
            _ => None,
        };
        if let Some(url) = &url {
            let saved = self.secrets().set_webhook(&webhook.name, url).await;
            saved.map_err(|error| error.field("url"))?;
        }
        let edit = match form.edits {
            None => SettingsEdit::AddWebhook { webhook: document },
            Some(_) => SettingsEdit::SetWebhook { webhook: document },
        };
        let is_new = matches!(edit, SettingsEdit::AddWebhook { .. });
        if let Err(error) = self.engine.edit(edit).await {
            if is_new && url.is_some() {
                self.secrets().delete_webhook(&webhook.name).await.ok();
            }
            return Err(error);
        }
        self.settings(()).await
    }

    pub(crate) async fn remove_webhook(&self, args: WebhookArg) -> Result<SettingsView> {
        let webhook = self.chosen()?.settings.webhook(&args.webhook)?.clone();
        self.engine.edit(SettingsEdit::RemoveWebhook { name: webhook.name.to_string() }).await?;
        if webhook.url == KeyPlace::Keyring
            && let Err(error) = self.secrets().delete_webhook(&webhook.name).await
        {
            tracing::warn!(%error, "the address of a removed webhook may still be in the key store");
        }
        self.settings(()).await
    }

    pub(crate) async fn test_webhook(&self, args: WebhookArg) -> Result<WebhookTest> {
        let settings = self.chosen()?.settings;
        let webhook = settings.webhook(&args.webhook)?;
        let report = test(&settings, webhook, &self.secrets(), &*self.environment, &self.clock).await?;
        self.engine.ledger().try_now(webhook.name.as_str()).await?;
        Ok(WebhookTest { milliseconds: report.milliseconds })
    }
}

impl From<&WebhookStatus> for WebhookStateView {
    fn from(status: &WebhookStatus) -> Self {
        let state = &status.state;
        Self {
            name: status.name.clone(),
            waiting: state.waiting,
            last_delivered: state.last_delivered,
            error: state.error.as_ref().map(ErrorView::from),
            failing_since: state.failing_since,
            next_try: state.next_try,
            given_up: state.given_up,
        }
    }
}
