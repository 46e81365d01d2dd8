// SPDX-License-Identifier: GPL-3.0-or-later
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readStream } from './harness/eventstream.mjs';
import { ask } from './harness/rawhttp.mjs';
import { rigFor } from './harness/rig.mjs';
import {
  assistant,
  mark,
  pdf,
  png,
  text,
  toolResult,
  toolUse,
  user,
  weatherTool,
} from './harness/samples.mjs';
import { localToken } from './harness/switchyard.mjs';

// The way there through the chat lane: requests as clients send them must become requests that a
// strict upstream takes, with their meaning kept.

const model = 'claude-opus-5-5';
const question = (changes) => ({ model, max_tokens: 2000, messages: [user('Hello')], ...changes });
const tools = [weatherTool];
const saidBy = (sent, role) => sent.messages.filter((m) => m.role === role);
const textOf = (content) =>
  typeof content === 'string' ? content : content.map((part) => part.text).join('|');

describe('a request through the chat lane', () => {
  const rig = rigFor('chat');

  // Sends it and returns what arrived upstream.
  async function sent(changes) {
    const answer = await ask(rig.proxy.port, {
      token: localToken,
      body: JSON.stringify(question(changes)),
    });
    assert.equal(answer.status, 200, answer.text);
    const { requests } = await rig.upstream.seen();
    return {
      ...requests.at(-1).json(),
      adjustments: Number(answer.header('x-switchyard-adjustments')),
      record: requests.at(-1),
    };
  }

  test('has the headers of its kind', async () => {
    const { record } = await sent({});
    assert.equal(record.path, '/api/v1/chat/completions');
    assert.ok(record.header('http-referer') && record.header('x-title'));
    for (const name of ['anthropic-version', 'anthropic-beta'])
      assert.equal(record.header(name), undefined);
  });

  test('puts the system prompt first, whatever its form', async () => {
    const asString = await sent({ system: 'Be brief.' });
    assert.equal(asString.messages[0].role, 'system');
    assert.equal(textOf(asString.messages[0].content), 'Be brief.');
    const asBlocks = await sent({ system: [text('One.'), text('Two.', mark)] });
    assert.deepEqual(asBlocks.messages[0].content.at(-1), { type: 'text', text: 'Two.', ...mark });
    assert.match(textOf(asBlocks.messages[0].content), /One\./);
  });

  test('leaves out the billing line that only Anthropic understands', async () => {
    const { record } = await sent({
      system: [
        text('x-anthropic-billing-header: cc_version=2.1.330; cc_entrypoint=cli;'),
        text('Be brief.'),
      ],
    });
    assert.ok(!record.body.includes('x-anthropic-billing-header'));
    assert.ok(record.body.includes('Be brief.'));
  });

  test('keeps the question before a system message behind it', async () => {
    const { messages } = await sent({
      messages: [
        user([text('Context.'), text('The question?', mark)]),
        { role: 'system', content: 'Agents: none.', output_config: { effort: 'medium' } },
      ],
    });
    const words = messages.map((m) => textOf(m.content)).join(' / ');
    assert.ok(
      words.indexOf('The question?') >= 0 &&
        words.indexOf('The question?') < words.indexOf('Agents: none.'),
      words,
    );
  });

  test('puts results first, one for each call, and the rest behind', async () => {
    const { messages } = await sent({
      tools,
      messages: [
        user('?'),
        assistant([text('I look.'), toolUse('toolu_1', { place: 'Bonn' }), toolUse('toolu_2')]),
        user([
          toolResult('toolu_2', 'rain'),
          toolResult('toolu_1', [text('sun'), text('wind')]),
          text('Go on.'),
        ]),
      ],
    });
    const roles = messages.map((m) => m.role);
    assert.deepEqual(roles, ['user', 'assistant', 'tool', 'tool', 'user']);
    assert.equal(textOf(messages[1].content), 'I look.');
    assert.deepEqual(
      messages[1].tool_calls.map((c) => [c.id, JSON.parse(c.function.arguments)]),
      [
        ['toolu_1', { place: 'Bonn' }],
        ['toolu_2', {}],
      ],
    );
    assert.equal(textOf(messages[4].content), 'Go on.');
    const byId = Object.fromEntries(
      saidBy({ messages }, 'tool').map((m) => [m.tool_call_id, textOf(m.content)]),
    );
    assert.match(byId.toolu_1, /sun.*wind/s);
    assert.equal(byId.toolu_2, 'rain');
  });

  test('keeps arguments as they were written', async () => {
    const body = JSON.stringify(
      question({
        tools,
        messages: [
          user('?'),
          assistant([toolUse('toolu_1', '@')]),
          user([toolResult('toolu_1', 'ok')]),
        ],
      }),
    ).replace('"@"', '{"z":1.0,"a":12345678901234567890,"m":"caf\\u00e9"}');
    const answer = await ask(rig.proxy.port, { token: localToken, body });
    assert.equal(answer.status, 200, answer.text);
    const [request] = (await rig.upstream.seen()).requests;
    assert.equal(
      request.json().messages[1].tool_calls[0].function.arguments,
      '{"z":1.0,"a":12345678901234567890,"m":"caf\\u00e9"}',
    );
  });

  test('marks a failed result and names an empty one', async () => {
    const { messages } = await sent({
      tools,
      messages: [
        user('?'),
        assistant([toolUse('toolu_1'), toolUse('toolu_2'), toolUse('toolu_3')]),
        user([
          toolResult('toolu_1', 'no such place', { is_error: true }),
          toolResult('toolu_2', ''),
          { type: 'tool_result', tool_use_id: 'toolu_3' },
        ]),
      ],
    });
    const [failed, ...empty] = saidBy({ messages }, 'tool').map((m) => textOf(m.content));
    assert.match(failed, /error/i);
    assert.match(failed, /no such place/);
    for (const words of empty) assert.ok(words.length > 0);
  });

  test('carries images and documents, also in results', async () => {
    const { messages } = await sent({
      tools,
      messages: [
        user([png, pdf, text('?')]),
        assistant([toolUse('toolu_1')]),
        user([toolResult('toolu_1', [png, text('seen')])]),
      ],
    });
    assert.deepEqual(
      messages[0].content.map((part) => part.type),
      ['image_url', 'file', 'text'],
    );
    assert.ok(messages[0].content[1].file.filename.length > 0);
    assert.ok(JSON.stringify(messages.slice(2)).includes('data:image/png;base64,'));
  });

  test('carries a document of plain text as text', async () => {
    const { record } = await sent({
      messages: [
        user([
          {
            type: 'document',
            source: { type: 'text', media_type: 'text/plain', data: 'plain words' },
            title: 'Note',
          },
          text('?'),
        ]),
      ],
    });
    assert.ok(record.body.includes('plain words'));
  });

  test('drops empty texts instead of the request', async () => {
    const { messages } = await sent({
      messages: [
        user([text(''), text('Hello')]),
        assistant([text('')]),
        user([text('  \n'), text('again')]),
      ],
    });
    assert.ok(
      messages.every((m) => textOf(m.content ?? '').trim().length > 0),
      JSON.stringify(messages),
    );
  });

  const toolForms = {
    'with fields only Anthropic knows': [
      {
        ...weatherTool,
        type: 'custom',
        defer_loading: true,
        eager_input_streaming: true,
        input_examples: [{}],
        allowed_callers: ['direct'],
        ...mark,
      },
    ],
    'without a description': [{ name: 'x', input_schema: { type: 'object' } }],
    'with a schema without properties': [
      { name: 'x', input_schema: { type: 'object', properties: {} } },
    ],
    'with a schema without a type': [{ name: 'x', input_schema: {} }],
    'with every keyword Claude Code uses': [
      {
        name: 'Write',
        input_schema: {
          $schema: 'https://json-schema.org/draft/2020-12/schema',
          type: 'object',
          additionalProperties: false,
          required: ['a'],
          properties: {
            a: { description: 'no type' },
            pattern: { type: 'string', pattern: '^wf_[a-z0-9-]{6,}$', maxLength: 524288 },
            e: { enum: ['x', 'y'] },
          },
        },
      },
    ],
  };
  for (const [name, list] of Object.entries(toolForms)) {
    test(`sends a tool ${name}`, async () => {
      const { tools: arrived } = await sent({ tools: list });
      assert.equal(arrived.length, 1);
      assert.equal(arrived[0].function.name, list[0].name);
      assert.equal(arrived[0].function.parameters.type, 'object');
    });
  }

  test('leaves out an empty list of tools and what belongs to it', async () => {
    const body = await sent({ tools: [] });
    for (const key of ['tools', 'tool_choice', 'parallel_tool_calls'])
      assert.ok(!Object.hasOwn(body, key), key);
  });

  const choices = [
    [{ type: 'auto' }, 'auto'],
    [{ type: 'any' }, 'required'],
    [{ type: 'none' }, 'none'],
    [
      { type: 'tool', name: 'get_weather' },
      { type: 'function', function: { name: 'get_weather' } },
    ],
  ];
  for (const [given, expected] of choices) {
    test(`sends tool_choice ${given.type}`, async () => {
      assert.deepEqual((await sent({ tools, tool_choice: given })).tool_choice, expected);
    });
  }
  test('sends that calls may not be parallel, and only that', async () => {
    assert.equal(
      (await sent({ tools, tool_choice: { type: 'auto', disable_parallel_tool_use: true } }))
        .parallel_tool_calls,
      false,
    );
    assert.equal(
      (await sent({ tools, tool_choice: { type: 'auto' } })).parallel_tool_calls,
      undefined,
    );
  });

  const efforts = [
    [
      { thinking: { type: 'adaptive' }, output_config: { effort: 'high' } },
      (r) => r.effort === 'high' && r.enabled !== false,
    ],
    [
      { thinking: { type: 'adaptive', display: 'omitted' }, output_config: { effort: 'max' } },
      (r) => r.effort === 'max',
    ],
    [
      { thinking: { type: 'disabled' }, output_config: { effort: 'high' } },
      (r) => r.effort === 'none' || r.enabled === false,
    ],
    [
      { model: 'claude-haiku-4-5', thinking: { type: 'enabled', budget_tokens: 1024 } },
      (r) => r.max_tokens === 1024,
    ],
  ];
  for (const [given, holds] of efforts) {
    test(`asks for reasoning as ${JSON.stringify(given)}`, async () => {
      const { reasoning } = await sent(given);
      assert.ok(reasoning && holds(reasoning), JSON.stringify(reasoning));
    });
  }

  test('asks for structured output', async () => {
    const schema = {
      type: 'object',
      properties: { title: { type: 'string' } },
      required: ['title'],
      additionalProperties: false,
    };
    const { response_format: format } = await sent({
      output_config: { effort: 'high', format: { type: 'json_schema', schema } },
      tools: [],
      thinking: { type: 'disabled' },
    });
    assert.equal(format.type, 'json_schema');
    assert.deepEqual(format.json_schema.schema, schema);
  });

  test('sends four of six stop sequences, and says so', async () => {
    const { stop, adjustments } = await sent({ stop_sequences: ['a', 'b', 'c', 'd', 'e', 'f'] });
    assert.deepEqual(stop, ['a', 'b', 'c', 'd']);
    assert.ok(adjustments >= 1);
  });

  test('leaves out what Chat Completions does not know, and counts it', async () => {
    const { adjustments, record } = await sent({
      context_management: { edits: [{ type: 'clear_thinking_20251015', keep: 'all' }] },
      safeguards: [{ type: 'x' }],
      service_tier: 'auto',
      made_up: { a: 1 },
    });
    for (const key of ['context_management', 'safeguards', 'made_up'])
      assert.ok(!record.body.includes(key), key);
    assert.ok(adjustments >= 3, `${adjustments}`);
  });

  test('keeps the provider preferences a user added', async () => {
    assert.deepEqual(
      (await sent({ provider: { order: ['Anthropic'], allow_fallbacks: false } })).provider,
      { order: ['Anthropic'], allow_fallbacks: false },
    );
  });

  test('keeps cache marks on their parts', async () => {
    const body = await sent({
      system: [text('S', mark)],
      tools: [weatherTool, { ...weatherTool, name: 'last', ...mark }],
      messages: [
        user([text('A', { cache_control: { type: 'ephemeral', ttl: '5m' } })]),
        assistant('B'),
        user([text('C'), text('D', mark)]),
      ],
    });
    const marked = JSON.stringify(body.messages).match(/"cache_control"/g).length;
    assert.equal(marked + body.tools.filter((t) => t.cache_control).length, 4);
    assert.ok(body.tools[1].cache_control);
  });

  test('keeps only what others know of a cache mark', async () => {
    const body = await sent({
      messages: [
        user([text('A', { cache_control: { type: 'ephemeral', ttl: '1h', scope: 'global' } })]),
      ],
    });
    assert.deepEqual(body.messages[0].content.at(-1).cache_control, {
      type: 'ephemeral',
      ttl: '1h',
    });
  });

  const longName = `mcp__a_server_with_a_long_name__${'and_a_tool_with_a_longer_one_'.repeat(2)}end`;
  for (const stream of [false, true]) {
    test(`shortens a tool name that is too long and gives it back (stream: ${stream})`, async () => {
      const short = (await sent({ tools: [{ ...weatherTool, name: longName }] })).tools[0].function
        .name;
      assert.ok(short.length <= 64);
      await rig.upstream.script({ content: [{ type: 'tool_use', name: short, input: {} }] });
      const answer = await ask(rig.proxy.port, {
        token: localToken,
        body: JSON.stringify(question({ stream, tools: [{ ...weatherTool, name: longName }] })),
      });
      const message = stream ? readStream(answer.bytes) : answer.json();
      assert.equal(message.content[0].name, longName);
      const back = await sent({
        tools: [{ ...weatherTool, name: longName }],
        messages: [
          user('?'),
          assistant([toolUse(message.content[0].id, {}, longName)]),
          user([toolResult(message.content[0].id, 'ok')]),
        ],
      });
      assert.equal(back.messages[1].tool_calls[0].function.name, short);
    });
  }

  test('without its own signature never sends foreign thinking to Claude', async () => {
    const { record } = await sent({
      messages: [
        user('?'),
        assistant([
          { type: 'thinking', thinking: 'unsigned-thought', signature: '' },
          text('Well.'),
        ]),
        user('Go on.'),
      ],
    });
    assert.ok(!record.json().messages[1].reasoning_details);
  });

  const refused = {
    'a server tool': [
      { tools: [{ type: 'web_search_20250305', name: 'web_search', max_uses: 3 }] },
      /web_search/,
    ],
    'servers of its own': [
      { mcp_servers: [{ type: 'url', name: 'x', url: 'https://example.com' }] },
      /mcp_servers/,
    ],
    'a file of Anthropic': [
      { messages: [user([{ type: 'image', source: { type: 'file', file_id: 'file_1' } }])] },
      /file/,
    ],
  };
  for (const [name, [changes, sentence]] of Object.entries(refused)) {
    test(`with ${name} is refused, for the answer would be wrong`, async () => {
      const answer = await ask(rig.proxy.port, {
        token: localToken,
        body: JSON.stringify(question(changes)),
      });
      assert.equal(answer.status, 400, answer.text);
      assert.match(answer.json().error.message, sentence);
      assert.equal((await rig.upstream.seen()).requests.length, 0);
    });
  }
});
