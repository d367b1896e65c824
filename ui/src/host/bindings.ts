// Made from Rust by `cargo test -p api bindings`; not to be edited.

/** How many unpriced models of a proxy are named at most: a list of as many may be cut. */
export const NAMED_UNPRICED = 100;

/**
 * What is pushed to the dashboard.
 */
export type AppEvent = { "event": "state", 
/**
 * All of it.
 */
state: AppState, } | { "event": "open", 
/**
 * Where.
 */
place: Place, };

/**
 * The state. An older `revision` than the one known is dropped.
 */
export type AppState = { 
/**
 * Grows with each change.
 */
revision: number, 
/**
 * The time of this state.
 */
now: string, 
/**
 * The program's version.
 */
version: string, 
/**
 * `linux`, `macos` or `windows`.
 */
platform: string, 
/**
 * Where the dashboard is shown.
 */
host: HostKind, 
/**
 * No proxy yet, and the welcome was not finished or skipped.
 */
first_run: boolean, 
/**
 * `system`, `light` or `dark`.
 */
theme: string, 
/**
 * Where maps come from.
 */
source: SourceView, 
/**
 * What was promoted last: what proxies are meant to have, unless it is on its way to production.
 */
promoted: PromotedView | null, 
/**
 * How far the map is on its way to production: each stage with proxies. Empty where all proxies get it at once.
 */
stages: Array<StageView>, 
/**
 * What proxies are held at: that of all of them first.
 */
pins: Array<PinView>, 
/**
 * The user's own entries.
 */
own: OwnNote, 
/**
 * What is published; null: nothing is.
 */
publish: PublishView | null, 
/**
 * How far each webhook has got.
 */
webhooks: Array<WebhookStateView>, 
/**
 * Whether the schedule is paused.
 */
pause: PauseView | null, 
/**
 * Each proxy, in the order of the settings.
 */
proxies: Array<ProxyView>, 
/**
 * What a person should look at, the worst first.
 */
attention: Array<Attention>, 
/**
 * When the last proved sync of any proxy ended.
 */
last_sync: string | null, 
/**
 * When the schedule is due next.
 */
next_sync: string | null, 
/**
 * Models in the source over the last 30 days, the oldest first.
 */
model_counts: Array<CountPoint>, 
/**
 * The newest revision's changes against the one before.
 */
latest_changes: ChangeSummary | null, 
/**
 * What is new today; `None` until a second map was promoted.
 */
today: Today | null, 
/**
 * Newer versions of this program.
 */
update: UpdateView, 
/**
 * Why there is no icon in the tray; null where there is one, or none is meant to be.
 */
tray_problem: string | null, 
/**
 * Whether toasts can be shown.
 */
toasts: ToastView, };

/**
 * One thing that needs a person.
 */
export type Attention = { 
/**
 * Stable while the matter is the same: `down:build-box`.
 */
id: string, 
/**
 * How grave.
 */
tone: Tone, 
/**
 * The fact: "build-box is down."
 */
title: string, 
/**
 * What it means, with what was not changed.
 */
text: string, 
/**
 * A model or a revision to show in mono before `text`.
 */
subject: string | null, 
/**
 * A proxy's card says it, so the overview does not say it again above.
 */
in_card: boolean, 
/**
 * The one thing that resolves it.
 */
action: AttentionAction, };

/**
 * What resolves it.
 */
export type AttentionAction = { "kind": "open", 
/**
 * The button's label.
 */
label: string, 
/**
 * Where.
 */
place: Place, } | { "kind": "sync", 
/**
 * The button's label.
 */
label: string, 
/**
 * Which.
 */
proxy: string, } | { "kind": "ask", 
/**
 * The button's label.
 */
label: string, 
/**
 * Which.
 */
proxy: string, } | { "kind": "sync_all", 
/**
 * The button's label.
 */
label: string, 
/**
 * Which.
 */
proxies: Array<string>, } | { "kind": "ask_all", 
/**
 * The button's label.
 */
label: string, 
/**
 * Which.
 */
proxies: Array<string>, } | { "kind": "promote", 
/**
 * The button's label.
 */
label: string, 
/**
 * To which.
 */
to: string, } | { "kind": "unpin", 
/**
 * The button's label.
 */
label: string, 
/**
 * Whose own pin; null: every pin.
 */
proxy: string | null, } | { "kind": "check_source", 
/**
 * The button's label.
 */
label: string, };

/**
 * What the checks said, one line a cause.
 */
export type CauseView = { 
/**
 * The rule's id.
 */
rule: string, 
/**
 * `hold`, `review` or `info`.
 */
severity: string, 
/**
 * Its entries cannot be priced at all.
 */
broken: boolean, 
/**
 * One sentence for all of it.
 */
message: string, 
/**
 * The models concerned, mine first; at most 500.
 */
models: Array<string>, 
/**
 * How many models are concerned; 0 for the map as a whole.
 */
count: number, 
/**
 * How many of the named models a proxy uses.
 */
mine: number, };

/**
 * All changes of one kind.
 */
export type ChangeGroup = { 
/**
 * Which kind.
 */
kind: ChangeKind, 
/**
 * How many models it concerns.
 */
models: number, 
/**
 * Of these, models that a proxy uses.
 */
mine: number, 
/**
 * Of the prices, how many rise.
 */
rises: number, 
/**
 * Of the prices, how many fall.
 */
falls: number, 
/**
 * Each of them.
 */
rows: Array<ChangeRow>, };

/**
 * What kind of change.
 */
export type ChangeKind = "repriced" | "alias" | "new" | "removed" | "limits" | "capabilities" | "provider" | "deprecation" | "other";

/**
 * One row of the diff.
 */
export type ChangeRow = { 
/**
 * The model.
 */
model: string, 
/**
 * Its provider.
 */
provider: string | null, 
/**
 * Its mode.
 */
mode: string | null, 
/**
 * The field's path; empty for a model that is new or gone.
 */
field: string, 
/**
 * The field for people: "Input", "Cached input, over 200k".
 */
label: string, 
/**
 * The old value as people read it: prices scaled to `unit`. `None`: it was not there.
 */
before: string | null, 
/**
 * The new value.
 */
after: string | null, 
/**
 * What a price is for where it is not a million tokens: "per image". `None` for tokens and for what is no price.
 */
unit: string | null, 
/**
 * The change in per cent, where both are numbers and the old one is not 0.
 */
percent: number | null, 
/**
 * after / before.
 */
ratio: number | null, 
/**
 * Whether a price rises.
 */
direction: Direction, 
/**
 * The proxies that use this model.
 */
proxies: Array<string>, 
/**
 * For a new or removed model: its input price per million tokens.
 */
input: string | null, 
/**
 * For a new or removed model: its output price per million tokens.
 */
output: string | null, 
/**
 * For a new or removed model: its context window in tokens.
 */
context: number | null, 
/**
 * The checks hold this model's entry back.
 */
held: boolean, };

/**
 * How many changes of each kind.
 */
export type ChangeSummary = { 
/**
 * The old map.
 */
from: string, 
/**
 * The new map.
 */
to: string, 
/**
 * New models.
 */
new_models: number, 
/**
 * Models that are gone.
 */
removed_models: number, 
/**
 * Models with another price.
 */
repriced_models: number, 
/**
 * Of these, models that a proxy uses.
 */
repriced_mine: number, 
/**
 * Other names that came, went or stand for another model.
 */
aliases: number, 
/**
 * Models with another limit.
 */
limits: number, 
/**
 * Models of which anything else differs.
 */
other: number, };

/**
 * Everything that differs between two maps.
 */
