// SPDX-License-Identifier: GPL-3.0-or-later
import Anthropic from '@anthropic-ai/sdk';
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { blocksOf, runClaude } from './harness/claudecode.mjs';
import { answered, chat, chatTool, fakeAlone, messages, model } from './harness/fakealone.mjs';
import { upstreamKey } from './harness/fakeupstream.mjs';
import { assistant, toolResult, user, weatherTool } from './harness/samples.mjs';

// The fake OpenRouter by itself: the official clients must be content with it, it must recognise
// what it signed, and deliver as it is told.

const rig = fakeAlone();

describe('thinking that comes back', () => {
  const think = { type: 'thinking', thinking: 'Let me look.' };
  const thinkingOn = { thinking: { type: 'adaptive' }, tools: [weatherTool] };

  async function firstTurn() {
    await rig.fake.script({
      content: [
        think,
        { type: 'redacted_thinking' },
        { type: 'tool_use', name: 'get_weather', input: { place: 'Bonn' } },
      ],
    });
    return JSON.parse((await rig.post('/messages', messages(thinkingOn))).text).content;
  }
  async function secondTurn(content) {
    const tool = content.find((block) => block.type === 'tool_use');
    return rig.post(
      '/messages',
      messages({
        ...thinkingOn,
        messages: [user('Hello'), assistant(content), user([toolResult(tool.id, 'sunny')])],
      }),
    );
  }

  test('unchanged is taken', async () => {
    const { status, text: answer } = await secondTurn(await firstTurn());
    assert.equal(status, 200, answer);
  });
  test('with one character changed is refused', async () => {
    const [first, ...rest] = await firstTurn();
    const { text: answer } = await secondTurn([{ ...first, thinking: 'Let me look!' }, ...rest]);
    assert.match(answer, /Invalid `signature` in `thinking` block/);
  });
  test('with its signature shortened is refused', async () => {
    const [first, ...rest] = await firstTurn();
    const { text: answer } = await secondTurn([
      { ...first, signature: first.signature.slice(0, -1) },
      ...rest,
    ]);
    assert.match(answer, /Invalid `signature` in `thinking` block/);
  });
  test('left out is refused', async () => {
    const { text: answer } = await secondTurn((await firstTurn()).slice(2));
    assert.match(
      answer,
      /messages\.1\.content\.0\.type: Expected `thinking` or `redacted_thinking`, but found `tool_use`/,
    );
  });
  test('in another order is refused', async () => {
    const [first, second, tool] = await firstTurn();
    const { text: answer } = await secondTurn([second, first, tool]);
    assert.match(answer, /blocks in the latest assistant message cannot be modified/);
  });

  async function chatTurns(change) {
    const on = { reasoning: { effort: 'high' }, tools: [chatTool] };
    await rig.fake.script({
      content: [
        think,
        { type: 'redacted_thinking' },
        { type: 'tool_use', name: 'get_weather', input: {} },
      ],
    });
    const { message } = JSON.parse((await rig.post('/chat/completions', chat(on))).text).choices[0];
    const back = {
      role: 'assistant',
      content: null,
      reasoning_details: change(message.reasoning_details),
      tool_calls: message.tool_calls.map(({ index, ...rest }) => rest),
    };
    return rig.post(
      '/chat/completions',
      chat({
        ...on,
        messages: [{ role: 'user', content: 'Hello' }, back, answered(message.tool_calls[0].id)],
      }),
    );
  }
  test('as reasoning_details unchanged is taken', async () => {
    const { status, text: answer } = await chatTurns((details) => details);
    assert.equal(status, 200, answer);
  });
  test('as reasoning_details in another order is refused', async () => {
    assert.match((await chatTurns((details) => details.reverse())).text, /cannot be modified/);
  });
  test('as reasoning_details left out is refused', async () => {
    assert.match((await chatTurns(() => [])).text, /cannot be modified/);
  });
  test('as reasoning_details with a changed text is refused', async () => {
    assert.match(
      (await chatTurns(([first, ...rest]) => [{ ...first, text: 'x' }, ...rest])).text,
      /Invalid `signature`/,
    );
  });
});

