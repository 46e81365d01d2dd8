// SPDX-License-Identifier: GPL-3.0-or-later
import Anthropic from '@anthropic-ai/sdk';
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { blocksOf, runClaude } from './harness/claudecode.mjs';
import { FakeUpstream, upstreamKey } from './harness/fakeupstream.mjs';
import { assistant, pdfData, png, pngData, user, weatherTool } from './harness/samples.mjs';

// The fake OpenRouter by itself: the official clients must be content with it, and it must refuse
// what it is there to refuse. What a test of the proxy proves rests on this.

let fake;
before(async () => {
  fake = await FakeUpstream.start({ ownClients: true });
});
after(() => fake.stop());
beforeEach(() => fake.reset());

const model = 'anthropic/claude-opus-5.5';
const older = 'anthropic/claude-haiku-4.5';

async function post(path, body, headers = {}) {
  const response = await fetch(fake.base + path, {
    method: 'POST',
    headers: { authorization: `Bearer ${upstreamKey}`, 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body),
  });
  return { status: response.status, headers: response.headers, text: await response.text() };
}

const messages = (changes) => ({ model, max_tokens: 100, messages: [user('Hello')], ...changes });
const chat = (changes) => ({ model, max_tokens: 100, messages: [{ role: 'user', content: 'Hello' }], ...changes });
const use = (id, name = 'get_weather') => ({ type: 'tool_use', id, name, input: {} });
const result = (id) => ({ type: 'tool_result', tool_use_id: id, content: 'sunny' });
const call = (id) => ({ id, type: 'function', function: { name: 'get_weather', arguments: '{}' } });
const answered = (id) => ({ role: 'tool', tool_call_id: id, content: 'sunny' });
const chatTool = { type: 'function', function: { name: 'get_weather', parameters: weatherTool.input_schema } };
const mark = { cache_control: { type: 'ephemeral' } };
const text = (words, more) => ({ type: 'text', text: words, ...more });

describe('the Messages skin takes', () => {
  const accepted = {
    'a plain question': messages({}),
    'the empty list of tools that Claude Code sends': messages({ tools: [] }),
    'a system message behind the question': messages({ messages: [user('Hello'), { role: 'system', content: 'Be brief.' }] }),
    'a whole tool round trip': messages({
      tools: [weatherTool], messages: [user('?'), assistant([use('toolu_1'), use('toolu_2')]), user([result('toolu_2'), result('toolu_1'), text('go on')])],
    }),
    'results in two neighbouring user messages': messages({
      messages: [user('?'), assistant([use('toolu_1'), use('toolu_2')]), user([result('toolu_1')]), user([result('toolu_2')])],
    }),
    'an image': messages({ messages: [user([png])] }),
    'four cache marks': messages({ tools: [{ ...weatherTool, ...mark }], system: [text('a', mark)], messages: [user([text('b', mark), text('c', mark)])] }),
    'the provider preferences it knows': messages({ provider: { order: ['Anthropic'], allow_fallbacks: false } }),
    'a member it does not know': messages({ safeguards: [{}] }),
  };
  for (const [name, body] of Object.entries(accepted)) {
    test(name, async () => {
      const { status, text: answer } = await post('/messages', body);
      assert.equal(status, 200, answer);
      assert.equal(JSON.parse(answer).content[0].text, 'Hello from the fake upstream.');
    });
  }
});

