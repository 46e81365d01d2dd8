// SPDX-License-Identifier: GPL-3.0-or-later

// An answer in the shape of OpenRouter's Chat Completions, as one object and as chunks.

const finishReasons = {
  end_turn: 'stop',
  stop_sequence: 'stop',
  tool_use: 'tool_calls',
  max_tokens: 'length',
  refusal: 'content_filter',
  model_context_window_exceeded: 'length',
};

function finishOf(answer, quirks) {
  return {
    finish_reason: quirks.finish_reason ?? finishReasons[answer.stopReason] ?? 'stop',
    native_finish_reason: quirks.native_finish_reason ?? answer.stopReason,
  };
}

function usageOf({ input, output, cacheRead, cacheWrite, reasoning, cost }) {
  const prompt = input + cacheRead + cacheWrite;
  return {
    prompt_tokens: prompt,
    completion_tokens: output,
    total_tokens: prompt + output,
    prompt_tokens_details: {
      cached_tokens: cacheRead,
      cache_write_tokens: cacheWrite,
      audio_tokens: 0,
    },
    completion_tokens_details: { reasoning_tokens: reasoning },
    cost,
    is_byok: false,
    cost_details: {
      upstream_inference_cost: null,
      upstream_inference_prompt_cost: 0,
      upstream_inference_completions_cost: 0,
    },
  };
}

const format = 'anthropic-claude-v1';

function detailOf(block, index) {
  if (block.type === 'redacted_thinking')
    return { type: 'reasoning.encrypted', data: block.data, format, index };
  return {
    type: 'reasoning.text',
    text: block.thinking,
    signature: block.signature,
    format,
    index,
  };
}

const isReasoning = (block) => block.type === 'thinking' || block.type === 'redacted_thinking';
const isTool = (block) => block.type === 'tool_use';

function callOf(block, index) {
  return {
    index,
    id: block.id,
    type: 'function',
    function: { name: block.name, arguments: JSON.stringify(block.input) },
  };
}

// quirks: {finish_reason?, native_finish_reason?, emptyUsageChoice?, interleave?, lateSignature?}
export function chatBody(answer, model, quirks = {}) {
  const text = answer.blocks
    .filter((b) => b.type === 'text')
    .map((b) => b.text)
    .join('');
  const reasoning = answer.blocks.filter(isReasoning);
  const calls = answer.blocks.filter(isTool);
  const message = { role: 'assistant', content: text === '' ? null : text, refusal: null };
  if (reasoning.length > 0) {
    message.reasoning = reasoning.map((b) => b.thinking ?? '').join('') || null;
    message.reasoning_details = reasoning.map(detailOf);
  }
  if (calls.length > 0) message.tool_calls = calls.map(callOf);
  return {
    id: answer.id,
    provider: 'Anthropic',
    model,
    object: 'chat.completion',
    created: 1790000000,
    choices: [{ logprobs: null, ...finishOf(answer, quirks), index: 0, message }],
    usage: usageOf(answer.usage),
  };
}

function reasoningDeltas(block, index, quirks) {
  if (block.type === 'redacted_thinking')
    return [
      {
        role: 'assistant',
        content: '',
        reasoning: null,
        reasoning_details: [detailOf(block, index)],
      },
    ];
  const deltas = block.pieces.map((text) => ({
    role: 'assistant',
    content: '',
    reasoning: text,
    reasoning_details: [{ type: 'reasoning.text', text, format, index }],
  }));
  if (!quirks.lateSignature && block.signature !== '') deltas.push(signatureDelta(block, index));
  return deltas;
}

const signatureDelta = (block, index) => ({
  role: 'assistant',
  content: '',
  reasoning_details: [{ type: 'reasoning.text', signature: block.signature, format, index }],
});

const toolHead = (block, index) => ({
  role: 'assistant',
  content: null,
  tool_calls: [
    { index, id: block.id, type: 'function', function: { name: block.name, arguments: '' } },
  ],
});
const toolPiece = (piece, index) => ({ tool_calls: [{ index, function: { arguments: piece } }] });

function toolDeltas(calls, interleave) {
  if (!interleave)
    return calls.flatMap((block, i) => [
      toolHead(block, i),
      ...block.pieces.map((p) => toolPiece(p, i)),
    ]);
  const deltas = calls.map(toolHead);
  const longest = Math.max(0, ...calls.map((block) => block.pieces.length));
  for (let k = 0; k < longest; ++k) {
    calls.forEach((block, i) => {
      if (k < block.pieces.length) deltas.push(toolPiece(block.pieces[k], i));
    });
  }
  return deltas;
}

// Frames {data}; a chat stream has no event lines.
export function chatFrames(answer, model, quirks = {}) {
  const chunk = (rest) => ({
    data: JSON.stringify({
      id: answer.id,
      provider: 'Anthropic',
      model,
      object: 'chat.completion.chunk',
      created: 1790000000,
      ...rest,
    }),
  });
  const delta = (content) =>
    chunk({
      choices: [
        {
          index: 0,
          delta: content,
          finish_reason: null,
          native_finish_reason: null,
          logprobs: null,
        },
      ],
    });
  const reasoning = answer.blocks.filter(isReasoning);
  const deltas = [{ role: 'assistant', content: '' }];
  reasoning.forEach((block, i) => deltas.push(...reasoningDeltas(block, i, quirks)));
  for (const block of answer.blocks) {
    if (block.type === 'text')
      deltas.push(...block.pieces.map((content) => ({ role: 'assistant', content })));
  }
  if (quirks.lateSignature) {
    reasoning.forEach((block, i) => {
      if (block.type === 'thinking') deltas.push(signatureDelta(block, i));
    });
  }
  deltas.push(...toolDeltas(answer.blocks.filter(isTool), quirks.interleave));
  const frames = deltas.map(delta);
  const finish = finishOf(answer, quirks);
  frames.push(
    chunk({
      choices: [{ index: 0, delta: { role: 'assistant', content: '' }, ...finish, logprobs: null }],
    }),
  );
  const usageChoices = quirks.emptyUsageChoice
    ? [
        {
          index: 0,
          delta: { role: 'assistant', content: '' },
          finish_reason: null,
          native_finish_reason: null,
          logprobs: null,
        },
      ]
    : [];
  frames.push(chunk({ choices: usageChoices, usage: usageOf(answer.usage) }));
  frames.push({ data: '[DONE]' });
  return frames;
}

export function chatErrorFrame(id, model, { code, message, error_type: errorType }, emptyChoices) {
  return {
    data: JSON.stringify({
      id,
      object: 'chat.completion.chunk',
      created: 1790000000,
      model,
      provider: 'Anthropic',
      error: { code, message, metadata: { error_type: errorType } },
      choices: emptyChoices ? [] : [{ index: 0, delta: { content: '' }, finish_reason: 'error' }],
    }),
  };
}
