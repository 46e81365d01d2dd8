// SPDX-License-Identifier: GPL-3.0-or-later
import { checkReasoning } from './chatreasoning.mjs';
import { invalid } from './refusal.mjs';
import {
  any,
  array,
  boolean,
  byType,
  integer,
  isObject,
  nullable,
  number,
  object,
  oneOf,
  record,
  required,
  string,
  tagged,
} from './schema.mjs';
import {
  cacheControl,
  checkBreakpoints,
  checkImageUrl,
  checkText,
  checkToolNames,
  claudeModel,
  imageTypes,
  inputSchema,
  model,
  providerPreferences,
  refusesPrefill,
} from './sharedrules.mjs';

// What `POST /api/v1/chat/completions` refuses (`ChatRequest`): a member the schema does not name
// is a fault here, at every level.

const cache = { cache_control: cacheControl };
const text = object({ type: any, text: required(string()), ...cache });

function imageUrl(value, path) {
  object({ url: required(string()), detail: oneOf('auto', 'low', 'high', 'original') })(
    value,
    path,
  );
  checkImageUrl(value.url, `${path}.url`, imageTypes);
}
function file(value, path) {
  object({ filename: string({ min: 1 }), file_data: string(), file_id: string() })(value, path);
  if (value.file_data === undefined && value.file_id === undefined)
    throw invalid(path, 'file_data or file_id is required');
  if (value.file_data !== undefined)
    checkImageUrl(value.file_data, `${path}.file_data`, ['application/pdf']);
}
const parts = array(
  tagged('type', {
    text,
    image_url: object({ type: any, image_url: required(imageUrl) }),
    file: object({ type: any, file: required(file) }),
  }),
  { min: 1 },
);
const textParts = array(tagged('type', { text }), { min: 1 });

const toolCall = object({
  id: required(string({ pattern: /^[a-zA-Z0-9_-]+$/ })),
  type: required(oneOf('function')),
  function: required(
    object({ name: required(string({ min: 1 })), arguments: required(argumentsText) }),
  ),
});
function argumentsText(value, path) {
  string()(value, path);
  let parsed;
  try {
    parsed = JSON.parse(value);
  } catch {
    throw invalid(path, 'Input should be a JSON object as a string');
  }
  if (!isObject(parsed)) throw invalid(path, 'Input should be a JSON object as a string');
}

const detailFormats = oneOf(
  'unknown',
  'anthropic-claude-v1',
  'google-gemini-v1',
  'openai-responses-v1',
  'azure-openai-responses-v1',
  'bedrock-openai-responses-v1',
  'xai-responses-v1',
  'bedrock-xai-responses-v1',
  'meta-responses-v1',
);
const detail = {
  type: any,
  id: nullable(string()),
  format: nullable(detailFormats),
  index: integer({ min: 0 }),
};
const reasoningDetails = array(
  tagged('type', {
    'reasoning.text': object({
      ...detail,
      text: nullable(string()),
      signature: nullable(string()),
    }),
    'reasoning.summary': object({ ...detail, summary: required(string()) }),
    'reasoning.encrypted': object({ ...detail, data: required(string({ min: 1 })) }),
  }),
);

const messageSchemas = {
  system: object({
    role: any,
    content: required(byType({ string: string(), array: textParts })),
    name: string(),
  }),
  developer: object({
    role: any,
    content: required(byType({ string: string(), array: textParts })),
    name: string(),
  }),
  user: object({
    role: any,
    content: required(byType({ string: string(), array: parts })),
    name: string(),
  }),
  assistant: object({
    role: any,
    content: nullable(byType({ string: string(), array: textParts })),
    name: string(),
    tool_calls: array(toolCall, { min: 1 }),
    reasoning: nullable(string()),
    reasoning_details: reasoningDetails,
    refusal: nullable(string()),
  }),
  tool: object({
    role: any,
    tool_call_id: required(string({ min: 1 })),
    content: required(byType({ string: string(), array: parts })),
  }),
};
const message = tagged('role', messageSchemas);