describe('the Messages skin refuses', () => {
  const refused = {
    'no model': [messages({ model: undefined }), /^model: Field required$/],
    'a bare Claude id': [messages({ model: 'claude-opus-5-5' }), /^claude-opus-5-5 is not a valid model ID$/],
    'no messages': [messages({ messages: undefined }), /^messages: Field required$/],
    'an empty conversation': [messages({ messages: [] }), /^messages: List should have at least 1/],
    'no max_tokens': [messages({ max_tokens: undefined }), /^max_tokens: Field required$/],
    'max_tokens below its minimum': [messages({ max_tokens: -1 }), /^max_tokens: .*greater than or equal to 0/],
    'max_tokens as text': [messages({ max_tokens: '100' }), /^max_tokens: Input should be a valid number$/],
    'stream as text': [messages({ stream: 'true' }), /^stream: Input should be a valid boolean$/],
    'an unknown role': [messages({ messages: [{ role: 'developer', content: 'x' }] }), /^messages\.0\.role: Input should be 'user'/],
    'an unknown block': [messages({ messages: [user([{ type: 'hologram' }])] }), /^messages\.0\.content\.0: Input tag 'hologram'/],
    'an unknown member of a block': [messages({ messages: [user([text('a', { colour: 'red' })])] }), /^messages\.0\.content\.0\.colour: Extra inputs/],
    'an unknown member of a tool': [messages({ tools: [{ ...weatherTool, colour: 'red' }] }), /^tools\.0\.custom\.colour: Extra inputs/],
    'two tools of one name': [messages({ tools: [weatherTool, weatherTool] }), /Tool names must be unique/],
    'an unknown provider preference': [messages({ provider: { orders: [] } }), /^provider\.orders: Extra inputs/],
    'tool_choice without tools': [messages({ tool_choice: { type: 'auto' } }), /^tool_choice: /],
    'five cache marks': [
      messages({ ...mark, tools: [{ ...weatherTool, ...mark }], system: [text('a', mark)], messages: [user([text('b', mark), text('c', mark)])] }),
      /^A maximum of 4 blocks with cache_control may be provided\. Found 5\.$/],
    'a cache mark with another key': [messages({ system: [text('a', { cache_control: { type: 'ephemeral', scope: 'global' } })] }), /^system\.0\.cache_control\.scope: Extra inputs/],
    'an hour mark behind a short one': [
      messages({ system: [text('a', mark), text('b', { cache_control: { type: 'ephemeral', ttl: '1h' } })] }), /must not come after/],
    'a cache mark on an empty text': [messages({ messages: [user([text('', mark)])] }), /cache_control cannot be set for empty text blocks/],
    'an empty text': [messages({ messages: [user([text('')])] }), /^messages: text content blocks must be non-empty$/],
    'a text of white space': [messages({ messages: [user([text(' \n')])] }), /non-whitespace text/],
    'an assistant who speaks first': [messages({ messages: [assistant('x'), user('y')] }), /first message must use the "user" role/],
    'a system message at the start': [messages({ messages: [{ role: 'system', content: 'x' }, user('y')] }), /first message must use/],
    'a system message before the user': [
      messages({ messages: [user('a'), { role: 'system', content: 'x' }, user('y')] }), /^messages\.1: role 'system' must precede an 'assistant' message or end the array$/],
    'a call without a result': [messages({ messages: [user('?'), assistant([use('toolu_1')]), user('no')] }), /^messages\.1: `tool_use` ids were found without `tool_result` blocks immediately after: toolu_1/],
    'a result without a call': [messages({ messages: [user([result('toolu_9')])] }), /unexpected `tool_use_id` found in `tool_result` blocks: toolu_9/],
    'a result behind a text': [messages({ messages: [user('?'), assistant([use('toolu_1')]), user([text('so'), result('toolu_1')])] }), /must come first/],
    'two results for one call': [messages({ messages: [user('?'), assistant([use('toolu_1')]), user([result('toolu_1'), result('toolu_1')])] }), /single result/],
    'a system message between call and result': [
      messages({ messages: [user('?'), assistant([use('toolu_1')]), { role: 'system', content: 'x' }, user([result('toolu_1')])] }), /role 'system' must follow a 'user' message/],
    'one id for two calls': [
      messages({ messages: [user('?'), assistant([use('toolu_1')]), user([result('toolu_1')]), assistant([use('toolu_1')]), user([result('toolu_1')])] }),
      /`tool_use` ids must be unique/],
    'an id with a colon': [messages({ messages: [user('?'), assistant([use('functions.Bash:0')]), user('x')] }), /^messages\.1\.content\.0\.id: String should match/],
    'thinking it never signed': [
      messages({ messages: [user('?'), assistant([{ type: 'thinking', thinking: 'hm', signature: 'Eq==' }, text('a')]), user('x')] }),
      /^messages\.1\.content\.0: Invalid `signature` in `thinking` block$/],
    'a prefill for a new model': [messages({ messages: [user('?'), assistant('Well')] }), /does not support assistant message prefill/],
    'a prefill that ends in white space': [messages({ model: older, messages: [user('?'), assistant('Well ')] }), /trailing whitespace/],
    'a budget for a model that has none': [messages({ thinking: { type: 'enabled', budget_tokens: 1024 }, max_tokens: 2000 }), /^"thinking\.type\.enabled" is not supported for this model/],
    'adaptive thinking on an old model': [messages({ model: older, thinking: { type: 'adaptive' } }), /^adaptive thinking is not supported on this model$/],
    'a budget above max_tokens': [messages({ model: older, thinking: { type: 'enabled', budget_tokens: 1024 } }), /^max_tokens must be greater than thinking\.budget_tokens$/],
    'a budget that is too small': [messages({ model: older, thinking: { type: 'enabled', budget_tokens: 1000 }, max_tokens: 2000 }), /^thinking\.budget_tokens: .*1024/],
    'a temperature for a model that has none': [messages({ temperature: 0.5 }), /`temperature` is deprecated for this model/],
    'an image that is another type': [
      messages({ messages: [user([{ type: 'image', source: { type: 'base64', media_type: 'image/jpeg', data: pngData } }])] }), /appears to be something else/],
    'an image with a data URL for data': [
      messages({ messages: [user([{ type: 'image', source: { type: 'base64', media_type: 'image/png', data: `data:image/png;base64,${pngData}` } }])] }), /invalid base64/],
    'an image of an unknown type': [
      messages({ messages: [user([{ type: 'image', source: { type: 'base64', media_type: 'image/bmp', data: pngData } }])] }), /media_type/],
    'an image over plain http': [messages({ messages: [user([{ type: 'image', source: { type: 'url', url: 'http://example.com/a.png' } }])] }), /https/],
    'a blank stop sequence': [messages({ stop_sequences: [' '] }), /^stop_sequences\.0: /],
    'text after the JSON': ['{"model":"a/b"} x', /not valid JSON/],
    'one member twice': ['{"model":"a/b","model":"a/c","messages":[]}', /^model: this member stands twice/],
  };
  for (const [name, [body, message]] of Object.entries(refused)) {
    test(name, async () => {
      const { status, text: answer } = await post('/messages', body);
      assert.equal(status, 400, answer);
      const parsed = JSON.parse(answer);
      assert.equal(parsed.type, 'error');
      assert.equal(parsed.error.type, 'invalid_request_error');
      assert.match(parsed.error.message, message);
    });
  }

  test('text that is not UTF-8', async () => {
    const body = Buffer.concat([Buffer.from('{"model":"'), Buffer.from([0xff]), Buffer.from('"}')]);
    assert.match((await post('/messages', body)).text, /not valid UTF-8/);
  });
});