export type Changes = { 
/**
 * The old map.
 */
from: RevisionRow, 
/**
 * The new map.
 */
to: RevisionRow, 
/**
 * How many revisions lie between them, the new one included.
 */
revisions: number, 
/**
 * How many of each kind.
 */
summary: ChangeSummary, 
/**
 * The changes, the most important kind first; kinds without a change are left out.
 */
groups: Array<ChangeGroup>, 
/**
 * Many equal changes told as one; these are not in `groups`.
 */
notices: Array<NoticeView>, 
/**
 * What the checks said of the new map: holds, reviews and repairs, one line a cause, the worst first.
 */
causes: Array<CauseView>, 
/**
 * How many entries of the new map are to be reviewed, those whose findings are not listed included.
 */
to_review: number, };

/**
 * Which two maps.
 */
export type ChangesArgs = { 
/**
 * The old one; `None`: the one before `to`.
 */
from: string | null, 
/**
 * The new one; `None`: the newest.
 */
to: string | null, };

/**
 * Models in the source at a time.
 */
export type CountPoint = { 
/**
 * When that revision was first seen.
 */
at: string, 
/**
 * Its models.
 */
models: number, };

/**
 * What was decided.
 */
export type DecideArgs = { 
/**
 * The models.
 */
models: Array<string>, 
/**
 * The source's map whose values were looked at; a decision about others is refused.
 */
revision: string | null, 
/**
 * `approved` or `rejected`; null takes the decision back.
 */
ruling: 'approved' | 'rejected' | null, };

/**
 * Whether a price rises.
 */
export type Direction = "rise" | "fall" | "none";

/**
 * What to look into.
 */
export type DoctorArgs = { 
/**
 * Why is this model not there, or not at this price? `None`: why is the proxy not in sync?
 */
model: string | null, 
/**
 * The proxy; `None`: all of them.
 */
proxy: string | null, };

/**
 * One thing that was looked at.
 */
export type DoctorRow = { 
/**
 * What: `source`, `key`, `reads`, `model`, …
 */
about: string, 
/**
 * `ok`, `warn` or `fail`.
 */
state: 'ok' | 'warn' | 'fail', 
/**
 * The stable id of the cause: `source.dns`.
 */
cause: string | null, 
/**
 * What was found.
 */
message: string, 
/**
 * What shows it.
 */
evidence: string | null, 
/**
 * What to do.
 */
remedy: string | null, 
/**
 * The button that does it, or opens the place where it is done.
 */
action: AttentionAction | null, };

/**
 * What the doctor found.
 */
export type DoctorView = { 
/**
 * The model that was asked for.
 */
model: string | null, 
/**
 * The proxy that was asked; `None`: all of them.
 */
proxy: string | null, 
/**
 * The one cause; `None` where nothing stands in the way.
 */
cause: DoctorRow | null, 
/**
 * What was found of the model where nothing stands in its way.
 */
fine: string | null, 
/**
 * Everything that was looked at, in the order of the chain.
 */
rows: Array<DoctorRow>, };

/**
 * One price in the form. All values are decimals in USD per unit.
 */
export type DraftField = { 
/**
 * Its path: `input_cost_per_token`.
 */
field: string, 
/**
 * For people: "Input".
 */
label: string, 
/**
 * What it is for as people read it: "per 1M tokens".
 */
per: string, 
/**
 * People read the value times ten to this: 6 for a price per token.
 */
power: number, 
/**
 * What it is for as it is stored: "per token".
 */
stored_per: string, 
/**
 * The user's own value.
 */
own: string | null, 
/**
 * Upstream's.
 */
upstream: string | null, 
/**
 * The relative's.
 */
suggested: string | null, };

/**
 * Another field that a new entry needs.
 */
export type DraftValue = { 
/**
 * Its path.
 */
field: string, 
/**
 * A JSON value as text.
 */
value: string, };

/**
 * An error as it crosses the border: callers branch on `code`, people read `message`.
 */
export type ErrorView = { 
/**
 * What programs branch on: `proxy_unreachable`.
 */
code: string, 
/**
 * One or two plain sentences: what happened, what was not changed, what to do.
 */
message: string, 
/**
 * The evidence.
 */
detail: string | null, 
/**
 * The field that is wrong.
 */
field: string | null, };

/**
 * One field of an entry.
 */
export type FieldView = { 
/**
 * Its path.
 */
path: string, 
/**
 * Its value as it stands in the map, bounded in length.
 */
value: string, 
/**
 * A price as people read it: "15.00 per 1M tokens".
 */
price: string | null, };

/**
 * What a check said.
 */
export type FindingView = { 
/**
 * The rule's id.
 */
rule: string, 
/**
 * `hold`, `review` or `info`.
 */
severity: string, 
/**
 * The model.
 */
model: string | null, 
/**
 * The field's path.
 */
field: string | null, 
/**
 * A plain sentence.
 */
message: string, };

/**
 * A LiteLLM proxy on this machine.
 */
export type FoundProxy = { 
/**
 * Its address.
 */
url: string, 
/**
 * LiteLLM's version.
 */
version: string, 
/**
 * How long its answer took.
 */
milliseconds: number, };

/**
 * A newer version.
 */
export type FoundUpdate = { 
/**
 * Its version.
 */
version: string, 
/**
 * What is new in it, as its release says.
 */
notes: string | null, 
/**
 * It can be installed from here; else it is fetched as this program was.
 */
can_install: boolean, 
/**
 * The user wants to hear no more of it.
 */
skipped: boolean, };

/**
 * One proxy at the gateway.
 */
export type GatewayProxy = { 
/**
 * Its name.
 */
name: string, 
/**
 * Its own address, as a proxy on this machine is told.
 */
url: string, 
/**
 * It says that it reads it, or came for its map.
 */
is_read: boolean, 
/**
 * When it came last.
 */
last_fetch: string | null, };

/**
 * The gateway: from it proxies read what was promoted.
 */
export type GatewayView = { 
/**
 * Where it listens, or `off`.
 */
listen: string, 
/**
 * Where it listens unless told otherwise.
 */
default_listen: string, 
/**
 * It listens now.
 */
on: boolean, 
/**
 * Why it does not although it should.
 */
error: string | null, 
/**
 * What each proxy has to read, and whether it does.
 */
proxies: Array<GatewayProxy>, };

/**
 * A page of runs.
 */
export type HistoryArgs = { 
/**
 * Only of this proxy.
 */
proxy: string | null, 
/**
 * Only those that ended so, or are under way.
 */
outcome: RunRow['outcome'] | null, 
/**
 * Only those older than this run.
 */
before: number | null, 
/**
 * At most so many; never more than 200.
 */
limit: number, };

/**
 * Where the dashboard is shown.
 */
export type HostKind = "desktop" | "browser";

/**
 * Where a key comes from. A key goes in and never comes out.
 */
export type KeyForm = { "place": "keyring", 
/**
 * The key; `None` keeps the one that is there.
 */
secret: string | null, } | { "place": "env", 
/**
 * Its name.
 */
variable: string, };

/**
 * How many lines of the log.
 */
export type LogArgs = { 
/**
 * At most so many, the newest; never more than 500.
 */
limit: number, };

/**
 * A line of the sync log.
 */
export type LogRow = { 
/**
 * When.
 */
timestamp: string, 
/**
 * `success`, `unchanged`, `held`, `failed`, `unproven` or `interrupted`.
 */
status: string, 
/**
 * The proxy.
 */
proxy: string, 
/**
 * The line as it stands in the file.
 */
line: string, };

/**
 * One model.
 */
export type ModelArg = { 
/**
 * Its name in the map.
 */
model: string, };

/**
 * One entry in depth.
 */