const tool = object({
  type: required(oneOf('function')),
  function: required(
    object({
      name: required(string({ pattern: /^[a-zA-Z0-9_-]{1,64}$/ })),
      description: string(),
      parameters: inputSchema,
      strict: nullable(boolean),
    }),
  ),
  ...cache,
});

const toolChoice = byType({
  string: oneOf('none', 'auto', 'required'),
  object: object({
    type: required(oneOf('function')),
    function: required(object({ name: required(string()) })),
  }),
});

const efforts = oneOf('max', 'xhigh', 'high', 'medium', 'low', 'minimal', 'none');
const reasoning = object({
  effort: nullable(efforts),
  max_tokens: nullable(integer({ min: 1 })),
  exclude: boolean,
  enabled: boolean,
  summary: any,
});

const responseFormat = tagged('type', {
  text: object({ type: any }),
  json_object: object({ type: any }),
  json_schema: object({
    type: any,
    json_schema: required(
      object({
        name: required(string({ pattern: /^[a-zA-Z0-9_-]{1,64}$/ })),
        description: string(),
        schema: required(object({}, { open: true })),
        strict: nullable(boolean),
      }),
    ),
  }),
});

const openObject = object({}, { open: true });
const request = object({
  model: required(model),
  models: array(string()),
  messages: required(array(message, { min: 1 })),
  stream: boolean,
  max_tokens: integer({ min: 1 }),
  max_completion_tokens: integer({ min: 1 }),
  temperature: number({ min: 0, max: 2 }),
  top_p: number({ min: 0, max: 1 }),
  top_k: integer({ min: 0 }),
  min_p: number({ min: 0, max: 1 }),
  top_a: number({ min: 0, max: 1 }),
  frequency_penalty: number({ min: -2, max: 2 }),
  presence_penalty: number({ min: -2, max: 2 }),
  repetition_penalty: number({ min: 0, max: 2 }),
  seed: integer(),
  logit_bias: openObject,
  logprobs: boolean,
  top_logprobs: integer({ min: 0, max: 20 }),
  stop: byType({ string: string({ min: 1 }), array: array(string({ min: 1 }), { max: 4 }) }),
  tools: array(tool, { min: 1 }),
  tool_choice: toolChoice,
  parallel_tool_calls: boolean,
  response_format: responseFormat,
  modalities: array(string()),
  user: string(),
  metadata: record(string({ max: 512 }), { max: 16 }),
  session_id: string(),
  prompt_cache_key: string(),
  service_tier: string(),
  cache_control: cacheControl,
  debug: openObject,
  trace: openObject,
  reasoning,
  reasoning_effort: efforts,
  include_reasoning: boolean,
  provider: providerPreferences,
  plugins: array(object({ id: required(string()) }, { open: true })),
  route: oneOf('fallback'),
  usage: object({ include: boolean }),
  stream_options: object({ include_usage: boolean }),
});

// Throws a Refusal. `issued` knows what this server signed.
export function checkChatRequest(body, issued) {
  request(body, '');
  if (!body.tools) {
    for (const key of ['tool_choice', 'parallel_tool_calls']) {
      if (Object.hasOwn(body, key))
        throw invalid(key, `${key} is only allowed when tools are specified`);
    }
  } else {
    checkToolNames(
      body.tools.map((t) => t.function.name),
      'tools',
    );
    const chosen = body.tool_choice?.function?.name;
    if (chosen !== undefined && !body.tools.some((t) => t.function.name === chosen))
      throw invalid('tool_choice', `Tool choice '${chosen}' not found in tools`);
  }
  checkLimits(body);
  checkEffort(body);
  checkMarks(body);
  checkTexts(body);
  checkToolOrder(body.messages);
  if (body.messages.at(-1).role === 'assistant' && refusesPrefill(body.model))
    throw invalid(
      '',
      'This model does not support assistant message prefill. The conversation must end with a user message.',
    );
  checkReasoning(body, issued);
}