describe('the official SDK against the Messages skin', () => {
  const client = () =>
    new Anthropic({
      baseURL: rig.fake.base.replace(/\/v1$/, ''),
      authToken: upstreamKey,
      apiKey: null,
      maxRetries: 0,
      logLevel: 'off',
    });
  const blocks = [
    { type: 'thinking', thinking: 'Let me look.' },
    { type: 'text', text: 'Ich prüfe das → gleich. 🙂' },
    { type: 'tool_use', name: 'get_weather', input: { place: 'Köln "am Rhein"' } },
    { type: 'tool_use', name: 'get_weather', input: {} },
  ];

  function assertBlocks(message) {
    assert.deepEqual(
      message.content.map(
        ({ type, text: words, thinking, input }) => words ?? thinking ?? input ?? type,
      ),
      ['Let me look.', 'Ich prüfe das → gleich. 🙂', { place: 'Köln "am Rhein"' }, {}],
    );
    assert.equal(message.stop_reason, 'tool_use');
    assert.equal(message.usage.output_tokens, 21);
  }

  test('reads a JSON answer', async () => {
    await rig.fake.script({ content: blocks });
    assertBlocks(await client().messages.create(messages({ tools: [weatherTool] })));
  });

  const deliveries = {
    'as it is': {},
    'byte by byte': { writes: 'byte' },
    'with CRLF': { newline: '\r\n' },
    'with CR': { newline: '\r', writes: 3 },
    'with comments': { comments: true },
    'with two data lines': { dataLines: 2 },
    'without the space': { noSpace: true },
    'with id and retry lines': { fields: true },
    'in one write': { writes: 'all' },
    'packed with gzip': { encoding: 'gzip' },
  };
  for (const [name, delivery] of Object.entries(deliveries)) {
    test(`reads a stream ${name}`, async () => {
      await rig.fake.script({ content: blocks, trailing: false, delivery });
      assertBlocks(
        await client()
          .messages.stream(messages({ tools: [weatherTool] }))
          .finalMessage(),
      );
    });
  }

  test('stumbles over the frame that OpenRouter adds behind the end', async () => {
    await rig.fake.script({ content: 'Hello' });
    await assert.rejects(
      client().messages.stream(messages({})).finalMessage(),
      /"\[DONE\]" is not valid JSON/,
    );
  });

  test('sees an error in the middle of a stream', async () => {
    await rig.fake.script({
      content: 'one two three',
      error: { after: 4, error_type: 'provider_overloaded', message: 'Overloaded' },
    });
    await assert.rejects(client().messages.stream(messages({})).finalMessage(), /Overloaded/);
  });

  test('sees an error as its own class', async () => {
    await rig.fake.script({
      kind: 'error',
      status: 429,
      error_type: 'rate_limit_exceeded',
      message: 'Slow down',
      headers: { 'retry-after': '1' },
    });
    await assert.rejects(client().messages.create(messages({})), Anthropic.RateLimitError);
  });

  test('sees a stream that dies', async () => {
    await rig.fake.script({ content: 'one two three', delivery: { after: 4, end: 'rst' } });
    await assert.rejects(client().messages.stream(messages({})).finalMessage());
  });
});