export type ModelDetail = { 
/**
 * Its name.
 */
name: string, 
/**
 * The model that it is another name for; its values are that one's.
 */
alias_of: string | null, 
/**
 * Its provider.
 */
provider: string | null, 
/**
 * Its mode.
 */
mode: string | null, 
/**
 * What it can do.
 */
capabilities: Array<string>, 
/**
 * When its provider retires it.
 */
deprecation: string | null, 
/**
 * The proxies that use it.
 */
proxies: Array<string>, 
/**
 * Every field.
 */
fields: Array<FieldView>, 
/**
 * Its prices over the maps kept here, the oldest first; only where something changed.
 */
history: Array<PricePoint>, 
/**
 * Why its newest entry is held back.
 */
findings: Array<FindingView>, 
/**
 * The user's own entry for it.
 */
own: OwnEntryView | null, };

/**
 * All entries.
 */
export type ModelList = { 
/**
 * Which map; `None` when nothing is promoted yet.
 */
revision: string | null, 
/**
 * The names of all capabilities: `vision`.
 */
capabilities: Array<string>, 
/**
 * The names of all proxies.
 */
proxies: Array<string>, 
/**
 * The entries, by name.
 */
rows: Array<ModelRow>, };

/**
 * One entry.
 */
export type ModelRow = { 
/**
 * Its name.
 */
name: string, 
/**
 * The model that it is another name for; its values are that one's.
 */
alias_of: string | null, 
/**
 * Its provider.
 */
provider: string | null, 
/**
 * Its mode.
 */
mode: string | null, 
/**
 * Its input price in USD per million tokens, as people read it.
 */
input: string | null, 
/**
 * Its output price in USD per million tokens.
 */
output: string | null, 
/**
 * Another price where it has none for tokens: "0.04 per image".
 */
other_price: string | null, 
/**
 * Its context window in tokens.
 */
context: number | null, 
/**
 * What it can put out in tokens.
 */
max_output: number | null, 
/**
 * What it can do: places in [`ModelList::capabilities`].
 */
can: Array<number>, 
/**
 * When its provider retires it: `2026-10-01`.
 */
deprecation: string | null, 
/**
 * The proxies that use it: places in [`ModelList::proxies`].
 */
on: Array<number>, 
/**
 * The checks hold its newest entry back.
 */
held: boolean, 
/**
 * The user has an own entry for it; what is shown is what proxies bill by, with or without it.
 */
own: OwnEntryView | null, };

/**
 * Many equal changes told as one.
 */
export type NoticeView = { 
/**
 * The rule's id.
 */
rule: string, 
/**
 * How many models it concerns.
 */
models: number, 
/**
 * A plain sentence.
 */
message: string, };

/**
 * What to open outside of the dashboard.
 */
export type OpenArgs = { 
/**
 * Which.
 */
what: Outside, };

/**
 * Another source than ours, which a proxy reads.
 */
export type OtherSourceView = { 
/**
 * What is so, and what to do.
 */
message: string, 
/**
 * The address that can be used here too.
 */
usable: string | null, };

/**
 * Things outside of the dashboard.
 */
export type Outside = "logs" | "data";

/**
 * All own entries.
 */
export type OverlayView = { 
/**
 * The entries, by name.
 */
entries: Array<OwnEntryView>, 
/**
 * Why the file is not used as it is.
 */
error: ErrorView | null, 
/**
 * The file, which can also be edited by hand.
 */
path: string, 
/**
 * Own entries count: there is a gateway from which proxies can read them.
 */
counts: boolean, 
/**
 * Proxies that read the source themselves, and so do not bill by own entries.
 */
direct: Array<string>, };

/**
 * An own entry.
 */
export type OwnArgs = { 
/**
 * The model.
 */
model: string, 
/**
 * A JSON object, as text: numbers keep every digit.
 */
fields: string, 
/**
 * The own entry is this and nothing else; false: its other fields stay.
 */
whole: boolean, };

/**
 * What the checks say of what is typed.
 */
export type OwnCheck = { 
/**
 * Why it cannot be saved.
 */
problem: string | null, 
/**
 * What looks odd; it can be saved all the same.
 */
warnings: Array<string>, };

/**
 * What the form begins with.
 */
export type OwnDraft = { 
/**
 * The model.
 */
model: string, 
/**
 * Upstream has it.
 */
is_known: boolean, 
/**
 * There is an own entry already.
 */
is_own: boolean, 
/**
 * Its prices, and the usual ones where it has none.
 */
fields: Array<DraftField>, 
/**
 * Upstream has no price for it: the model from which the values are suggested.
 */
relative: string | null, 
/**
 * What a new entry also needs, suggested from that model: `litellm_provider` and `mode` as JSON values.
 */
other: Array<DraftValue>, 
/**
 * The own entry as JSON text; `{}` without one.
 */
json: string, };

/**
 * One own entry.
 */
export type OwnEntryView = { 
/**
 * The model.
 */
model: string, 
/**
 * Upstream has no such model, other values, or the same now.
 */
upstream: 'absent' | 'differs' | 'same', 
/**
 * Upstream changed since it was saved.
 */
moved: boolean, 
/**
 * Why it is not used.
 */
problem: string | null, 
/**
 * Each field.
 */
fields: Array<OwnFieldView>, 
/**
 * The entry as JSON text.
 */
json: string, 
/**
 * The proxies that use it.
 */
proxies: Array<string>, };

/**
 * One field, the user's beside upstream's.
 */
export type OwnFieldView = { 
/**
 * Its path.
 */
field: string, 
/**
 * For people: "Input".
 */
label: string, 
/**
 * What a price is for: "per 1M tokens"; empty for what is no price.
 */
unit: string, 
/**
 * The value as people read it.
 */
value: string, 
/**
 * Upstream's; null where it has none.
 */
upstream: string | null, };

/**
 * The user's own entries in a few words.
 */
export type OwnNote = { 
/**
 * How many there are.
 */
entries: number, 
/**
 * Those where upstream changed since they were saved.
 */
moved: Array<string>, 
/**
 * Those of them where upstream has the same now.
 */
same: Array<string>, 
/**
 * Those that are not used, and why the file is not.
 */
problem: string | null, };

/**
 * How long to pause.
 */
export type PauseArgs = { 
/**
 * `30m`, `1h`, `tomorrow`, or nothing: until resumed.
 */
length: string | null, };

/**
 * The schedule is paused.
 */
export type PauseView = { 
/**
 * Until when; `None` until a person resumes.
 */
until: string | null, };

/**
 * What proxies are to be held at.
 */
export type PinArgs = { 
/**
 * The revision; null: what is promoted now, or for a rollback the one before.
 */
revision: string | null, 
/**
 * Which proxy; null: all.
 */
proxy: string | null, 
/**
 * What is promoted now is bad.
 */
rollback: boolean, };

/**
 * What a pin or a rollback would change.
 */
export type PinPreview = { 
/**
 * What is promoted for these proxies now.
 */
from: PromotionRow, 
/**
 * What they will be held at.
 */
to: PromotionRow, 
/**
 * The source's map that will be marked as bad.
 */
bad: string | null, 
/**
 * Models that come back, at most 200.
 */
come_back: Array<string>, 
/**
 * How many those are.
 */
come_back_count: number, 
/**
 * Models that go, at most 200.
 */
go: Array<string>, 
/**
 * How many those are.
 */
go_count: number, 
/**
 * Prices that change, mine first, at most 500.
 */
rows: Array<ChangeRow>, 
/**
 * How many those are.
 */
row_count: number, 
/**
 * Everything else that changes, in fields.
 */
other_count: number, 
/**
 * The proxies that will be synced.
 */
proxies: Array<string>, 
/**
 * Proxies that read the source themselves: they can't be held at a map.
 */
direct: Array<string>, };

