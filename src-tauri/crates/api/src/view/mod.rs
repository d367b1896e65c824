//! What the dashboard is given: plain data, ready to show, with no secret in it. TypeScript for all of it is generated
//! (`bindings.rs`), so that a field that changes here and not there fails the UI's type check.

mod changes;
mod doctor;
mod history;
mod models;
mod overlay;
mod pin;
mod place;
mod review;
mod settings;
mod stages;
mod state;
mod today;
mod update;
mod webhook;

pub use changes::{
    CauseView, ChangeGroup, ChangeKind, ChangeRow, ChangeSummary, Changes, Direction, FindingView, NoticeView,
    RevisionRow,
};
pub use doctor::{DoctorRow, DoctorView};
pub use history::{LogRow, ReceiptView, RunDetail, RunRow, StepTime};
pub use models::{FieldView, ModelDetail, ModelList, ModelRow, PricePoint, VerifiedRow, VerifyView};
pub use overlay::{DraftField, DraftValue, OverlayView, OwnCheck, OwnDraft, OwnEntryView, OwnFieldView};
pub use pin::{PinPreview, PinView, PromotionRow};
pub use place::{Attention, AttentionAction, Place, Tone};
pub use review::{ReviewDetail, ReviewItem, ReviewView, ScaleKind, ScalePoint};
pub use settings::{
    FoundProxy, GatewayProxy, GatewayView, KeyForm, OtherSourceView, ProblemView, ProxyForm, ProxySetting, ProxyTest,
    SettingsView, UsageView,
};
pub use stages::{StageProgress, StageView};
pub use state::{
    AppState, CountPoint, ErrorView, HostKind, OwnNote, PauseView, PromotedView, ProxyView, PublishView, RateView,
    RunningView, SourceView, StripRun, ToastView, ZeroView,
};
pub use today::{Today, TodayChange, TodayKind, TodayModel, TodayPrice};
pub use update::{FoundUpdate, UpdateStep, UpdateView};
pub use webhook::{WebhookForm, WebhookSetting, WebhookStateView, WebhookTest};