describe('a chat stream', () => {
  const chunks = (body) =>
    body
      .split('\n\n')
      .filter(Boolean)
      .map((frame) => frame.replace(/^data: /, ''));

  test('ends with its finish, then its usage, then [DONE]', async () => {
    await rig.fake.script({
      content: 'one two',
      usage: { input: 10, cacheRead: 5, cacheWrite: 3, output: 7 },
    });
    const { text: answer } = await rig.post('/chat/completions', chat({ stream: true }));
    const [finish, usage, done] = chunks(answer).slice(-3);
    assert.equal(JSON.parse(finish).choices[0].finish_reason, 'stop');
    assert.deepEqual(JSON.parse(usage).choices, []);
    assert.equal(JSON.parse(usage).usage.prompt_tokens, 18);
    assert.equal(done, '[DONE]');
  });

  test('carries parallel calls mixed by index', async () => {
    await rig.fake.script({
      content: ['Bonn', 'Köln'].map((place) => ({
        type: 'tool_use',
        name: 'get_weather',
        input: { place },
      })),
      quirks: { interleave: true },
    });
    const { text: answer } = await rig.post(
      '/chat/completions',
      chat({ stream: true, tools: [chatTool] }),
    );
    const pieces = chunks(answer)
      .slice(0, -1)
      .flatMap((c) => JSON.parse(c).choices[0]?.delta.tool_calls ?? []);
    const joined = (index) =>
      pieces
        .filter((p) => p.index === index)
        .map((p) => p.function.arguments)
        .join('');
    assert.deepEqual(
      [joined(0), joined(1)].map((json) => JSON.parse(json)),
      [{ place: 'Bonn' }, { place: 'Köln' }],
    );
    assert.deepEqual(
      pieces.slice(0, 4).map((p) => p.index),
      [0, 1, 0, 1],
    );
  });
});

test('a gate holds an answer until it is opened', async () => {
  await rig.fake.script({ content: 'one two', delivery: { gates: { 1: 'second' } } });
  const response = await fetch(`${rig.fake.base}/messages`, {
    method: 'POST',
    headers: { authorization: `Bearer ${upstreamKey}`, 'content-type': 'application/json' },
    body: JSON.stringify(messages({ stream: true })),
  });
  const reader = response.body.getReader();
  const first = Buffer.from((await reader.read()).value).toString();
  assert.match(first, /^event: message_start\n[^\n]*\n\n$/);
  await rig.fake.seen({ gate: 'second', frames: { 0: 1 } });
  await rig.fake.open('second');
  let rest = '';
  for (let part = await reader.read(); !part.done; part = await reader.read())
    rest += Buffer.from(part.value).toString();
  assert.match(rest, /^event: content_block_start/);
});

test('a client that leaves is on record', async () => {
  await rig.fake.script({ kind: 'never' });
  const leaving = new AbortController();
  const asked = fetch(`${rig.fake.base}/messages`, {
    method: 'POST',
    headers: { authorization: `Bearer ${upstreamKey}`, 'content-type': 'application/json' },
    body: JSON.stringify(messages({})),
    signal: leaving.signal,
  });
  await rig.fake.seen({ state: { 0: 'answering' } });
  leaving.abort();
  await assert.rejects(asked);
  await rig.fake.seen({ state: { 0: 'left' } });
});

test('the real Claude Code holds a tool round trip with it', async () => {
  await rig.fake.script(
    {
      content: [
        { type: 'thinking', thinking: 'A command is needed.' },
        {
          type: 'tool_use',
          name: 'Bash',
          input: { command: 'echo marker-$((40+2))', description: 'Print a marker' },
        },
      ],
    },
    { content: 'It printed the marker.' },
  );
  const { text: answer, events } = await runClaude({
    baseUrl: rig.fake.base.replace(/\/v1$/, ''),
    token: upstreamKey,
    prompt: 'Run it',
    model,
    args: ['--allowedTools', 'Bash'],
  });
  assert.equal(answer, 'It printed the marker.');
  assert.equal(blocksOf(events, 'assistant', 'tool_use')[0].name, 'Bash');
  const posts = (await rig.fake.seen()).requests.filter((r) => r.method === 'POST');
  assert.deepEqual(
    posts.map((r) => r.refusal),
    [null, null],
  );
  assert.match(posts[1].body.toString(), /marker-42/);
});