function checkLimits(body) {
  const limit = body.max_completion_tokens ?? body.max_tokens;
  if (/^openai\//.test(body.model) && limit !== undefined && limit < 16)
    throw invalid(
      '',
      `Invalid 'max_output_tokens': integer below minimum value. Expected a value >= 16, but got ${limit} instead.`,
    );
  if (
    body.reasoning?.max_tokens !== undefined &&
    body.reasoning.max_tokens !== null &&
    claudeModel(body.model)
  ) {
    if (body.reasoning.max_tokens < 1024)
      throw invalid('reasoning.max_tokens', 'must be at least 1024');
    if (limit !== undefined && limit <= body.reasoning.max_tokens)
      throw invalid('', 'max_tokens must be greater than reasoning.max_tokens');
  }
}

function checkEffort({ model: id, reasoning: wanted, reasoning_effort: shorthand }) {
  if (!wanted) return;
  const both = wanted.effort != null && wanted.max_tokens != null;
  if (both)
    throw invalid(
      'reasoning',
      'Only one of "reasoning.effort" and "reasoning.max_tokens" can be specified',
    );
  if (shorthand !== undefined && wanted.effort !== undefined && shorthand !== wanted.effort)
    throw invalid('reasoning_effort', 'contradicts reasoning.effort');
  if (
    claudeModel(id)?.version >= 5 &&
    wanted.enabled === false &&
    ['xhigh', 'max'].includes(wanted.effort)
  )
    throw invalid('reasoning', 'reasoning cannot be disabled at this effort');
}

function* partsOf(body) {
  for (const [i, m] of body.messages.entries()) {
    if (!Array.isArray(m.content)) continue;
    for (const [j, part] of m.content.entries()) yield [part, `messages.${i}.content.${j}`];
  }
}

function checkMarks(body) {
  const marks = [];
  (body.tools ?? []).forEach((t, i) => {
    if (t.cache_control) marks.push({ path: `tools.${i}`, control: t.cache_control });
  });
  for (const [part, path] of partsOf(body)) {
    if (part.cache_control) marks.push({ path, control: part.cache_control });
  }
  checkBreakpoints(marks, Boolean(body.cache_control));
}

function checkTexts(body) {
  for (const [part, path] of partsOf(body)) {
    if (part.type === 'text') checkText(part.text, path, Boolean(part.cache_control));
  }
  body.messages.forEach((m, i) => {
    if (['user', 'system', 'developer'].includes(m.role) && m.content === '')
      throw invalid(`messages.${i}`, 'all messages must have non-empty content');
    const answer = m.content || m.tool_calls || m.reasoning_details?.length > 0;
    if (m.role === 'assistant' && !answer)
      throw invalid(`messages.${i}`, 'an assistant message must have content or tool_calls');
  });
}

// Results stand directly behind the calls they answer, one for each call.
function checkToolOrder(messages) {
  const used = new Set();
  let open = [];
  messages.forEach((m, i) => {
    if (m.role === 'tool') {
      if (!open.includes(m.tool_call_id))
        throw invalid(
          `messages.${i}`,
          `unexpected \`tool_use_id\` found in \`tool_result\` blocks: ${m.tool_call_id}`,
        );
      open = open.filter((id) => id !== m.tool_call_id);
      return;
    }
    if (open.length > 0)
      throw invalid(
        `messages.${i}`,
        `\`tool_use\` ids were found without \`tool_result\` blocks immediately after: ${open.join(', ')}`,
      );
    for (const call of m.tool_calls ?? []) {
      if (used.has(call.id)) throw invalid(`messages.${i}`, '`tool_use` ids must be unique');
      used.add(call.id);
      open.push(call.id);
    }
  });
  if (open.length > 0)
    throw invalid(
      'messages',
      `\`tool_use\` ids were found without \`tool_result\` blocks immediately after: ${open.join(', ')}`,
    );
}