/**
 * A pin that holds.
 */
export type PinView = { 
/**
 * The proxy; null: all.
 */
proxy: string | null, 
/**
 * What is served to them.
 */
revision: string, 
/**
 * The source's map that it was made from.
 */
upstream: string, 
/**
 * When the source was first seen with that.
 */
seen_at: string | null, 
/**
 * Since when they are held.
 */
since: string, 
/**
 * It ends by itself with the source's next good map.
 */
resumes: boolean, 
/**
 * The source has another map than this, which is not used.
 */
is_behind: boolean, };

/**
 * A place that a toast, the tray, a link or a command opens.
 */
export type Place = { "screen": "overview" } | { "screen": "changes", 
/**
 * The old revision.
 */
from: string | null, 
/**
 * The new one.
 */
to: string | null, } | { "screen": "models", 
/**
 * Its name.
 */
model: string | null, } | { "screen": "review", 
/**
 * Its name.
 */
model: string | null, } | { "screen": "history", 
/**
 * Its number.
 */
run: number | null, } | { "screen": "settings", 
/**
 * `proxies`, `source`, `schedule`, …
 */
section: string | null, 
/**
 * The proxy to edit.
 */
proxy: string | null, };

/**
 * Prices since a revision.
 */
export type PricePoint = { 
/**
 * The revision that brought them.
 */
revision: string, 
/**
 * When that was first seen here.
 */
at: string, 
/**
 * Input in USD per million tokens; `None`: no price, or no such entry.
 */
input: string | null, 
/**
 * Output in USD per million tokens.
 */
output: string | null, 
/**
 * Whether the map had the entry.
 */
is_there: boolean, };

/**
 * A value in the settings file that is not valid, and was not used.
 */
export type ProblemView = { 
/**
 * Where: `schedule.every`.
 */
field: string, 
/**
 * What is wrong and what holds instead.
 */
message: string, };

/**
 * Which map goes on to which stage.
 */
export type PromoteArgs = { 
/**
 * `testing`, `staging` or `production`; null: the next one.
 */
to: string | null, 
/**
 * Also where a proxy failed with it.
 */
force: boolean, };

/**
 * The map that proxies are meant to have.
 */
export type PromotedView = { 
/**
 * Which.
 */
revision: string, 
/**
 * The upstream map that it was made from.
 */
upstream: string, 
/**
 * The map by which proxies bill: the upstream one, or the one before while proxies wait for a review.
 */
billed: string, 
/**
 * Its models.
 */
models: number, 
/**
 * Since when.
 */
promoted_at: string, 
/**
 * Models that keep their old entry, at most 50 of them.
 */
held_models: Array<string>, 
/**
 * How many those are.
 */
held: number, 
/**
 * Why, one line a cause, the worst first.
 */
causes: Array<CauseView>, 
/**
 * Proxies that read the source themselves are not reloaded until those are reviewed (`gate.direct`).
 */
waits: boolean, };

/**
 * A map that was promoted.
 */
export type PromotionRow = { 
/**
 * What is or was served.
 */
revision: string, 
/**
 * The source's map that it was made from.
 */
upstream: string, 
/**
 * When.
 */
promoted_at: string, 
/**
 * Its models.
 */
models: number, 
/**
 * It is what is promoted now.
 */
is_now: boolean, 
/**
 * The source's map is marked as bad.
 */
is_bad: boolean, 
/**
 * It has entries of the user's own in it.
 */
has_own: boolean, 
/**
 * Models that kept their old entry in it.
 */
held: number, };

/**
 * Which proxies; none means all.
 */
export type Proxies = { 
/**
 * Their names.
 */
proxies: Array<string>, };

/**
 * One proxy.
 */
export type ProxyArg = { 
/**
 * Its name.
 */
proxy: string, };

/**
 * A proxy as a person types it.
 */
export type ProxyForm = { 
/**
 * The proxy that is edited; `None` adds one.
 */
edits: string | null, 
/**
 * Its name.
 */
name: string, 
/**
 * Its address.
 */
url: string, 
/**
 * `production`, `staging`, `testing` or `development`.
 */
role: string, 
/**
 * Its key.
 */
key: KeyForm, 
/**
 * The header that carries the key: `Authorization`, or the proxy's `litellm_key_header_name`.
 */
key_header: string, 
/**
 * The key may go over plain HTTP to a public address.
 */
allow_plain_http: boolean, 
/**
 * A PEM file of authorities to trust for it beside the system's store; or empty.
 */
ca_file: string, 
/**
 * The command that restarts it, as one line; or empty.
 */
restart: string, 
/**
 * The map file in its installation, by its whole path; or empty.
 */
local_file: string, 
/**
 * How often it reloads its map by itself, `6h`; or empty.
 */
own_schedule: string, 
/**
 * How often it reloads its Anthropic beta headers by itself, `24h`; or empty.
 */
beta_headers: string, };

/**
 * A proxy in the settings.
 */
export type ProxySetting = { 
/**
 * Its name.
 */
name: string, 
/**
 * Its address.
 */
url: string, 
/**
 * What it is used for.
 */
role: string, 
/**
 * The variable that holds its key; `None`: the system's key store.
 */
key_variable: string | null, 
/**
 * The header that carries its key.
 */
key_header: string, 
/**
 * The key may go over plain HTTP to a public address.
 */
allow_plain_http: boolean, 
/**
 * A PEM file of authorities that are trusted for it; empty: only the system's store.
 */
ca_file: string, 
/**
 * The command that restarts it, as one line; or empty.
 */
restart: string, 
/**
 * The map file in its installation that is written; or empty.
 */
local_file: string, 
/**
 * How often it reloads its map by itself; or empty.
 */
own_schedule: string, 
/**
 * How often it reloads its Anthropic beta headers by itself; or empty.
 */
beta_headers: string, 
/**
 * It comes from the environment, and cannot be edited here.
 */
from_environment: boolean, };

/**
 * What a proxy lets us do with a key.
 */
export type ProxyTest = { 
/**
 * LiteLLM's version.
 */
version: string | null, 
/**
 * How long its answer took.
 */
milliseconds: number, 
/**
 * The live map can be read.
 */
can_read: boolean, 
/**
 * The key may reload, and the proxy can.
 */
can_sync: boolean, 
/**
 * Whether it has a database.
 */
database: boolean | null, 
/**
 * Models that can be called with the key.
 */
callable: number | null, 
/**
 * Models in its live map.
 */
priced: number | null, 
/**
 * Callable models without a price, at most 100.
 */
unpriced: Array<string>, 
/**
 * What stands in the way, and what to do.
 */
error: ErrorView | null, 
/**
 * It reads another source than we do, so no sync reloads it.
 */
other_source: OtherSourceView | null, 
/**
 * What this version does that people do not expect.
 */
traps: Array<string>, };

/**
 * One proxy: three facts that are never mixed, and their evidence.
 */
