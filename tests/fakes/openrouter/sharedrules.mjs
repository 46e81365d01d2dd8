// SPDX-License-Identifier: GPL-3.0-or-later
import { invalid } from './refusal.mjs';
import { any, array, boolean, byType, number, object, oneOf, required, string } from './schema.mjs';

// ProviderPreferences: a key that is not in this list is refused (additionalProperties:false).
const price = byType({ string: string(), number: number({ min: 0 }) });
export const providerPreferences = object({
  order: array(string()),
  only: array(string()),
  ignore: array(string()),
  allow_fallbacks: boolean,
  require_parameters: boolean,
  data_collection: oneOf('allow', 'deny'),
  zdr: boolean,
  enforce_distillable_text: boolean,
  quantizations: array(string()),
  sort: byType({
    string: oneOf('price', 'throughput', 'latency'),
    object: object({ by: any, partition: any }),
  }),
  max_price: object({
    prompt: price,
    completion: price,
    request: price,
    image: price,
    audio: price,
  }),
  preferred_min_throughput: any,
  preferred_max_latency: any,
});

// Only these two keys: Claude's own `scope` is refused by every other host.
export const cacheControl = object({ type: required(oneOf('ephemeral')), ttl: oneOf('5m', '1h') });

// `author/model`, an alias `~author/model`, with an optional `:variant`. A bare Claude id is none.
const modelPattern = /^~?[a-z0-9][a-z0-9._-]*\/[A-Za-z0-9][A-Za-z0-9._-]*(:[a-z]+)?$/;
export function model(value, path) {
  string({ min: 1 })(value, path);
  if (!modelPattern.test(value)) throw invalid('', `${value} is not a valid model ID`);
}

// {family, version} of an Anthropic model, or undefined. The version is a number: 4.5, 5, 5.5.
export function claudeModel(id) {
  const match =
    /^~?anthropic\/claude-(?:(\d+(?:\.\d+)?)-)?([a-z]+)(?:-(\d+(?:\.\d+)?|latest))?/.exec(id);
  if (!match) return undefined;
  const version = match[1] ?? match[3];
  return { family: match[2], version: version === 'latest' ? 5.5 : Number(version ?? 0) };
}

export function refusesPrefill(id) {
  const claude = claudeModel(id);
  return claude !== undefined && claude.version >= 4.6;
}

// What a model takes as `thinking.type`; "A/build-with-claude/thinking.md".
export function thinkingForms(id) {
  const claude = claudeModel(id);
  if (!claude) return { enabled: true, adaptive: true, disabled: true };
  const always = claude.family === 'fable' || claude.family === 'mythos';
  return {
    enabled: !always && claude.version < 4.7,
    adaptive: always || claude.version >= 4.6,
    disabled: !always,
  };
}

// `marks`: {path, control} in the order of the prompt: tools, system, messages.
export function checkBreakpoints(marks, automatic) {
  const found = marks.length + (automatic ? 1 : 0);
  if (found > 4)
    throw invalid('', `A maximum of 4 blocks with cache_control may be provided. Found ${found}.`);
  let shortSeen = false;
  for (const { path, control } of marks) {
    if (control.ttl === '1h' && shortSeen)
      throw invalid(
        `${path}.cache_control.ttl`,
        "a ttl='1h' cache_control block must not come after a ttl='5m' cache_control block",
      );
    shortSeen ||= control.ttl !== '1h';
  }
}

export function checkText(text, path, marked) {
  if (text === '') {
    if (marked) throw invalid(path, 'cache_control cannot be set for empty text blocks');
    throw invalid('messages', 'text content blocks must be non-empty');
  }
  if (text.trim() === '')
    throw invalid('messages', 'text content blocks must contain non-whitespace text');
}

const signatures = {
  'image/png': (b) => b.subarray(0, 8).equals(Buffer.from('89504e470d0a1a0a', 'hex')),
  'image/jpeg': (b) => b.subarray(0, 3).equals(Buffer.from('ffd8ff', 'hex')),
  'image/gif': (b) => b.subarray(0, 4).toString('latin1') === 'GIF8',
  'image/webp': (b) =>
    b.subarray(0, 4).toString('latin1') === 'RIFF' &&
    b.subarray(8, 12).toString('latin1') === 'WEBP',
  'application/pdf': (b) => b.subarray(0, 5).toString('latin1') === '%PDF-',
};

// Standard base64 with padding, no white space, and the bytes must be what the type says.
export function checkEncoded(mediaType, data, path) {
  if (!Object.hasOwn(signatures, mediaType))
    throw invalid(`${path}.media_type`, `${mediaType} is not supported`);
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(data) || data.length % 4 !== 0)
    throw invalid(`${path}.data`, 'invalid base64 data');
  if (!signatures[mediaType](Buffer.from(data.slice(0, 64), 'base64')))
    throw invalid(
      path,
      `the data was specified using the ${mediaType} media type, but appears to be something else`,
    );
}

// https, or a data URL of one of `mediaTypes`.
export function checkImageUrl(url, path, mediaTypes) {
  if (typeof url !== 'string') throw invalid(path, 'Input should be a valid string');
  if (/^https:\/\/[^\s/]+/.test(url)) return;
  const match = /^data:([a-z]+\/[a-z0-9.+-]+);base64,(.*)$/s.exec(url);
  if (!match || !mediaTypes.includes(match[1]))
    throw invalid(path, 'must be an https URL or a base64 data URL');
  checkEncoded(match[1], match[2], path);
}

export const imageTypes = ['image/jpeg', 'image/png', 'image/gif', 'image/webp'];

export function checkToolNames(names, path) {
  const seen = new Set();
  for (const name of names) {
    if (seen.has(name)) throw invalid(path, `Tool names must be unique: ${name}`);
    seen.add(name);
  }
}

// A JSON schema as far as a model host looks at it before the model does.
export function inputSchema(value, path) {
  object({ type: required(oneOf('object')) }, { open: true })(value, path);
  if (Object.hasOwn(value, 'properties'))
    object({}, { open: true })(value.properties, `${path}.properties`);
  if (Object.hasOwn(value, 'required')) array(string())(value.required, `${path}.required`);
}