describe('Chat Completions takes', () => {
  const accepted = {
    'a plain question': chat({}),
    'a whole tool round trip': chat({
      tools: [chatTool], messages: [{ role: 'user', content: '?' }, { role: 'assistant', content: null, tool_calls: [call('a'), call('b')] }, answered('b'), answered('a')],
    }),
    'a picture and a file': chat({
      messages: [{ role: 'user', content: [
        { type: 'image_url', image_url: { url: `data:image/png;base64,${pngData}` } },
        { type: 'file', file: { filename: 'page.pdf', file_data: `data:application/pdf;base64,${pdfData}` } },
      ] }],
    }),
    'a picture in a tool message': chat({
      messages: [{ role: 'user', content: '?' }, { role: 'assistant', content: null, tool_calls: [call('a')] },
        { role: 'tool', tool_call_id: 'a', content: [{ type: 'image_url', image_url: { url: `data:image/png;base64,${pngData}` } }] }],
    }),
    'four stop sequences': chat({ stop: ['a', 'b', 'c', 'd'] }),
  };
  for (const [name, body] of Object.entries(accepted)) {
    test(name, async () => {
      const { status, text: answer } = await post('/chat/completions', body);
      assert.equal(status, 200, answer);
      assert.equal(JSON.parse(answer).choices[0].message.content, 'Hello from the fake upstream.');
    });
  }
});