export type ProxyView = { 
/**
 * Its name.
 */
name: string, 
/**
 * Its address, without credentials.
 */
url: string, 
/**
 * `production`, `staging`, `testing` or `development`.
 */
role: string, 
/**
 * Desired against live.
 */
sync: 'synced' | 'behind' | 'held' | 'unknown', 
/**
 * What it holds, as it says itself or as the last proof showed.
 */
live_revision: string | null, 
/**
 * When the last proved run ended.
 */
proved_at: string | null, 
/**
 * Its own revision equals the desired one: the same to the byte.
 */
to_the_byte: boolean, 
/**
 * Whether it can be used; `None` before it was asked for the first time.
 */
health: 'up' | 'degraded' | 'down' | 'unauthorised' | null, 
/**
 * When it was last asked.
 */
asked_at: string | null, 
/**
 * It is being asked now.
 */
is_asking: boolean, 
/**
 * Since when it does not answer.
 */
down_since: string | null, 
/**
 * LiteLLM's version.
 */
version: string | null, 
/**
 * Whether it has a database; `None` where that cannot be told.
 */
database: boolean | null, 
/**
 * Where it gets its map.
 */
reads: 'direct' | 'gateway' | 'local_file' | 'unknown', 
/**
 * Why it is not up, or what it cannot do.
 */
error: ErrorView | null, 
/**
 * The stable id of the cause of that, as the doctor has it: `proxy.refused`.
 */
cause: string | null, 
/**
 * LiteLLM withdrew the release that it runs: what to do.
 */
withdrawn: string | null, 
/**
 * The last run that ended.
 */
last_run: RunRow | null, 
/**
 * The run that goes on now.
 */
running: RunningView | null, 
/**
 * When the schedule is due next.
 */
next_run: string | null, 
/**
 * Hours between the reloads that it does by itself; null where it does none, or does not say.
 */
own_hours: number | null, 
/**
 * How the schedule fares by which it is wanted to reload by itself; null where none is.
 */
own_schedule: 'leads' | 'lost' | 'no_database' | 'overdue' | null, 
/**
 * No person has asked for a sync of it yet; until then nothing else syncs it.
 */
awaits_first_sync: boolean, 
/**
 * The last 30 runs, the oldest first.
 */
strip: Array<StripRun>, 
/**
 * Over the last 30 days.
 */
rate: RateView, 
/**
 * Models that can be called with the key.
 */
callable: number | null, 
/**
 * Models in its live map, as it says or as the last proof showed.
 */
priced: number | null, 
/**
 * Callable models without a price, billed as $0; at most 100.
 */
unpriced: Array<string>, 
/**
 * The entry that would price the first of these.
 */
unpriced_entry: string | null, 
/**
 * Calls of the last 7 days that were booked at $0 and should not have been.
 */
zero: Array<ZeroView>, 
/**
 * The proof of the last run that has one.
 */
receipt: ReceiptView | null, };

/**
 * How to publish.
 */
export type PublishArgs = { 
/**
 * Replace the other machine's map that was told before.
 */
replace: boolean, };

/**
 * What is published.
 */
export type PublishView = { 
/**
 * Where: a path, or `s3://bucket/key`.
 */
to: string, 
/**
 * What proxies are told to read, where that is known.
 */
url: string | null, 
/**
 * The map that is there.
 */
revision: string | null, 
/**
 * Since when.
 */
published_at: string | null, 
/**
 * It is what is promoted.
 */
is_current: boolean, 
/**
 * Why it is not.
 */
error: ErrorView | null, };

/**
 * Runs counted.
 */
export type RateView = { 
/**
 * Over so many days.
 */
days: number, 
/**
 * Succeeded or unchanged.
 */
succeeded: number, 
/**
 * Failed or unproven.
 */
failed: number, 
/**
 * Held back.
 */
held: number, 
/**
 * Cancelled or cut off.
 */
interrupted: number, };

/**
 * The proof that a run left.
 */
export type ReceiptView = { 
/**
 * What was compared.
 */
revision: string, 
/**
 * Its length in bytes.
 */
bytes: number, 
/**
 * Its models.
 */
models: number, 
/**
 * LiteLLM's version.
 */
proxy_version: string | null, 
/**
 * The revision that the proxy itself reports.
 */
proxy_revision: string | null, 
/**
 * When the proxy says that it loaded the map.
 */
loaded_at: string | null, 
/**
 * Entries that were read back and compared.
 */
compared_models: number, 
/**
 * Fields that were compared.
 */
compared_fields: number, 
/**
 * Models that the operator overrides on purpose, at most 100.
 */
overrides: Array<string>, 
/**
 * A few of the compared models.
 */
sampled_models: Array<string>, 
/**
 * When it was read back.
 */
read_back_at: string, };

/**
 * Which fields of an own entry.
 */
export type RemoveOwnArgs = { 
/**
 * The model.
 */
model: string, 
/**
 * Which fields; none: all of it.
 */
fields: Array<string>, };

/**
 * One model that is asked about, in depth.
 */
export type ReviewDetail = { 
/**
 * Its name.
 */
model: string, 
/**
 * The price that is compared with its peers': "Input". `None` where none moved.
 */
label: string | null, 
/**
 * What it is for where it is not a million tokens: "per image".
 */
unit: string | null, 
/**
 * It now, like models, and what is proposed.
 */
scale: Array<ScalePoint>, 
/**
 * The prices that it had, the oldest first.
 */
history: Array<PricePoint>, };

/**
 * One model that is asked about.
 */
export type ReviewItem = { 
/**
 * Its name.
 */
model: string, 
/**
 * Its provider.
 */
provider: string | null, 
/**
 * The proxies that use it.
 */
proxies: Array<string>, 
/**
 * `open`, `approved` or `rejected`.
 */
standing: 'open' | 'approved' | 'rejected', 
/**
 * It was not there before.
 */
is_new: boolean, 
/**
 * It is not there any more.
 */
is_gone: boolean, 
/**
 * The prices that differ, the one that moved most first.
 */
rows: Array<ChangeRow>, 
/**
 * Why it is asked about.
 */
findings: Array<FindingView>, };

/**
 * Everything that is asked.
 */
export type ReviewView = { 
/**
 * The source's map that is asked about.
 */
revision: string | null, 
/**
 * The gateway is on: what waits here is kept from the proxies that read it.
 */
gateway: boolean, 
/**
 * Proxies that read the source themselves, and so bill these values already.
 */
direct: Array<string>, 
/**
 * The models, those that wait first, and of these mine.
 */
items: Array<ReviewItem>, };

/**
 * A map that the ledger keeps.
 */
export type RevisionRow = { 
/**
 * Which, 40 hex digits.
 */
revision: string, 
/**
 * When it was first seen.
 */
first_seen: string, 
/**
 * Its models.
 */
models: number, 
/**
 * `accepted`, `review` or `held`.
 */
verdict: string, 
/**
 * When it, or what was made from it, became the promoted map.
 */
promoted_at: string | null, 
/**
 * Models of it that keep their old entry.
 */
held: number, 
/**
 * Put together here from upstream's map less its held models.
 */
is_composed: boolean, };

/**
 * One run.
 */
export type RunArg = { 
/**
 * Its number.
 */
id: number, };

/**
 * One run, all of it.
 */
export type RunDetail = { 
/**
 * What the list shows.
 */
run: RunRow, 
/**
 * How long each step took.
 */
steps: Array<StepTime>, 
/**
 * The proof.
 */
receipt: ReceiptView | null, 
/**
 * What the checks said, one line a cause, the worst first.
 */
causes: Array<CauseView>, 
/**
 * New models, at most 200.
 */
new_models: Array<string>, 
/**
 * Models that are gone, at most 200.
 */
removed_models: Array<string>, 
/**
 * Price changes, at most 200.
 */
price_changes: Array<ChangeRow>, 
/**
 * Models that keep their old entry in the promoted map, at most 200.
 */
held_models: Array<string>, 
/**
 * How many those are.
 */
held: number, 
/**
 * Whether the ledger keeps both maps, so that their diff can be opened.
 */
has_diff: boolean, };

/**
 * One run in a list.
 */
