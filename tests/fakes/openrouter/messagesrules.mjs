// SPDX-License-Identifier: GPL-3.0-or-later
import { checkTurns } from './messagesturns.mjs';
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
  required,
  string,
  tagged,
} from './schema.mjs';
import {
  cacheControl,
  checkBreakpoints,
  checkEncoded,
  checkImageUrl,
  checkText,
  checkToolNames,
  claudeModel,
  imageTypes,
  inputSchema,
  model,
  providerPreferences,
  thinkingForms,
} from './sharedrules.mjs';

// What `POST /api/v1/messages` refuses. Members of the request that OpenRouter's schema does not
// name pass: the real one takes Claude Code's full body, which has such members.

const id = string({ pattern: /^[a-zA-Z0-9_-]+$/ });
const cache = { cache_control: nullable(cacheControl) };

const text = object({ type: any, text: required(string()), citations: any, ...cache });

function imageSource(value, path) {
  tagged('type', {
    base64: object({
      type: any,
      media_type: required(string({ oneOf: imageTypes })),
      data: required(string()),
    }),
    url: object({ type: any, url: required(string()) }),
    file: object({ type: any, file_id: required(string()) }),
  })(value, path);
  if (value.type === 'base64') checkEncoded(value.media_type, value.data, path);
  if (value.type === 'url') checkImageUrl(value.url, `${path}.url`, []);
}
const image = object({ type: any, source: required(imageSource), transformations: any, ...cache });

function documentSource(value, path) {
  tagged('type', {
    base64: object({
      type: any,
      media_type: required(oneOf('application/pdf')),
      data: required(string()),
    }),
    text: object({
      type: any,
      media_type: required(oneOf('text/plain')),
      data: required(string()),
    }),
    content: object({ type: any, content: required(any) }),
    url: object({ type: any, url: required(string({ pattern: /^https:/ })) }),
    file: object({ type: any, file_id: required(string()) }),
  })(value, path);
  if (value.type === 'base64') checkEncoded(value.media_type, value.data, path);
}
const document = object({
  type: any,
  source: required(documentSource),
  title: nullable(string()),
  context: nullable(string()),
  citations: nullable(object({ enabled: boolean })),
  ...cache,
});

const searchResult = object({
  type: any,
  source: required(string()),
  title: required(string()),
  content: required(array(text)),
  citations: any,
  ...cache,
});

const resultContent = byType({
  string: string(),
  array: array(
    tagged('type', {
      text,
      image,
      document,
      search_result: searchResult,
      tool_reference: object({ type: any, tool_name: required(string()), ...cache }),
    }),
  ),
});

const openBlock = object({}, { open: true });

const userBlocks = {
  text,
  image,
  document,
  search_result: searchResult,
  tool_result: object({
    type: any,
    tool_use_id: required(id),
    content: resultContent,
    is_error: nullable(boolean),
    toolset_name: any,
    ...cache,
  }),
  container_upload: openBlock,
};

const assistantBlocks = {
  text,
  thinking: object({ type: any, thinking: required(string()), signature: required(string()) }),
  redacted_thinking: object({ type: any, data: required(string({ min: 1 })) }),
  tool_use: object({
    type: any,
    id: required(id),
    name: required(string({ min: 1, max: 200 })),
    input: required(openBlock),
    caller: any,
    toolset_name: any,
    ...cache,
  }),
  server_tool_use: openBlock,
  web_search_tool_result: openBlock,
  web_fetch_tool_result: openBlock,
  code_execution_tool_result: openBlock,
  bash_code_execution_tool_result: openBlock,
  text_editor_code_execution_tool_result: openBlock,
  tool_search_tool_result: openBlock,
};

function message(tolerant) {
  const blocks = (known) =>
    byType({
      string: string(),
      array: array(tagged('type', known, tolerant ? openBlock : undefined)),
    });
  const members = (known) =>
    object({ role: any, content: required(blocks(known)) }, { open: tolerant });
  const schemas = {
    user: members(userBlocks),
    assistant: members(assistantBlocks),
    system: object(
      { role: any, content: required(blocks({ text })), output_config: any },
      { open: tolerant },
    ),
  };
  return (value, path) => {
    object({ role: required(any) }, { open: true })(value, path);
    if (!Object.hasOwn(schemas, value.role))
      throw invalid(`${path}.role`, "Input should be 'user', 'assistant' or 'system'");
    schemas[value.role](value, path);
  };
}

const customTool = object({
  type: oneOf('custom', null),
  name: required(string({ pattern: /^[a-zA-Z0-9_-]{1,128}$/ })),
  description: string(),
  input_schema: required(inputSchema),
  strict: boolean,
  defer_loading: boolean,
  eager_input_streaming: nullable(boolean),
  input_examples: array(openBlock),
  allowed_callers: array(string()),
  ...cache,
});
// Tools that Anthropic defines are dated, but for these.
const undatedTools = ['tool_search_tool_regex', 'tool_search_tool_bm25', 'mcp_toolset'];
function tool(value, path) {
  if (!isObject(value)) throw invalid(path, 'Input should be a valid dictionary');
  if (value.type === undefined || value.type === null || value.type === 'custom') {
    customTool(value, `${path}.custom`);
    return;
  }
  if (!undatedTools.includes(value.type) && !/^[a-z_]+_20\d{6}$/.test(value.type))
    throw invalid(
      path,
      `Input tag '${value.type}' found using 'type' does not match any of the expected tags`,
    );
}

