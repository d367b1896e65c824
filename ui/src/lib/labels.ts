/** Names and sizes as people say them, for lists of models and changes. */
import { clockTime, count, day } from './format';

const PROVIDERS: Record<string, string> = {
  ai21: 'AI21', anthropic: 'Anthropic', anyscale: 'Anyscale', assemblyai: 'AssemblyAI', azure: 'Azure', azure_ai: 'Azure AI', azure_text: 'Azure',
  bedrock: 'Bedrock', bedrock_converse: 'Bedrock', cerebras: 'Cerebras', cloudflare: 'Cloudflare', codestral: 'Codestral', cohere: 'Cohere',
  cohere_chat: 'Cohere', dashscope: 'DashScope', databricks: 'Databricks', deepgram: 'Deepgram', deepinfra: 'DeepInfra', deepseek: 'DeepSeek',
  elevenlabs: 'ElevenLabs', fireworks_ai: 'Fireworks AI', friendliai: 'FriendliAI', gemini: 'Gemini', github_copilot: 'GitHub Copilot', groq: 'Groq',
  hyperbolic: 'Hyperbolic', lambda_ai: 'Lambda', minimax: 'MiniMax', mistral: 'Mistral', moonshot: 'Moonshot', nebius: 'Nebius', novita: 'Novita',
  nscale: 'Nscale', oci: 'OCI', ollama: 'Ollama', openai: 'OpenAI', openrouter: 'OpenRouter', perplexity: 'Perplexity', replicate: 'Replicate',
  sagemaker: 'SageMaker', sambanova: 'SambaNova', snowflake: 'Snowflake', together_ai: 'Together AI', vercel_ai_gateway: 'Vercel AI Gateway',
  vertex_ai: 'Vertex AI', voyage: 'Voyage', watsonx: 'watsonx', xai: 'xAI',
};

/** "openai" → "OpenAI"; what is not known stays as the map has it. */
export function providerName(provider: string | null): string {
  if (provider === null) return '—';
  return (Object.hasOwn(PROVIDERS, provider) && PROVIDERS[provider]) || provider;
}

const MODES: Record<string, string> = {
  audio_speech: 'speech', audio_transcription: 'audio', embedding: 'embed', image_edit: 'image', image_generation: 'image', moderation: 'moderate',
  vector_store: 'vectors', video_generation: 'video',
};

/** A mode in one short word, for a narrow column; the whole of it belongs into the title. */
export function modeName(mode: string | null): string {
  if (mode === null) return '—';
  return (Object.hasOwn(MODES, mode) && MODES[mode]) || mode;
}

/** "image_generation" → "image generation". */
export const spaced = (name: string) => name.replaceAll('_', ' ');

/** 262144 → "262k", 1048576 → "1M", 1500000 → "1.5M". */
export function compact(tokens: number): string {
  if (tokens >= 999_500) return `${(tokens / 1e6).toFixed(1).replace('.0', '')}M`;
  return tokens >= 1_000 ? `${Math.round(tokens / 1e3)}k` : count(tokens);
}

/** "Today 08:14", "Yesterday 16:40", "14 Sep 09:02". */
export function dayTime(at: string, now: number): string {
  return `${dayName(at, now)} ${clockTime(at)}`;
}

/** "Today", "Yesterday", "14 Sep". */
export function dayName(at: string | number, now: number): string {
  const midnight = (time: number) => new Date(time).setHours(0, 0, 0, 0);
  // A day may have 23 or 25 hours.
  const days = Math.round((midnight(now) - midnight(new Date(at).getTime())) / 86_400_000);
  return days === 0 ? 'Today' : days === 1 ? 'Yesterday' : day(at, now).replace('Sept', 'Sep');
}