export type RunRow = { 
/**
 * Its number.
 */
id: number, 
/**
 * The proxy.
 */
proxy: string, 
/**
 * Why it was started.
 */
trigger: 'manual' | 'schedule' | 'change' | 'retry' | 'resume' | 'heal' | 'promotion', 
/**
 * How it ended.
 */
outcome: 'running' | 'succeeded' | 'unchanged' | 'planned' | 'held' | 'failed' | 'unproven' | 'interrupted', 
/**
 * Why an unproven run is not proven.
 */
reason: string | null, 
/**
 * When it was started.
 */
started: string, 
/**
 * When it ended.
 */
finished: string | null, 
/**
 * How long it took.
 */
seconds: number | null, 
/**
 * The live revision before.
 */
from: string | null, 
/**
 * The revision that the proxy was meant to take.
 */
to: string | null, 
/**
 * How many new models.
 */
new_models: number, 
/**
 * How many models are gone.
 */
removed_models: number, 
/**
 * How many price fields differ.
 */
pricing_changes: number, 
/**
 * What went wrong, and what to do.
 */
error: ErrorView | null, 
/**
 * Entries that the proof compared; `None` without a proof.
 */
compared_models: number | null, };

/**
 * A run that goes on.
 */
export type RunningView = { 
/**
 * Its number.
 */
id: number, 
/**
 * What it does now.
 */
step: 'check_source' | 'read_live' | 'reload' | 'read_back' | 'receipt', 
/**
 * What it has done.
 */
done: Array<StepTime>, 
/**
 * Since when it runs.
 */
started: string, 
/**
 * Why it was started.
 */
trigger: 'manual' | 'schedule' | 'change' | 'retry' | 'resume' | 'heal' | 'promotion', };

/**
 * A file to keep.
 */
export type SaveFileArgs = { 
/**
 * A name without a folder: `changes-a07f3d1-b41c9e2.md`.
 */
name: string, 
/**
 * What it holds.
 */
text: string, };

/**
 * A proxy to add or change.
 */
export type SaveProxyArgs = { 
/**
 * What is typed.
 */
form: ProxyForm, };

/**
 * A webhook to add or change.
 */
export type SaveWebhookArgs = { 
/**
 * What is typed.
 */
form: WebhookForm, };

/**
 * Where a file was put.
 */
export type SavedFile = { 
/**
 * The whole path.
 */
path: string, };

/**
 * Which of the values on the scale.
 */
export type ScaleKind = "now" | "peer" | "proposed";

/**
 * One value on the scale.
 */
export type ScalePoint = { 
/**
 * Whose.
 */
model: string, 
/**
 * The price for people.
 */
shown: string, 
/**
 * The same as a number, for its place on the scale.
 */
value: number, 
/**
 * Which.
 */
kind: ScaleKind, };

/**
 * One setting.
 */
export type SetArgs = { 
/**
 * Which one.
 */
field: SettingField, 
/**
 * Its new value as text: `production`, `6h`, `true`; several lines for `windows`.
 */
value: string, };

/**
 * A setting that one control changes.
 */
export type SettingField = "source" | "watch" | "preset" | "every" | "windows" | "on_change" | "gate_mode" | "gate_direct" | "gate_soak" | "gate_stages" | "gate_stage_soak" | "gateway" | "publish_to" | "publish_url" | "notify_new_models" | "notify_price_changes" | "notify_failures" | "notify_success_rate" | "quiet" | "autostart" | "close" | "updates" | "network_proxy" | "network_ca_file" | "theme";

/**
 * All settings, as the file and the environment give them.
 */
export type SettingsView = { 
/**
 * Where the promoted map is put for others, or `off`.
 */
publish_to: string, 
/**
 * The address at which proxies read that, or empty.
 */
publish_url: string, 
/**
 * The gateway, and what each proxy has to read.
 */
gateway: GatewayView, 
/**
 * The proxies.
 */
proxies: Array<ProxySetting>, 
/**
 * The source: an address or a path.
 */
source: string, 
/**
 * Whether the source is a file.
 */
source_is_file: boolean, 
/**
 * The source when nothing is chosen.
 */
default_source: string, 
/**
 * How often the source is asked: `5m`, or `off`.
 */
watch: string, 
/**
 * `production`, `development`, `testing`, `custom` or `off`.
 */
preset: string, 
/**
 * The interval of `custom`: `6h`.
 */
every: string, 
/**
 * A new map at the source is synced at once.
 */
on_change: boolean, 
/**
 * When scheduled syncs may run, one rule a line.
 */
windows: Array<string>, 
/**
 * The next three syncs that the schedule would start.
 */
next_syncs: Array<string>, 
/**
 * `review`, `hold` or `off`.
 */
gate_mode: string, 
/**
 * `tell` or `wait`.
 */
gate_direct: string, 
/**
 * How long an accepted map waits: `0m`.
 */
gate_soak: string, 
/**
 * Whether maps go by stages: `off`, `rule` or `hand`.
 */
gate_stages: string, 
/**
 * How long each stage has a map before the next gets it.
 */
gate_stage_soak: string, 
/**
 * Toasts for new models.
 */
notify_new_models: boolean, 
/**
 * `mine`, `all` or `off`.
 */
notify_price_changes: string, 
/**
 * Toasts for failures.
 */
notify_failures: boolean, 
/**
 * The success rate, in per cent, under which a proxy is told; 0: never.
 */
notify_success_rate: number, 
/**
 * Where alerts are posted.
 */
webhooks: Array<WebhookSetting>, 
/**
 * `22:00-07:00`, or empty.
 */
quiet: string, 
/**
 * Whether the app starts at login; `None` where this host cannot.
 */
autostart: boolean | null, 
/**
 * `tray` or `quit`.
 */
close: string, 
/**
 * `daily` or `off`.
 */
updates: string, 
/**
 * `system`, `none`, or the address of an HTTP proxy.
 */
network_proxy: string, 
/**
 * A PEM file of authorities that are trusted for the source; empty: only the system's store.
 */
network_ca_file: string, 
/**
 * What the environment says: `HTTPS_PROXY=http://proxy:3128`, without credentials.
 */
network_environment: Array<string>, 
/**
 * `system`, `light` or `dark`.
 */
theme: string, 
/**
 * Where settings, ledger and logs are.
 */
home: string, 
/**
 * What all of it takes.
 */
usage: UsageView, 
/**
 * What is not valid in the file.
 */
problems: Array<ProblemView>, 
/**
 * The name of the system's key store: "Windows Credential Manager".
 */
key_store: string, 
/**
 * Why keys cannot be kept; `None` where they can.
 */
key_store_problem: string | null, };

/**
 * A version of this program.
 */
export type SkipArgs = { 
/**
 * The version to hear no more of; null: of every one.
 */
version: string | null, };

/**
 * The source.
 */
export type SourceView = { 
/**
 * The URL or file.
 */
url: string, 
/**
 * The newest revision seen there.
 */
revision: string | null, 
/**
 * When that revision was first seen.
 */
seen_at: string | null, 
/**
 * When it last answered.
 */
checked_at: string | null, 
/**
 * Models in it.
 */
models: number | null, 
/**
 * `accepted`, `review` or `held`.
 */
verdict: string | null, 
/**
 * Why the last check failed.
 */
error: ErrorView | null, 
/**
 * It is being asked now.
 */
is_checking: boolean, 
/**
 * What it has that the promoted map does not; `None` when it is promoted as a whole.
 */
new_there: ChangeSummary | null, 
/**
 * Why the checks hold it back: the worst cause.
 */
held_because: string | null, 
/**
 * It is kept here and can be compared; what is no map at all is not.
 */
is_kept: boolean, };

/**
 * What is between a stage's map and the next stage.
 */
export type StageProgress = "done" | "syncing" | "stopped" | "soaking" | "pinned" | "overtaken" | "ready" | "waiting";

/**
 * One stage that has proxies.
 */
