/** Revisions and what differs between them: as drawn, very many, nothing, and the first map only. */
import type { CauseView, ChangeGroup, ChangeKind, ChangeRow, Changes, ChangesArgs, NoticeView, RevisionRow } from '../index';
import { chance } from './chance';
import { fakeModels, heldFinding } from './models';
import { ago, HOSTILE, REVISIONS, type Handlers, type World } from './world';

type ChangesSet = 'drawn' | 'many' | 'none' | 'first';

export const changesHandlers: Handlers = {
  revisions: (_args, world) => fakeRevisions(setOf(world)),
  changes: (args, world) => fakeChanges(setOf(world), args),
};

function setOf({ scenario }: World): ChangesSet {
  return scenario === 'many' ? 'many' : scenario === 'one' ? 'none' : scenario === 'first' || scenario === 'unpromoted' || scenario === 'empty' ? 'first' : 'drawn';
}

const id = (start: string) => start.padEnd(40, '4b0d9a6e35c2b8810f4dd39a6c17f7724b0d9a6e');
const IDS = [REVISIONS.source, REVISIONS.old, ...['93be7720', '7c1d44f0', '5502ab9e', '41ff0c3b'].map(id)];

/** The newest first. */
function fakeRevisions(set: ChangesSet): RevisionRow[] {
  const ages = [0.4, 15.97, 40, 63, 160, 700];
  const rows = IDS.map((revision, index): RevisionRow => ({
    revision,
    first_seen: ago(ages[index]! * 60),
    models: 4_612 - index * 3,
    verdict: index === 0 ? 'review' : index === 3 ? 'held' : 'accepted',
    promoted_at: index === 3 ? null : ago(ages[index]! * 60),
    held: index === 0 ? 3 : 0,
    is_composed: false,
  }));
  return set === 'first' ? rows.slice(0, 1) : rows;
}

function fakeChanges(set: ChangesSet, { from, to }: ChangesArgs): Changes | null {
  const revisions = fakeRevisions(set);
  const place = (revision: string | null, other: number) => (revision === null ? other : revisions.findIndex((row) => row.revision.startsWith(revision)));
  const newer = place(to, 0);
  const older = place(from, newer + 1);
  const [after, before] = [revisions[newer], revisions[older]];
  if (after === undefined || before === undefined) return null;
  const isEmpty = set === 'none' || newer === older || newer === 2;
  const rows = isEmpty ? [] : set === 'many' ? many() : drawn();
  const groups = KINDS.map((kind) => group(kind, rows.filter(([its]) => its === kind).map(([, row]) => row))).filter(({ rows }) => rows.length > 0);
  const models = (kind: ChangeKind) => groups.find((each) => each.kind === kind)?.models ?? 0;
  return {
    from: before,
    to: after,
    revisions: Math.abs(older - newer),
    summary: {
      from: before.revision,
      to: after.revision,
      new_models: models('new'),
      removed_models: models('removed'),
      repriced_models: models('repriced'),
      repriced_mine: groups.find((each) => each.kind === 'repriced')?.mine ?? 0,
      aliases: models('alias'),
      limits: models('limits'),
      other: models('capabilities') + models('provider') + models('deprecation') + models('other'),
    },
    groups,
    notices: isEmpty || set === 'drawn' ? [] : NOTICES,
    causes: isEmpty || newer !== 0 ? [] : CAUSES,
    to_review: isEmpty || newer !== 0 ? 0 : CAUSES.filter(({ severity }) => severity === 'review').reduce((sum, { count }) => sum + count, 0),
  };
}

const KINDS: ChangeKind[] = ['repriced', 'alias', 'new', 'removed', 'limits', 'capabilities', 'provider', 'deprecation', 'other'];

const NOTICES: NoticeView[] = [
  { rule: 'schema.field_dropped', models: 2_318, message: 'The field supports_system_messages was dropped from 2318 models; the map\u2019s format changed.' },
  { rule: 'schema.field_dropped', models: 611, message: 'The field supported_regions was dropped from 611 models; the map\u2019s format changed.' },
];

/** One cause, or a cause of several models. */
function cause(rule: string, severity: string, message: string, models: string[], more: Partial<CauseView> = {}): CauseView {
  return { rule, severity, broken: false, message, models, count: models.length, mine: 0, ...more };
}

const GONE = ['anthropic/claude-3-haiku', 'google/gemma-2-27b-it', 'meta-llama/llama-3-70b-instruct', 'mistralai/mixtral-8x22b-instruct', 'qwen/qwen-2-72b-instruct'].map((name) => `openrouter/${name}`);