const toolChoice = tagged('type', {
  auto: object({ type: any, disable_parallel_tool_use: boolean }),
  any: object({ type: any, disable_parallel_tool_use: boolean }),
  tool: object({ type: any, name: required(string()), disable_parallel_tool_use: boolean }),
  none: object({ type: any }),
});

const display = nullable(oneOf('summarized', 'omitted', 'updates'));
const thinking = tagged('type', {
  enabled: object({ type: any, budget_tokens: required(integer({ min: 1024 })), display }),
  adaptive: object({ type: any, display }),
  disabled: object({ type: any }),
});

const outputConfig = object({
  effort: nullable(oneOf('low', 'medium', 'high', 'xhigh', 'max')),
  format: nullable(object({ type: required(oneOf('json_schema')), schema: required(openBlock) })),
  task_budget: any,
});

function request(tolerant) {
  return object(
    {
      model: required(model),
      messages: required(array(message(tolerant), { min: 1, max: 100_000 })),
      max_tokens: required(integer({ min: 0 })),
      system: byType({ string: string(), array: array(tagged('type', { text })) }),
      cache_control: nullable(cacheControl),
      metadata: nullable(object({ user_id: nullable(string()) })),
      output_config: nullable(outputConfig),
      stop_sequences: array(string({ pattern: /\S/ })),
      stream: boolean,
      temperature: number({ min: 0, max: 1 }),
      top_p: number({ min: 0, max: 1 }),
      top_k: integer({ min: 0 }),
      thinking,
      tool_choice: toolChoice,
      tools: array(tool),
      provider: nullable(providerPreferences),
      models: array(string()),
      fallbacks: array(any, { max: 3 }),
      plugins: array(object({ id: required(string()) }, { open: true })),
      context_management: nullable(object({ edits: array(openBlock) })),
      service_tier: string(),
      session_id: string(),
      user: string(),
    },
    { open: true },
  );
}

const refusedMembers = ['mcp_servers', 'container', 'inference_geo'];

// Throws a Refusal. `issued` knows what this server signed; `tolerant` lets unknown blocks pass, as
// a server does that is newer than this file.
export function checkMessagesRequest(body, issued, { tolerant = false } = {}) {
  request(tolerant)(body, '');
  for (const key of refusedMembers) {
    if (Object.hasOwn(body, key)) throw invalid(key, 'Extra inputs are not permitted');
  }
  if (body.tool_choice && !(body.tools?.length > 0))
    throw invalid('tool_choice', 'tool_choice may only be specified while providing tools');
  if (body.models && body.fallbacks)
    throw invalid('fallbacks', 'cannot be used together with models');
  checkToolNames((body.tools ?? []).map((t) => t.name).filter(Boolean), 'tools');
  if (
    body.tool_choice?.type === 'tool' &&
    !body.tools.some((t) => t.name === body.tool_choice.name)
  )
    throw invalid(
      'tool_choice.name',
      `Tool '${body.tool_choice.name}' not found in provided tools`,
    );
  checkThinking(body);
  checkSampling(body);
  checkMarks(body);
  checkTexts(body);
  checkTurns(body, issued);
}

function checkThinking({ model: id, thinking: form, tool_choice: choice, max_tokens: limit }) {
  if (!form) return;
  if (!thinkingForms(id)[form.type]) {
    if (form.type === 'adaptive')
      throw invalid('', 'adaptive thinking is not supported on this model');
    throw invalid(
      '',
      `"thinking.type.${form.type}" is not supported for this model. Use "thinking.type.adaptive" ` +
        'and "output_config.effort" to control thinking behavior.',
    );
  }
  if (form.type !== 'enabled') return;
  if (limit <= form.budget_tokens)
    throw invalid('', 'max_tokens must be greater than thinking.budget_tokens');
  if (choice?.type === 'any' || choice?.type === 'tool')
    throw invalid('', 'Thinking may not be enabled when tool_choice forces tool use.');
}

function checkSampling(body) {
  if (!(claudeModel(body.model)?.version >= 4.7)) return;
  if (body.temperature !== undefined && body.temperature !== 1)
    throw invalid('', '`temperature` is deprecated for this model.');
  if (body.top_p !== undefined && body.top_p < 0.99)
    throw invalid('', '`top_p` is deprecated for this model.');
  if (body.top_k !== undefined) throw invalid('', '`top_k` is deprecated for this model.');
}

function* blocksOf(body) {
  if (Array.isArray(body.system))
    for (const [i, b] of body.system.entries()) yield [b, `system.${i}`];
  for (const [i, m] of body.messages.entries()) {
    if (!Array.isArray(m.content)) continue;
    for (const [j, b] of m.content.entries()) {
      yield [b, `messages.${i}.content.${j}`];
      if (b.type !== 'tool_result' || !Array.isArray(b.content)) continue;
      for (const [k, inner] of b.content.entries())
        yield [inner, `messages.${i}.content.${j}.content.${k}`];
    }
  }
}

function checkMarks(body) {
  const marks = [];
  const collect = (value, path) => {
    if (value.cache_control) marks.push({ path, control: value.cache_control });
  };
  (body.tools ?? []).forEach((t, i) => collect(t, `tools.${i}`));
  for (const [block, path] of blocksOf(body)) collect(block, path);
  checkBreakpoints(marks, Boolean(body.cache_control));
}

function checkTexts(body) {
  for (const [block, path] of blocksOf(body)) {
    if (block.type === 'text') checkText(block.text, path, Boolean(block.cache_control));
  }
}