export type StageView = { 
/**
 * `testing`, `staging` or `production`.
 */
stage: string, 
/**
 * How many proxies it has.
 */
proxies: number, 
/**
 * The map that they are meant to have.
 */
revision: string | null, 
/**
 * What keeps it from the next stage.
 */
progress: StageProgress, 
/**
 * When it goes on by itself.
 */
until: string | null, 
/**
 * The proxy that failed, or is not done yet.
 */
proxy: string | null, 
/**
 * In words, for people.
 */
text: string, };

/**
 * How long a step took.
 */
export type StepTime = { 
/**
 * Which.
 */
step: 'check_source' | 'read_live' | 'reload' | 'read_back' | 'receipt', 
/**
 * Seconds.
 */
seconds: number, };

/**
 * A run in the strip.
 */
export type StripRun = { 
/**
 * Its number.
 */
id: number, 
/**
 * How it ended.
 */
outcome: RunRow['outcome'], 
/**
 * When it was started.
 */
started: string, };

/**
 * What to sync.
 */
export type SyncArgs = { 
/**
 * The proxies by name; none means all.
 */
proxies: Array<string>, 
/**
 * POST even where the proxy has the map already. Never passes a hold.
 */
force: boolean, };

/**
 * A proxy to test: as typed, or one of the settings when only `edits` and an unchanged key are given.
 */
export type TestArgs = { 
/**
 * What is typed; it is not saved.
 */
form: ProxyForm, 
/**
 * The source that is chosen with it; `None`: the one of the settings.
 */
source: string | null, };

/**
 * Text.
 */
export type Text = { 
/**
 * The text.
 */
text: string, };

/**
 * Whether toasts work here.
 */
export type ToastView = { 
/**
 * Why the last toast could not be shown; `None` where they work or none was due yet.
 */
problem: string | null, };

/**
 * What changed today and was not looked at yet. A quiet day has neither `yours` nor `fresh`.
 */
export type Today = { 
/**
 * The map that it is compared with: where *All changes* starts.
 */
from: string, 
/**
 * The newest promoted map of the source.
 */
to: string, 
/**
 * Since when this is all that is new: the older map was promoted then, or the changes were looked at then.
 */
since: string, 
/**
 * New models.
 */
models: number, 
/**
 * Models with another price.
 */
prices: number, 
/**
 * Models of my proxies that changed in any way: the badge.
 */
mine: number, 
/**
 * Changed models that no proxy of mine uses.
 */
elsewhere: number, 
/**
 * What has proved the new map: "prod-gateway", or "3 proxies".
 */
proved_on: string | null, 
/**
 * When that was.
 */
proved_at: string | null, 
/**
 * One sentence a change of my models, the worst first.
 */
yours: Array<TodayChange>, 
/**
 * How many more there are.
 */
yours_more: number, 
/**
 * New models, one line a provider.
 */
fresh: Array<TodayModel>, 
/**
 * How many new models are in none of these lines.
 */
fresh_more: number, };

/**
 * One change of a model that a proxy uses, as a sentence: model, `says`, `target`.
 */
export type TodayChange = { 
/**
 * The model.
 */
model: string, 
/**
 * Which kind.
 */
kind: TodayKind, 
/**
 * "is 20.0% cheaper", "now points to".
 */
says: string, 
/**
 * The model that the sentence ends with.
 */
target: string | null, 
/**
 * Said before the prices: "was claude-opus-5-5".
 */
note: string | null, 
/**
 * Prices that tell it, at most two.
 */
prices: Array<TodayPrice>, 
/**
 * What else moved: "and 6 tiers by the same amount".
 */
more: string | null, 
/**
 * No proxy that uses the model has proved the map with this change.
 */
in_source: boolean, };

/**
 * What kind of news.
 */
export type TodayKind = "gone" | "rise" | "moved" | "repriced" | "retires" | "fall";

/**
 * New models of one provider: one of them, and how many more.
 */
export type TodayModel = { 
/**
 * "Anthropic".
 */
provider: string, 
/**
 * The one that is shown.
 */
model: string, 
/**
 * Who else hosts it: "Bedrock", "Azure".
 */
also: Array<string>, 
/**
 * How many more of this provider are new; copies of one model count once.
 */
more: number, 
/**
 * Its input price per million tokens.
 */
input: string | null, 
/**
 * Its output price per million tokens.
 */
output: string | null, 
/**
 * Its context window in tokens.
 */
context: number | null, };

/**
 * A price with both values, as people read them.
 */
export type TodayPrice = { 
/**
 * "In", "Out", "Cached input".
 */
label: string, 
/**
 * What it was.
 */
before: string | null, 
/**
 * What it is.
 */
after: string | null, };

/**
 * How grave.
 */
export type Tone = "info" | "warn" | "bad";

/**
 * Whose pin ends.
 */
export type UnpinArgs = { 
/**
 * Which proxy's own; null: every pin.
 */
proxy: string | null, };

/**
 * What is being done.
 */
export type UpdateStep = "idle" | "checking" | "downloading" | "installing" | "installed";

/**
 * What is known of newer versions.
 */
export type UpdateView = { 
/**
 * Why none can be looked for; null: they can.
 */
off: string | null, 
/**
 * What is being done now.
 */
doing: UpdateStep, 
/**
 * When it was looked for last, with an answer.
 */
checked_at: string | null, 
/**
 * The newer version.
 */
found: FoundUpdate | null, 
/**
 * Bytes received.
 */
received: number, 
/**
 * Bytes in all; null where the server does not say.
 */
total: number | null, 
/**
 * Why the last step failed.
 */
error: ErrorView | null, };

/**
 * What the home and the program take, in bytes.
 */
export type UsageView = { 
/**
 * The ledger.
 */
ledger: number, 
/**
 * Both logs.
 */
logs: number, 
/**
 * Maps and settings of before.
 */
backups: number, 
/**
 * All of the home.
 */
total: number, 
/**
 * Memory of the program and its window now; `None` where the system does not tell.
 */
memory: number | null, 
/**
 * Old runs that found nothing new and were folded.
 */
folded_runs: number, };

/**
 * One field, side by side.
 */
export type VerifiedRow = { 
/**
 * The field's path.
 */
field: string, 
/**
 * The field for people.
 */
label: string, 
/**
 * What a price is for: "per 1M tokens"; empty for what is no price.
 */
unit: string, 
/**
 * At the source now, as people read it.
 */
source: string | null, 
/**
 * In the promoted map.
 */
promoted: string | null, 
/**
 * In the proxy.
 */
live: string | null, 
/**
 * `agree`, `override`, `drift` or `missing`.
 */
verdict: string, };

/**
 * What to verify.
 */
export type VerifyArgs = { 
/**
 * The model's name in the map.
 */
model: string, 
/**
 * The proxy; `None`: the first one that uses it, or the first one.
 */
proxy: string | null, };

/**
 * A model's prices at the source, promoted and live.
 */
export type VerifyView = { 
/**
 * The model.
 */
model: string, 
/**
 * The proxy; `None` where there is none.
 */
proxy: string | null, 
/**
 * Whether every field agrees or is an operator's own.
 */
agree: boolean, 
/**
 * Each price field.
 */
rows: Array<VerifiedRow>, 
/**
 * When it was read.
 */
read_at: string, };

/**
 * One webhook.
 */
export type WebhookArg = { 
/**
 * Its name.
 */
webhook: string, };

/**
 * A webhook as a person types it.
 */
export type WebhookForm = { 
/**
 * The webhook that is edited; `None` adds one.
 */
edits: string | null, 
/**
 * Its name.
 */
name: string, 
/**
 * `slack` or `json`.
 */
kind: string, 
/**
 * Its address, which is kept like a key.
 */
url: KeyForm, 
/**
 * Which alerts it gets.
 */
alerts: Array<string>, 
/**
 * Whether anything is posted.
 */
enabled: boolean, };