describe('Chat Completions refuses', () => {
  const asked = { role: 'assistant', content: null, tool_calls: [call('a')] };
  const question = { role: 'user', content: '?' };
  const refused = {
    'an unknown member': [chat({ system: 'x' }), /^system: Extra inputs/],
    'an unknown member of a message': [chat({ messages: [{ role: 'user', content: 'x', cache_control: {} }] }), /^messages\.0\.cache_control: Extra inputs/],
    'an unknown member of a part': [chat({ messages: [{ role: 'user', content: [text('x', { citations: null })] }] }), /citations: Extra inputs/],
    'an unknown member of a tool': [chat({ tools: [{ ...chatTool, defer_loading: true }] }), /^tools\.0\.defer_loading: Extra inputs/],
    'a Messages API tool': [chat({ tools: [weatherTool] }), /^tools\.0/],
    'an empty list of tools': [chat({ tools: [] }), /^tools: List should have at least 1/],
    'tool_choice without tools': [chat({ tool_choice: 'auto' }), /^tool_choice: /],
    'a Messages API tool_choice': [chat({ tools: [chatTool], tool_choice: { type: 'any' } }), /^tool_choice/],
    'five stop sequences': [chat({ stop: ['a', 'b', 'c', 'd', 'e'] }), /^stop: List should have at most 4/],
    'a tool name of 65 characters': [chat({ tools: [{ type: 'function', function: { name: 'x'.repeat(65) } }] }), /^tools\.0\.function\.name/],
    'an unknown provider preference': [chat({ provider: { orders: [] } }), /^provider\.orders: Extra inputs/],
    'effort and budget together': [chat({ max_tokens: 4000, reasoning: { effort: 'high', max_tokens: 2000 } }), /^reasoning: Only one/],
    'an unknown effort': [chat({ reasoning: { effort: 'huge' } }), /^reasoning\.effort/],
    'a json_schema without a name': [chat({ response_format: { type: 'json_schema', json_schema: { schema: {} } } }), /json_schema\.name: Field required/],
    'a result without a call': [chat({ messages: [question, answered('a')] }), /unexpected `tool_use_id`/],
    'a call without a result': [chat({ messages: [question, asked, question] }), /without `tool_result`/],
    'a user between call and result': [chat({ messages: [question, asked, question, answered('a')] }), /without `tool_result`/],
    'one id for two calls': [chat({ messages: [question, asked, answered('a'), asked, answered('a')] }), /must be unique/],
    'arguments that are no JSON': [
      chat({ messages: [question, { role: 'assistant', content: null, tool_calls: [{ id: 'a', type: 'function', function: { name: 'x', arguments: '{' } }] }, answered('a')] }),
      /arguments: Input should be a JSON object/],
    'an empty text': [chat({ messages: [{ role: 'user', content: [text('')] }] }), /must be non-empty/],
    'an assistant who says nothing': [chat({ messages: [question, { role: 'assistant', content: '' }, question] }), /must have content or tool_calls/],
    'five cache marks': [chat({ ...mark, messages: [{ role: 'user', content: [1, 2, 3, 4].map((n) => text(`${n}`, mark)) }] }), /Found 5/],
    'reasoning it never signed': [
      chat({ messages: [question, { role: 'assistant', content: 'x', reasoning_details: [{ type: 'reasoning.text', text: 'hm', signature: 'Eq==' }] }, question] }),
      /Invalid `signature`/],
    'reasoning without a signature for Claude': [
      chat({ messages: [question, { role: 'assistant', content: 'x', reasoning_details: [{ type: 'reasoning.text', text: 'hm' }] }, question] }), /Invalid `signature`/],
    'an image over plain http': [chat({ messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: 'http://example.com/a.png' } }] }] }), /https URL/],
    'fewer tokens than OpenAI gives': [chat({ model: 'openai/gpt-4o', max_tokens: 1 }), /minimum value/],
  };
  for (const [name, [body, message]] of Object.entries(refused)) {
    test(name, async () => {
      const { status, text: answer } = await post('/chat/completions', body);
      assert.equal(status, 400, answer);
      const { error } = JSON.parse(answer);
      assert.equal(error.code, 400);
      assert.match(error.message, message);
    });
  }
});