const { rule, severity, message } = heldFinding('gpt-5.6-luna-mini');
const CAUSES: CauseView[] = [
  cause(rule, severity, message, ['gpt-5.6-luna-mini'], { mine: 1 }),
  cause('price.not_a_number', 'review', 'deepinfra/Qwen4-Max: its price isn’t a number, so LiteLLM would bill nothing.', ['deepinfra/Qwen4-Max'], { broken: true }),
  cause('provider.gone', 'review', 'openrouter: all 496 models are gone.', GONE, { count: 496, mine: 1 }),
  cause('jump.repaired', 'info', '3 models come back to the prices of their peers.', ['xai/grok-5', 'groq/llama-5-scout', 'novita/glm-5']),
];

type Told = [ChangeKind, ChangeRow];

const told = (kind: ChangeKind, rows: ChangeRow[]) => rows.map((each): Told => [kind, each]);
const still = { direction: 'none' } as const;

function row(model: string, label: string, before: string | null, after: string | null, more: Partial<ChangeRow> = {}): ChangeRow {
  const [old, young] = [before, after].map((text) => (text === null ? NaN : Number(text.replaceAll(',', '')))) as [number, number];
  const ratio = old > 0 && Number.isFinite(young) ? young / old : null;
  const known = fakeModels().rows.find(({ name }) => name === model);
  return {
    model, provider: known?.provider ?? null, mode: known?.mode ?? 'chat', field: label.toLowerCase().replaceAll(/\W+/g, '_'), label, before, after,
    unit: null, percent: ratio === null ? null : (ratio - 1) * 100, ratio, direction: ratio === null || ratio === 1 ? 'none' : ratio > 1 ? 'rise' : 'fall',
    proxies: [], input: null, output: null, context: null, held: false, ...more,
  };
}

const fresh = (model: string, provider: string, input: string | null, output: string | null, context: number | null, more: Partial<ChangeRow> = {}) =>
  row(model, '', null, null, { provider, input, output, context, field: '', ...more });

function drawn(): Told[] {
  const both = ['prod-gateway', 'build-box'];
  return [
    ...told('repriced', [
      row('claude-opus-5', 'Input', '15.00', '12.00', { proxies: both }),
      row('claude-opus-5', 'Output', '75.00', '60.00', { proxies: both }),
      row('gpt-5.6-luna', 'Cached input', '0.125', '0.150', { proxies: ['prod-gateway'] }),
      row('xai/grok-5', 'Output', '15.00', '18.00'),
      row('bedrock/us-gov-west-1/us-gov.anthropic.claude-opus-5-20260914-v1:0', 'Input', '18.00', '14.40'),
      row('bedrock/eu-central-1/eu.anthropic.claude-opus-5-20260914-v1:0', 'Output', '82.50', '66.00'),
      row('vertex_ai/gemini-3.5-flash', 'Input, over 200k', '0.60', '0.50', { provider: 'vertex_ai' }),
      row('deepseek/deepseek-v4', 'Input', '0.28', '0.24'),
      row('mistral/mistral-large-4', 'Output', '6.00', '5.00'),
      row('together_ai/meta-llama/Llama-5-Maverick-70B-Instruct-Turbo', 'Input', '0.88', '0.95'),
      row('gpt-5.6-luna-mini', 'Input', '0.25', '250.00', { held: true, proxies: ['prod-gateway'] }),
      row('openai/gpt-image-3', 'Output', '0.04', '0.042', { unit: 'per image', provider: 'openai', mode: 'image_generation' }),
      row('novita/glm-5', 'Input', '0.00', '0.60', { provider: 'novita' }),
      row('novita/glm-5', 'Cached input', null, '0.06', { provider: 'novita' }),
      row('groq/llama-5-scout-17b-16e-instruct', 'Cached input, over 200k', '0.055', null),
    ]),
    ...told('alias', [
      row('claude-opus-latest', 'Stands for', 'claude-opus-4-8', 'claude-opus-5', { ...still, proxies: both }),
      row('claude-opus-latest', 'Input', '10.00', '12.00', { proxies: both }),
      row('openrouter/~anthropic/claude-opus-latest', 'Stands for', null, 'openrouter/anthropic/claude-opus-5', still),
    ]),
    ...told('new', [
      fresh('gpt-5.6-luna-mini-2026-11-20', 'openai', '0.25', '2.00', 400_000),
      fresh('bedrock/converse/ap-southeast-2/apac.amazon.nova-premier-v2-20261118-v1:0', 'bedrock', '2.50', '12.50', 1_000_000),
      fresh('xai/grok-5-fast-reasoning', 'xai', '0.30', '0.90', 2_000_000),
      fresh('openrouter/qwen/qwen4-coder-480b', 'openrouter', '0.40', '1.60', 262_144),
    ]),
    ...told('removed', [fresh('gpt-4-0125-preview', 'openai', '10.00', '30.00', 128_000)]),
    ...told('limits', [
      row('gemini/gemini-3.5-pro', 'Max output', '65,536', '131,072', { ...still, proxies: ['prod-gateway'] }),
      row('xai/grok-5', 'Context', '1,000,000', '2,000,000', still),
      row('cohere/rerank-v4.5', 'Context', null, '32,768', still),
    ]),
  ];
}