/**
 * A webhook in the settings. Its address goes in and never comes out.
 */
export type WebhookSetting = { 
/**
 * Its name.
 */
name: string, 
/**
 * `slack` or `json`.
 */
kind: string, 
/**
 * The variable that holds its address; `None`: the system's key store.
 */
url_variable: string | null, 
/**
 * Which alerts it gets.
 */
alerts: Array<string>, 
/**
 * Whether anything is posted.
 */
enabled: boolean, 
/**
 * How far it has got.
 */
state: WebhookStateView, };

/**
 * How far a webhook has got.
 */
export type WebhookStateView = { 
/**
 * Its name.
 */
name: string, 
/**
 * Alerts that wait to be sent.
 */
waiting: number, 
/**
 * When the last one arrived.
 */
last_delivered: string | null, 
/**
 * Why the oldest one that waits has not arrived.
 */
error: ErrorView | null, 
/**
 * Since when nothing arrives.
 */
failing_since: string | null, 
/**
 * When it is tried next.
 */
next_try: string | null, 
/**
 * Alerts of the last 30 days that were given up.
 */
given_up: number, };

/**
 * That a test message arrived.
 */
export type WebhookTest = { 
/**
 * How long the answer took.
 */
milliseconds: number, };

/**
 * The calls of one model that a proxy booked at $0.
 */
export type ZeroView = { 
/**
 * What users call.
 */
model: string, 
/**
 * Why: nothing prices it, its price is not applied, or its deployment sets 0.
 */
cause: 'no_price' | 'not_applied' | 'set_to_zero', 
/**
 * Calls.
 */
calls: number, 
/**
 * Tokens that they used; `None` where only the proxy's own counter knows of them.
 */
tokens: number | null, 
/**
 * The entry that prices it, or would.
 */
entry: string, 
/**
 * Why, in words.
 */
why: string, 
/**
 * What to do.
 */
remedy: string, };

/** Every command: what it is given and what it answers. */
export interface Commands {
  /** The whole state. */
  state: { args: null; result: AppState };
  /** Syncs, and answers when all runs have ended. Their progress is in the state. */
  sync: { args: SyncArgs; result: Array<RunRow> };
  /** What a sync of this proxy would do; nothing is changed. */
  preview: { args: ProxyArg; result: RunDetail };
  /** What a sync of a proxy that is only typed would do; nothing is saved or changed. */
  preview_draft: { args: TestArgs; result: RunDetail };
  /** Cancels the running syncs of these proxies. */
  cancel: { args: Proxies; result: null };
  /** Asks the source whether it has a new map. */
  check_source: { args: null; result: null };
  /** Asks proxies how they are. */
  ask: { args: Proxies; result: null };
  /** Somebody looks at the dashboard; said every 30 s, proxies are asked as often. */
  looking: { args: null; result: null };
  /** Pauses the schedule. */
  pause: { args: PauseArgs; result: null };
  /** Lets the schedule go on. */
  resume: { args: null; result: null };
  /** Every map that is kept, the newest first. */
  revisions: { args: null; result: Array<RevisionRow> };
  /** What differs between two maps; null when there are no two. */
  changes: { args: ChangesArgs; result: Changes | null };
  /** All entries of the promoted map. */
  models: { args: null; result: ModelList };
  /** One entry in depth. */
  model: { args: ModelArg; result: ModelDetail };
  /** A model's prices at the source, promoted and live. */
  verify: { args: VerifyArgs; result: VerifyView };
  /** Why a model is not there or not at its price, or a proxy not in sync: the one cause, and what ends it. */
  doctor: { args: DoctorArgs; result: DoctorView };
  /** What needs review, with what was decided so far. */
  review: { args: null; result: ReviewView };
  /** One model that needs review, in depth. */
  review_model: { args: ModelArg; result: ReviewDetail };
  /** Decides about models; the gateway serves what follows from it, and the proxies that read it are synced. */
  decide: { args: DecideArgs; result: ReviewView };
  /** Every map that was promoted, the newest first. */
  promotions: { args: null; result: Array<PromotionRow> };
  /** What holding proxies at an earlier map would change; nothing is changed. */
  pin_preview: { args: PinArgs; result: PinPreview };
  /** Holds proxies at an earlier map, and syncs those that get what is promoted. */
  pin: { args: PinArgs; result: null };
  /** Lets proxies follow the source again. */
  unpin: { args: UnpinArgs; result: null };
  /** Lets the map that waits go on to the next stage, and syncs the proxies there. */
  promote: { args: PromoteArgs; result: null };
  /** Publishes what is promoted now; the state tells what came of it. */
  publish: { args: PublishArgs; result: null };
  /** The user's own entries, with what upstream has beside them. */
  overlay: { args: null; result: OverlayView };
  /** What the form for an own entry of this model begins with. */
  own_draft: { args: ModelArg; result: OwnDraft };
  /** What the checks say of an own entry that is only typed; nothing is saved. */
  check_own: { args: OwnArgs; result: OwnCheck };
  /** Saves an own entry, and syncs the proxies that get what is promoted. */
  set_own: { args: OwnArgs; result: OverlayView };
  /** Removes an own entry or fields of it: upstream's values count again. */
  remove_own: { args: RemoveOwnArgs; result: OverlayView };
  /** Keeps an own entry although upstream changed. */
  keep_own: { args: ModelArg; result: OverlayView };
  /** A page of runs, the newest first. */
  history: { args: HistoryArgs; result: Array<RunRow> };
  /** One run, all of it. */
  run: { args: RunArg; result: RunDetail };
  /** The newest lines of the sync log, the oldest of them first. */
  log: { args: LogArgs; result: Array<LogRow> };
  /** All settings. */
  settings: { args: null; result: SettingsView };
  /** Changes one setting. */
  set: { args: SetArgs; result: SettingsView };
  /** Adds a proxy, or changes one. The key goes to the system's store. */
  save_proxy: { args: SaveProxyArgs; result: SettingsView };
  /** Removes a proxy and its key; its history is kept. */
  remove_proxy: { args: ProxyArg; result: SettingsView };
  /** Adds a webhook, or changes one. Its address goes to the system's store. */
  save_webhook: { args: SaveWebhookArgs; result: SettingsView };
  /** Removes a webhook, its address and what waits for it. */
  remove_webhook: { args: WebhookArg; result: SettingsView };
  /** Sends a test message; what waits is tried again where it arrives. */
  test_webhook: { args: WebhookArg; result: WebhookTest };
  /** What a proxy lets us do. Nothing is saved, and no key goes to what is no LiteLLM. */
  test_proxy: { args: TestArgs; result: ProxyTest };
  /** Looks for LiteLLM on the usual ports of this machine. No key is sent. */
  find_proxies: { args: null; result: Array<FoundProxy> };
  /** The welcome was finished or skipped. */
  end_first_run: { args: null; result: null };
  /** Opens a folder in the system's file manager. */
  open: { args: OpenArgs; result: null };
  /** Puts text on the clipboard; a browser does that itself. */
  copy: { args: Text; result: null };
  /** Puts a file into the user's folder for downloads. */
  save_file: { args: SaveFileArgs; result: SavedFile };
  /** What a bug report needs; no key, and addresses without credentials. */
  diagnostics: { args: null; result: Text };
  /** Looks for a newer version of this program; what comes of it is in the state. */
  check_updates: { args: null; result: null };
  /** Downloads the version that was found, checks its signature, and installs it. */
  install_update: { args: null; result: null };
  /** Gives up the download. */
  cancel_update: { args: null; result: null };
  /** Speaks of this version no more, or again. */
  skip_update: { args: SkipArgs; result: null };
}
