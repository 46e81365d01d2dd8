// SPDX-License-Identifier: GPL-3.0-or-later

// An answer in the shape of OpenRouter's Messages skin, as one object and as events.

const zeroCreation = { ephemeral_5m_input_tokens: 0, ephemeral_1h_input_tokens: 0 };

function finalUsage({ input, output, cacheRead, cacheWrite, reasoning, cost }) {
  return {
    input_tokens: input,
    output_tokens: output,
    output_tokens_details: { thinking_tokens: reasoning },
    cache_creation_input_tokens: cacheWrite,
    cache_read_input_tokens: cacheRead,
    cache_creation: { ...zeroCreation, ephemeral_5m_input_tokens: cacheWrite },
    server_tool_use: null,
    service_tier: 'standard',
    speed: 'standard',
    cost,
    is_byok: false,
    cost_details: { upstream_inference_cost: cost },
  };
}

function startUsage({ input, cacheRead, cacheWrite }) {
  return {
    input_tokens: input,
    output_tokens: 1,
    output_tokens_details: null,
    cache_creation_input_tokens: cacheWrite,
    cache_read_input_tokens: cacheRead,
    cache_creation: { ...zeroCreation, ephemeral_5m_input_tokens: cacheWrite },
    inference_geo: null,
    server_tool_use: null,
    service_tier: 'standard',
    speed: 'standard',
  };
}

function finalBlock({ pieces, splitSignature, omitted, ...block }) {
  if (block.type === 'text') return { ...block, citations: null };
  return block;
}

export function messagesBody(answer, model) {
  return {
    id: answer.id,
    type: 'message',
    role: 'assistant',
    container: null,
    content: answer.blocks.map(finalBlock),
    model,
    stop_reason: answer.stopReason,
    stop_details: null,
    stop_sequence: answer.stopSequence,
    usage: finalUsage(answer.usage),
    provider: 'Anthropic',
  };
}

function startOf(block) {
  switch (block.type) {
    case 'text':
      return { type: 'text', text: '', citations: [] };
    case 'thinking':
      return { type: 'thinking', thinking: '', signature: '' };
    case 'tool_use':
      return {
        type: 'tool_use',
        id: block.id,
        name: block.name,
        input: {},
        caller: { type: 'direct' },
      };
    default:
      return finalBlock(block);
  }
}

function deltasOf(block) {
  switch (block.type) {
    case 'text':
      return block.pieces.map((text) => ({ type: 'text_delta', text }));
    case 'thinking': {
      const deltas = block.pieces.map((thinking) => ({ type: 'thinking_delta', thinking }));
      if (block.signature !== '')
        deltas.push({ type: 'signature_delta', signature: block.signature });
      return deltas;
    }
    case 'tool_use': {
      const pieces = Object.keys(block.input).length === 0 ? [''] : ['', ...block.pieces];
      return pieces.map((partial_json) => ({ type: 'input_json_delta', partial_json }));
    }
    default:
      return [];
  }
}

// Frames {event, data}. The last one, which the real server adds behind message_stop, is optional.
export function messagesFrames(answer, model, { trailing = true } = {}) {
  const events = [
    {
      type: 'message_start',
      message: {
        id: answer.id,
        type: 'message',
        role: 'assistant',
        container: null,
        content: [],
        model,
        stop_reason: null,
        stop_details: null,
        stop_sequence: null,
        usage: startUsage(answer.usage),
        provider: 'Anthropic',
      },
    },
  ];
  answer.blocks.forEach((block, index) => {
    events.push({ type: 'content_block_start', index, content_block: startOf(block) });
    for (const delta of deltasOf(block)) events.push({ type: 'content_block_delta', index, delta });
    events.push({ type: 'content_block_stop', index });
  });
  events.push({
    type: 'message_delta',
    delta: {
      container: null,
      stop_details: null,
      stop_reason: answer.stopReason,
      stop_sequence: answer.stopSequence,
    },
    usage: finalUsage(answer.usage),
    context_management: null,
  });
  events.push({ type: 'message_stop' });
  const frames = events.map((event) => ({ event: event.type, data: JSON.stringify(event) }));
  if (trailing) frames.push({ event: 'data', data: '[DONE]' });
  return frames;
}
