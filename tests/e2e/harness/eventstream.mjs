// SPDX-License-Identifier: GPL-3.0-or-later
import assert from 'node:assert/strict';

// A strict reader of what a Messages API stream may look like on the wire: every frame is
// `event:`, `data:` and a blank line, ended by line feeds; comments stand alone. Returns
// [{event, data}] and fails on the first byte that does not belong.
export function parseFrames(bytes) {
  const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  assert.ok(!text.includes('\r'), 'a carriage return in the stream');
  assert.ok(
    text === '' || text.endsWith('\n\n'),
    `the last frame has no blank line: ${JSON.stringify(text.slice(-80))}`,
  );
  const frames = [];
  for (const part of text.split('\n\n').slice(0, -1)) {
    if (/^:[^\n]*$/.test(part)) continue;
    const match = /^event: ([a-z_]+)\ndata: ([^\n]+)$/.exec(part);
    assert.ok(match, `not a frame: ${JSON.stringify(part)}`);
    frames.push({ event: match[1], data: JSON.parse(match[2]) });
  }
  return frames;
}

const deltaTypes = {
  text: ['text_delta', 'citations_delta'],
  thinking: ['thinking_delta', 'signature_delta'],
  tool_use: ['input_json_delta'],
  server_tool_use: ['input_json_delta'],
};

function assertCount(value, what) {
  assert.ok(Number.isInteger(value) && value >= 0, `${what} is ${JSON.stringify(value)}`);
}

function assertStart({ message }) {
  assert.equal(message.type, 'message');
  assert.equal(message.role, 'assistant');
  assert.match(message.id, /^[A-Za-z0-9_-]{8,}$/);
  assert.deepEqual(message.content, []);
  assert.equal(message.stop_reason, null);
  assert.equal(message.stop_sequence, null);
  assertCount(message.usage.input_tokens, 'message_start input_tokens');
  assertCount(message.usage.output_tokens, 'message_start output_tokens');
}

function openBlock(block) {
  switch (block.type) {
    case 'text':
      assert.equal(typeof block.text, 'string');
      return { ...block };
    case 'thinking':
      assert.equal(typeof block.thinking, 'string');
      return { ...block };
    case 'tool_use':
      assert.match(block.id, /^[a-zA-Z0-9_-]+$/);
      assert.ok(block.name.length > 0);
      assert.deepEqual(block.input, {}, 'tool_use starts with input {}');
      return { ...block, json: '' };
    default:
      return { ...block };
  }
}

function applyDelta(block, delta) {
  assert.ok(deltaTypes[block.type]?.includes(delta.type), `${delta.type} in a ${block.type} block`);
  if (delta.type === 'text_delta') block.text += delta.text;
  if (delta.type === 'thinking_delta') block.thinking += delta.thinking;
  if (delta.type === 'signature_delta') block.signature = delta.signature;
  if (delta.type === 'input_json_delta') block.json += delta.partial_json;
}

function closeBlock({ json, ...block }) {
  if (block.type === 'tool_use') block.input = json === '' ? {} : JSON.parse(json);
  return block;
}

// Plays the frames by the rules of the API and returns {message, error, pings}: the message a
// client ends up with, or the error the stream ended in. Anything after the end is a failure.
export function playFrames(frames) {
  let message;
  let open;
  let delta;
  let ended = false;
  let error;
  let pings = 0;
  for (const { event, data } of frames) {
    assert.equal(data.type, event, 'the type in the data is the name of the event');
    assert.ok(!ended, `${event} after the end`);
    if (event === 'ping') {
      ++pings;
      continue;
    }
    if (event === 'error') {
      assert.equal(typeof data.error.type, 'string');
      assert.equal(typeof data.error.message, 'string');
      error = data.error;
      ended = true;
      continue;
    }
    if (event === 'message_start') {
      assert.equal(message, undefined, 'a second message_start');
      assertStart(data);
      message = structuredClone(data.message);
      continue;
    }
    assert.ok(message, `${event} before message_start`);
    switch (event) {
      case 'content_block_start':
        assert.equal(open, undefined, 'two blocks are open');
        assert.equal(delta, undefined, 'a block after message_delta');
        assert.equal(data.index, message.content.length, 'indices are contiguous');
        open = openBlock(data.content_block);
        break;
      case 'content_block_delta':
        assert.ok(open, 'a delta without an open block');
        assert.equal(data.index, message.content.length, 'the delta is for the open block');
        applyDelta(open, data.delta);
        break;
      case 'content_block_stop':
        assert.ok(open, 'a stop without an open block');
        assert.equal(data.index, message.content.length, 'the stop is for the open block');
        message.content.push(closeBlock(open));
        open = undefined;
        break;
      case 'message_delta':
        assert.equal(open, undefined, 'message_delta while a block is open');
        assertCount(data.usage.output_tokens, 'message_delta output_tokens');
        assert.ok(data.delta.stop_reason, 'a stop reason');
        delta = data;
        Object.assign(message, {
          stop_reason: data.delta.stop_reason,
          stop_sequence: data.delta.stop_sequence,
        });
        Object.assign(message.usage, data.usage);
        break;
      case 'message_stop':
        assert.ok(delta, 'message_stop without message_delta');
        ended = true;
        break;
      default:
        assert.fail(`unknown event ${event}`);
    }
  }
  return { message, error, pings, ended };
}

// The message of a whole stream that ended well.
export function readStream(bytes) {
  const { message, error, ended } = playFrames(parseFrames(bytes));
  assert.equal(error, undefined, `the stream ended in an error: ${JSON.stringify(error)}`);
  assert.ok(ended, 'the stream has no message_stop');
  return message;
}