describe('credentials', () => {
  const cases = [
    ['/messages', {}, 'Missing Authentication header'],
    ['/messages', { authorization: 'Bearer wrong' }, 'Invalid credentials'],
    ['/chat/completions', {}, 'No auth credentials found'],
    ['/chat/completions', { authorization: 'Bearer wrong' }, 'User not found.'],
  ];
  for (const [path, headers, sentence] of cases) {
    test(`${path} with ${headers.authorization ?? 'none'} is 401 "${sentence}"`, async () => {
      const response = await fetch(fake.base + path, {
        method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: '{}',
      });
      assert.equal(response.status, 401);
      assert.equal((await response.json()).error.message, sentence);
    });
  }

  test('the key can be asked about', async () => {
    const ask = (key) => fetch(`${fake.base}/key`, { headers: { authorization: `Bearer ${key}` } });
    assert.equal((await (await ask(upstreamKey)).json()).data.limit_remaining, 74.5);
    assert.equal((await ask('wrong')).status, 401);
  });

  test('a secret of the client is noticed and refused', async () => {
    await fake.configure({ forbidden: ['local-secret-placeholder'] });
    const { status } = await post('/messages', messages({}), { 'x-note': 'local-secret-placeholder' });
    await fake.configure({ forbidden: [] });
    assert.equal(status, 400);
    assert.deepEqual((await fake.seen()).requests[0].leaks, ['a credential of the client arrived here']);
  });

  test('what a proxy must not pass on is noticed and refused', async () => {
    await fake.configure({ ownClients: false });
    const { status } = await post('/messages', messages({}), { 'x-api-key': 'x', cookie: 'a=b' });
    await fake.configure({ ownClients: true });
    assert.equal(status, 400);
    const { leaks } = (await fake.seen()).requests[0];
    assert.ok(leaks.includes('header x-api-key was passed on') && leaks.includes('header cookie was passed on'), leaks.join());
  });
});

describe('thinking that comes back', () => {
  const think = { type: 'thinking', thinking: 'Let me look.' };
  const thinkingOn = { thinking: { type: 'adaptive' }, tools: [weatherTool] };

  async function firstTurn() {
    await fake.script({ content: [think, { type: 'redacted_thinking' }, { type: 'tool_use', name: 'get_weather', input: { place: 'Bonn' } }] });
    return JSON.parse((await post('/messages', messages(thinkingOn))).text).content;
  }
  async function secondTurn(content) {
    const tool = content.find((block) => block.type === 'tool_use');
    return post('/messages', messages({ ...thinkingOn, messages: [user('Hello'), assistant(content), user([result(tool.id)])] }));
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
    const { text: answer } = await secondTurn([{ ...first, signature: first.signature.slice(0, -1) }, ...rest]);
    assert.match(answer, /Invalid `signature` in `thinking` block/);
  });
  test('left out is refused', async () => {
    const { text: answer } = await secondTurn((await firstTurn()).slice(2));
    assert.match(answer, /messages\.1\.content\.0\.type: Expected `thinking` or `redacted_thinking`, but found `tool_use`/);
  });
  test('in another order is refused', async () => {
    const [first, second, tool] = await firstTurn();
    const { text: answer } = await secondTurn([second, first, tool]);
    assert.match(answer, /blocks in the latest assistant message cannot be modified/);
  });

  async function chatTurns(change) {
    const on = { reasoning: { effort: 'high' }, tools: [chatTool] };
    await fake.script({ content: [think, { type: 'redacted_thinking' }, { type: 'tool_use', name: 'get_weather', input: {} }] });
    const { message } = JSON.parse((await post('/chat/completions', chat(on))).text).choices[0];
    const back = {
      role: 'assistant', content: null, reasoning_details: change(message.reasoning_details),
      tool_calls: message.tool_calls.map(({ index, ...rest }) => rest),
    };
    return post('/chat/completions', chat({ ...on, messages: [{ role: 'user', content: 'Hello' }, back, answered(message.tool_calls[0].id)] }));
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
    assert.match((await chatTurns(([first, ...rest]) => [{ ...first, text: 'x' }, ...rest])).text, /Invalid `signature`/);
  });
});