/** Kinds that few maps bring. */
function rare(): Told[] {
  return [
    ...told('capabilities', [row('mistral/mistral-large-4', 'Vision', 'false', 'true', { ...still, percent: null, ratio: null })]),
    ...told('provider', [row('azure_ai/mistral-large-4', 'Provider', 'azure', 'azure_ai', { ...still, percent: null, ratio: null })]),
    ...told('deprecation', [row('claude-haiku-5', 'Deprecation date', null, '2027-03-01', { ...still, proxies: ['prod-gateway', 'build-box'] })]),
    ...told('other', [row('gemini/gemini-3.5-flash', 'Source', 'https://ai.google.dev/pricing', 'https://ai.google.dev/gemini-api/docs/pricing#gemini-3.5-flash-standard', { ...still, percent: null, ratio: null })]),
  ];
}

function many(): Told[] {
  const next = chance(11);
  const { rows, proxies } = fakeModels();
  const kinds: [ChangeKind, string][] = [['repriced', 'Input'], ['repriced', 'Output'], ['limits', 'Max output'], ['capabilities', 'Vision'], ['other', 'Source']];
  return [
    ...drawn(),
    ...rare(),
    ['repriced', plain(HOSTILE.markup, HOSTILE.markup, '1.00', '2.00', { proxies: [HOSTILE.long, HOSTILE.markup] })],
    ['new', fresh('elevenlabs/scribe_v3', 'elevenlabs', null, null, null, { mode: 'audio_transcription' })],
    ['new', fresh(HOSTILE.long, HOSTILE.markup, '0.00', '0.00', 1)],
    ...Array.from({ length: 6_000 - drawn().length - rare().length - 3 }, (_, index): Told => {
      const model = rows[(index * 7) % rows.length]!;
      const [kind, label] = kinds[next.below(10) < 7 ? next.below(2) : 2 + next.below(3)]!;
      const more = { provider: model.provider, mode: model.mode, proxies: model.on.map((place) => proxies[place]!) };
      if (kind === 'repriced') {
        const old = (1 + next.below(3000)) / 100;
        return [kind, plain(model.name, label, old.toFixed(2), (old * (0.5 + next.below(100) / 100)).toFixed(2), more)];
      }
      if (kind === 'limits') return [kind, { ...plain(model.name, label, '8,192', '65,536', more), direction: 'none' }];
      return [kind, { ...plain(model.name, label, 'false', 'true', more), percent: null, ratio: null, direction: 'none' }];
    }),
  ];
}

/** Like `row`, without looking the model up: that is slow six thousand times. */
function plain(model: string, label: string, before: string, after: string, more: Partial<ChangeRow>): ChangeRow {
  const ratio = Number(before.replaceAll(',', '')) > 0 ? Number(after.replaceAll(',', '')) / Number(before.replaceAll(',', '')) : null;
  return {
    model, provider: null, mode: null, field: label.toLowerCase().replaceAll(' ', '_'), label, before, after, unit: null,
    percent: ratio === null ? null : (ratio - 1) * 100, ratio, direction: ratio === null ? 'none' : ratio > 1 ? 'rise' : 'fall',
    proxies: [], input: null, output: null, context: null, held: false, ...more,
  };
}

function group(kind: ChangeKind, rows: ChangeRow[]): ChangeGroup {
  const names = (some: ChangeRow[]) => new Set(some.map(({ model }) => model)).size;
  return {
    kind,
    models: names(rows),
    mine: names(rows.filter(({ proxies }) => proxies.length > 0)),
    rises: rows.filter(({ direction }) => direction === 'rise').length,
    falls: rows.filter(({ direction }) => direction === 'fall').length,
    rows,
  };
}
