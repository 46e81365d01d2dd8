// SPDX-License-Identifier: GPL-3.0-or-later
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readStream } from './harness/eventstream.mjs';
import { ask } from './harness/rawhttp.mjs';
import { rigFor } from './harness/rig.mjs';
import { assistant, toolResult, user, weatherTool } from './harness/samples.mjs';
import { localToken } from './harness/switchyard.mjs';

// The way back through the chat lane: answers with every habit of upstreams must become proper
// messages.

const model = 'claude-opus-5-5';
const question = (changes) => ({ model, max_tokens: 2000, messages: [user('Hello')], ...changes });
const tools = [weatherTool];

describe('an answer through the chat lane', () => {
  const rig = rigFor('chat');
  const rawStream = (...chunks) => ({
    kind: 'raw',
    headers: { 'content-type': 'text/event-stream' },
    body: chunks.map(
      (chunk) =>
        `data: ${typeof chunk === 'string' ? chunk : JSON.stringify({ id: 'gen-1', object: 'chat.completion.chunk', model: 'm', created: 1, ...chunk })}\n\n`,
    ),
  });
  const delta = (content, finish = null) => ({
    choices: [{ index: 0, delta: content, finish_reason: finish }],
  });
  const call = (index, more, fn) => delta({ tool_calls: [{ index, ...more, function: fn }] });
  const usage = { usage: { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 } };

  async function streamed(script) {
    await rig.upstream.script(script);
    const answer = await ask(rig.proxy.port, {
      token: localToken,
      body: JSON.stringify(question({ stream: true, tools })),
    });
    assert.equal(answer.status, 200, answer.text);
    return readStream(answer.bytes);
  }
  const shapes = (message) =>
    message.content.map((block) => block.input ?? block.text ?? block.thinking);

  const habits = {
    'calls whose pieces are mixed': [
      rawStream(
        call(0, { id: 'a', type: 'function' }, { name: 'get_weather', arguments: '' }),
        call(1, { id: 'b', type: 'function' }, { name: 'get_weather', arguments: '' }),
        call(1, {}, { arguments: '{"place":' }),
        call(0, {}, { arguments: '{"place":"Bonn"}' }),
        call(1, {}, { arguments: '"Ulm"}' }),
        delta({}, 'tool_calls'),
        { choices: [], ...usage },
        '[DONE]',
      ),
      [{ place: 'Bonn' }, { place: 'Ulm' }],
      'tool_use',
    ],
    'a call complete in one piece, finished with stop': [
      rawStream(
        call(
          0,
          { id: 'a', type: 'function' },
          { name: 'get_weather', arguments: '{"place":"Bonn"}' },
        ),
        delta({}, 'stop'),
        { choices: [], ...usage },
        '[DONE]',
      ),
      [{ place: 'Bonn' }],
      'tool_use',
    ],
    'empty ids and names in later pieces': [
      rawStream(
        call(0, { id: 'a', type: 'function' }, { name: 'get_weather', arguments: '{"pl' }),
        call(0, { id: '', type: 'function' }, { name: '', arguments: 'ace":"Bonn"}' }),
        delta({}, 'tool_calls'),
        { choices: [], ...usage },
        '[DONE]',
      ),
      [{ place: 'Bonn' }],
      'tool_use',
    ],
    'null for no arguments': [
      rawStream(
        call(0, { id: 'a', type: 'function' }, { name: 'get_weather', arguments: null }),
        delta({}, 'tool_calls'),
        { choices: [], ...usage },
        '[DONE]',
      ),
      [{}],
      'tool_use',
    ],
    'a placeholder before the arguments': [
      rawStream(
        call(0, { id: 'a', type: 'function' }, { name: 'get_weather', arguments: '{}' }),
        call(0, {}, { arguments: '{"place":"Bonn"}' }),
        delta({}, 'tool_calls'),
        { choices: [], ...usage },
        '[DONE]',
      ),
      [{ place: 'Bonn' }],
      'tool_use',
    ],
    'text, thinking and a call in one piece': [
      rawStream(
        delta({
          content: 'Well.',
          reasoning: 'Hm.',
          tool_calls: [
            {
              index: 0,
              id: 'a',
              type: 'function',
              function: { name: 'get_weather', arguments: '{}' },
            },
          ],
        }),
        delta({}, 'tool_calls'),
        { choices: [], ...usage },
        '[DONE]',
      ),
      ['Hm.', 'Well.', {}],
      'tool_use',
    ],
    'usage with a choice beside it': [
      rawStream(
        delta({ content: 'Well.' }),
        delta({}, 'stop'),
        { choices: [{ index: 0, delta: {}, finish_reason: null }], ...usage },
        '[DONE]',
      ),
      ['Well.'],
      'end_turn',
    ],
    'usage in every piece': [
      rawStream(
        { ...delta({ content: 'We' }), ...usage },
        { ...delta({ content: 'll.' }), ...usage },
        { ...delta({}, 'stop'), ...usage },
        '[DONE]',
      ),
      ['Well.'],
      'end_turn',
    ],
    'null for usage': [
      rawStream(
        { ...delta({ content: 'Well.' }), usage: null },
        { ...delta({}, 'stop'), usage: null },
        '[DONE]',
      ),
      ['Well.'],
      'end_turn',
    ],
    'no usage and no [DONE]': [
      rawStream(delta({ content: 'Well.' }), delta({}, 'stop')),
      ['Well.'],
      'end_turn',
    ],
    'no finish reason but [DONE]': [
      rawStream(delta({ content: 'Well.' }), '[DONE]'),
      ['Well.'],
      'end_turn',
    ],
    'an empty finish reason in every piece': [
      rawStream(
        { choices: [{ index: 0, delta: { content: 'Well.' }, finish_reason: '' }] },
        delta({}, 'stop'),
        '[DONE]',
      ),
      ['Well.'],
      'end_turn',
    ],
    'a finish reason in capitals': [
      rawStream(delta({ content: 'Well.' }), delta({}, 'MAX_TOKENS'), '[DONE]'),
      ['Well.'],
      'max_tokens',
    ],
    'content as a list': [
      rawStream(delta({ content: [{ type: 'text', text: 'Well.' }] }), delta({}, 'stop'), '[DONE]'),
      ['Well.'],
      'end_turn',
    ],
    'empty content before a call': [
      rawStream(
        delta({ role: 'assistant', content: '' }),
        delta({ content: '' }),
        call(0, { id: 'a', type: 'function' }, { name: 'get_weather', arguments: '{}' }),
        delta({ content: '' }, 'tool_calls'),
        '[DONE]',
      ),
      [{}],
      'tool_use',
    ],
    'an id that no client would take': [
      rawStream(
        call(
          0,
          { id: 'functions.get_weather:0', type: 'function' },
          { name: 'get_weather', arguments: '{}' },
        ),
        delta({}, 'tool_calls'),
        '[DONE]',
      ),
      [{}],
      'tool_use',
    ],
    'no id at all': [
      rawStream(
        call(0, { type: 'function' }, { name: 'get_weather', arguments: '{}' }),
        delta({}, 'tool_calls'),
        '[DONE]',
      ),
      [{}],
      'tool_use',
    ],
  };
  for (const [name, [script, expected, stopReason]] of Object.entries(habits)) {
    test(`with ${name} becomes a proper stream`, async () => {
      const message = await streamed(script);
      assert.deepEqual(shapes(message), expected);
      assert.equal(message.stop_reason, stopReason);
    });
  }

  test('whose signature comes behind the text can be sent back', async () => {
    const first = await streamed({
      content: [
        { type: 'thinking', thinking: 'Hm.' },
        { type: 'text', text: 'Well.' },
        { type: 'tool_use', name: 'get_weather', input: {} },
      ],
      quirks: { lateSignature: true },
    });
    assert.equal(
      first.content
        .filter((b) => b.type === 'thinking')
        .map((b) => b.thinking)
        .join(''),
      'Hm.',
    );
    assert.equal(
      first.content
        .filter((b) => b.type === 'text')
        .map((b) => b.text)
        .join(''),
      'Well.',
    );
    const [call] = first.content.filter((b) => b.type === 'tool_use');
    await rig.upstream.script({ content: 'It rains.' });
    const second = await ask(rig.proxy.port, {
      token: localToken,
      body: JSON.stringify(
        question({
          tools,
          thinking: { type: 'adaptive' },
          messages: [user('?'), assistant(first.content), user([toolResult(call.id, 'rain')])],
        }),
      ),
    });
    assert.equal(second.status, 200, second.text);
  });

  test('counts what was read from the cache once', async () => {
    const { usage: counted } = await streamed({
      content: 'Well.',
      usage: { input: 100, cacheRead: 1000, cacheWrite: 50, output: 7 },
    });
    assert.deepEqual(
      [
        counted.input_tokens,
        counted.cache_read_input_tokens,
        counted.cache_creation_input_tokens,
        counted.output_tokens,
      ],
      [100, 1000, 50, 7],
    );
  });

  const hidden = {
    'an error object with 200': {
      kind: 'raw',
      body: '{"error":{"code":402,"message":"Insufficient credits"}}',
    },
    'an error as the reason of the end with 200': {
      kind: 'raw',
      body: '{"id":"gen-1","object":"chat.completion","choices":[{"index":0,"finish_reason":"error","error":{"code":402,"message":"Insufficient credits"},"message":{"role":"assistant","content":"Par"}}]}',
    },
  };
  for (const [name, script] of Object.entries(hidden)) {
    for (const stream of [false, true]) {
      test(`that is ${name} is an error (stream: ${stream})`, async () => {
        await rig.upstream.script(script);
        const answer = await ask(rig.proxy.port, {
          token: localToken,
          body: JSON.stringify(question({ stream })),
        });
        assert.equal(answer.status, 402, answer.text);
        assert.equal(answer.json().error.type, 'billing_error');
        assert.match(answer.json().error.message, /Insufficient credits/);
      });
    }
  }

  test('whose first piece is an error is an error with its status', async () => {
    await rig.upstream.script({
      content: 'x',
      error: {
        after: 0,
        code: 402,
        error_type: 'payment_required',
        message: 'Insufficient credits',
      },
      quirks: { emptyUsageChoice: true },
    });
    const answer = await ask(rig.proxy.port, {
      token: localToken,
      body: JSON.stringify(question({ stream: true })),
    });
    assert.equal(answer.status, 402, answer.text);
    assert.match(answer.json().error.message, /Insufficient credits/);
  });
});