describe('the official SDK against the Messages skin', () => {
  const client = () => new Anthropic({ baseURL: fake.base.replace(/\/v1$/, ''), authToken: upstreamKey, apiKey: null, maxRetries: 0, logLevel: 'off' });
  const blocks = [
    { type: 'thinking', thinking: 'Let me look.' }, { type: 'text', text: 'Ich prüfe das → gleich. 🙂' },
    { type: 'tool_use', name: 'get_weather', input: { place: 'Köln "am Rhein"' } }, { type: 'tool_use', name: 'get_weather', input: {} },
  ];

  function assertBlocks(message) {
    assert.deepEqual(message.content.map(({ type, text: words, thinking, input }) => words ?? thinking ?? input ?? type),
      ['Let me look.', 'Ich prüfe das → gleich. 🙂', { place: 'Köln "am Rhein"' }, {}]);
    assert.equal(message.stop_reason, 'tool_use');
    assert.equal(message.usage.output_tokens, 21);
  }

  test('reads a JSON answer', async () => {
    await fake.script({ content: blocks });
    assertBlocks(await client().messages.create(messages({ tools: [weatherTool] })));
  });

  const deliveries = {
    'as it is': {}, 'byte by byte': { writes: 'byte' }, 'with CRLF': { newline: '\r\n' }, 'with CR': { newline: '\r', writes: 3 },
    'with comments': { comments: true }, 'with two data lines': { dataLines: 2 }, 'without the space': { noSpace: true },
    'with id and retry lines': { fields: true }, 'in one write': { writes: 'all' }, 'packed with gzip': { encoding: 'gzip' },
  };
  for (const [name, delivery] of Object.entries(deliveries)) {
    test(`reads a stream ${name}`, async () => {
      await fake.script({ content: blocks, trailing: false, delivery });
      assertBlocks(await client().messages.stream(messages({ tools: [weatherTool] })).finalMessage());
    });
  }

  test('stumbles over the frame that OpenRouter adds behind the end', async () => {
    await fake.script({ content: 'Hello' });
    await assert.rejects(client().messages.stream(messages({})).finalMessage(), /"\[DONE\]" is not valid JSON/);
  });

  test('sees an error in the middle of a stream', async () => {
    await fake.script({ content: 'one two three', error: { after: 4, error_type: 'provider_overloaded', message: 'Overloaded' } });
    await assert.rejects(client().messages.stream(messages({})).finalMessage(), /Overloaded/);
  });

  test('sees an error as its own class', async () => {
    await fake.script({ kind: 'error', status: 429, error_type: 'rate_limit_exceeded', message: 'Slow down', headers: { 'retry-after': '1' } });
    await assert.rejects(client().messages.create(messages({})), Anthropic.RateLimitError);
  });

  test('sees a stream that dies', async () => {
    await fake.script({ content: 'one two three', delivery: { after: 4, end: 'rst' } });
    await assert.rejects(client().messages.stream(messages({})).finalMessage());
  });
});

describe('a chat stream', () => {
  const chunks = (body) => body.split('\n\n').filter(Boolean).map((frame) => frame.replace(/^data: /, ''));

  test('ends with its finish, then its usage, then [DONE]', async () => {
    await fake.script({ content: 'one two', usage: { input: 10, cacheRead: 5, cacheWrite: 3, output: 7 } });
    const { text: answer } = await post('/chat/completions', chat({ stream: true }));
    const [finish, usage, done] = chunks(answer).slice(-3);
    assert.equal(JSON.parse(finish).choices[0].finish_reason, 'stop');
    assert.deepEqual(JSON.parse(usage).choices, []);
    assert.equal(JSON.parse(usage).usage.prompt_tokens, 18);
    assert.equal(done, '[DONE]');
  });

  test('carries parallel calls mixed by index', async () => {
    await fake.script({
      content: ['Bonn', 'Köln'].map((place) => ({ type: 'tool_use', name: 'get_weather', input: { place } })), quirks: { interleave: true },
    });
    const { text: answer } = await post('/chat/completions', chat({ stream: true, tools: [chatTool] }));
    const pieces = chunks(answer).slice(0, -1).flatMap((c) => JSON.parse(c).choices[0]?.delta.tool_calls ?? []);
    const joined = (index) => pieces.filter((p) => p.index === index).map((p) => p.function.arguments).join('');
    assert.deepEqual([joined(0), joined(1)].map((json) => JSON.parse(json)), [{ place: 'Bonn' }, { place: 'Köln' }]);
    assert.deepEqual(pieces.slice(0, 4).map((p) => p.index), [0, 1, 0, 1]);
  });
});

test('a gate holds an answer until it is opened', async () => {
  await fake.script({ content: 'one two', delivery: { gates: { 1: 'second' } } });
  const response = await fetch(`${fake.base}/messages`, {
    method: 'POST', headers: { authorization: `Bearer ${upstreamKey}`, 'content-type': 'application/json' },
    body: JSON.stringify(messages({ stream: true })),
  });
  const reader = response.body.getReader();
  const first = Buffer.from((await reader.read()).value).toString();
  assert.match(first, /^event: message_start\n[^\n]*\n\n$/);
  await fake.seen({ gate: 'second', frames: { 0: 1 } });
  await fake.open('second');
  let rest = '';
  for (let part = await reader.read(); !part.done; part = await reader.read()) rest += Buffer.from(part.value).toString();
  assert.match(rest, /^event: content_block_start/);
});

test('a client that leaves is on record', async () => {
  await fake.script({ kind: 'never' });
  const leaving = new AbortController();
  const asked = fetch(`${fake.base}/messages`, {
    method: 'POST', headers: { authorization: `Bearer ${upstreamKey}`, 'content-type': 'application/json' },
    body: JSON.stringify(messages({})), signal: leaving.signal,
  });
  await fake.seen({ state: { 0: 'answering' } });
  leaving.abort();
  await assert.rejects(asked);
  await fake.seen({ state: { 0: 'left' } });
});

test('the real Claude Code holds a tool round trip with it', async () => {
  await fake.script(
    { content: [{ type: 'thinking', thinking: 'A command is needed.' }, { type: 'tool_use', name: 'Bash', input: { command: 'echo marker-$((40+2))', description: 'Print a marker' } }] },
    { content: 'It printed the marker.' });
  const { text: answer, events } = await runClaude({
    baseUrl: fake.base.replace(/\/v1$/, ''), token: upstreamKey, prompt: 'Run it', model, args: ['--allowedTools', 'Bash'],
  });
  assert.equal(answer, 'It printed the marker.');
  assert.equal(blocksOf(events, 'assistant', 'tool_use')[0].name, 'Bash');
  const posts = (await fake.seen()).requests.filter((r) => r.method === 'POST');
  assert.deepEqual(posts.map((r) => r.refusal), [null, null]);
  assert.match(posts[1].body.toString(), /marker-42/);
});
