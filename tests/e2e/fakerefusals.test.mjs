// SPDX-License-Identifier: GPL-3.0-or-later
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { answered, chat, chatTool, fakeAlone, messages, older } from './harness/fakealone.mjs';
import { upstreamKey } from './harness/fakeupstream.mjs';
import {
  assistant,
  mark,
  pdfData,
  png,
  pngData,
  text,
  toolResult,
  toolUse,
  user,
  weatherTool,
} from './harness/samples.mjs';

// What the fake OpenRouter takes and refuses. What a test of the proxy proves rests on this.

const rig = fakeAlone();
const call = (id) => ({ id, type: 'function', function: { name: 'get_weather', arguments: '{}' } });

describe('the Messages skin takes', () => {
  const accepted = {
    'a plain question': messages({}),
    'the empty list of tools that Claude Code sends': messages({ tools: [] }),
    'a system message behind the question': messages({
      messages: [user('Hello'), { role: 'system', content: 'Be brief.' }],
    }),
    'a whole tool round trip': messages({
      tools: [weatherTool],
      messages: [
        user('?'),
        assistant([toolUse('toolu_1'), toolUse('toolu_2')]),
        user([toolResult('toolu_2', 'sunny'), toolResult('toolu_1', 'sunny'), text('go on')]),
      ],
    }),
    'results in two neighbouring user messages': messages({
      messages: [
        user('?'),
        assistant([toolUse('toolu_1'), toolUse('toolu_2')]),
        user([toolResult('toolu_1', 'sunny')]),
        user([toolResult('toolu_2', 'sunny')]),
      ],
    }),
    'an image': messages({ messages: [user([png])] }),
    'four cache marks': messages({
      tools: [{ ...weatherTool, ...mark }],
      system: [text('a', mark)],
      messages: [user([text('b', mark), text('c', mark)])],
    }),
    'the provider preferences it knows': messages({
      provider: { order: ['Anthropic'], allow_fallbacks: false },
    }),
    'a member it does not know': messages({ safeguards: [{}] }),
  };
  for (const [name, body] of Object.entries(accepted)) {
    test(name, async () => {
      const { status, text: answer } = await rig.post('/messages', body);
      assert.equal(status, 200, answer);
      assert.equal(JSON.parse(answer).content[0].text, 'Hello from the fake upstream.');
    });
  }
});

describe('the Messages skin refuses', () => {
  const refused = {
    'no model': [messages({ model: undefined }), /^model: Field required$/],
    'a bare Claude id': [
      messages({ model: 'claude-opus-5-5' }),
      /^claude-opus-5-5 is not a valid model ID$/,
    ],
    'no messages': [messages({ messages: undefined }), /^messages: Field required$/],
    'an empty conversation': [messages({ messages: [] }), /^messages: List should have at least 1/],
    'no max_tokens': [messages({ max_tokens: undefined }), /^max_tokens: Field required$/],
    'max_tokens below its minimum': [
      messages({ max_tokens: -1 }),
      /^max_tokens: .*greater than or equal to 0/,
    ],
    'max_tokens as text': [
      messages({ max_tokens: '100' }),
      /^max_tokens: Input should be a valid number$/,
    ],
    'stream as text': [messages({ stream: 'true' }), /^stream: Input should be a valid boolean$/],
    'an unknown role': [
      messages({ messages: [{ role: 'developer', content: 'x' }] }),
      /^messages\.0\.role: Input should be 'user'/,
    ],
    'an unknown block': [
      messages({ messages: [user([{ type: 'hologram' }])] }),
      /^messages\.0\.content\.0: Input tag 'hologram'/,
    ],
    'an unknown member of a block': [
      messages({ messages: [user([text('a', { colour: 'red' })])] }),
      /^messages\.0\.content\.0\.colour: Extra inputs/,
    ],
    'an unknown member of a tool': [
      messages({ tools: [{ ...weatherTool, colour: 'red' }] }),
      /^tools\.0\.custom\.colour: Extra inputs/,
    ],
    'two tools of one name': [
      messages({ tools: [weatherTool, weatherTool] }),
      /Tool names must be unique/,
    ],
    'an unknown provider preference': [
      messages({ provider: { orders: [] } }),
      /^provider\.orders: Extra inputs/,
    ],
    'tool_choice without tools': [messages({ tool_choice: { type: 'auto' } }), /^tool_choice: /],
    'five cache marks': [
      messages({
        ...mark,
        tools: [{ ...weatherTool, ...mark }],
        system: [text('a', mark)],
        messages: [user([text('b', mark), text('c', mark)])],
      }),
      /^A maximum of 4 blocks with cache_control may be provided\. Found 5\.$/,
    ],
    'a cache mark with another key': [
      messages({ system: [text('a', { cache_control: { type: 'ephemeral', scope: 'global' } })] }),
      /^system\.0\.cache_control\.scope: Extra inputs/,
    ],
    'an hour mark behind a short one': [
      messages({
        system: [text('a', mark), text('b', { cache_control: { type: 'ephemeral', ttl: '1h' } })],
      }),
      /must not come after/,
    ],
    'a cache mark on an empty text': [
      messages({ messages: [user([text('', mark)])] }),
      /cache_control cannot be set for empty text blocks/,
    ],
    'an empty text': [
      messages({ messages: [user([text('')])] }),
      /^messages: text content blocks must be non-empty$/,
    ],
    'a text of white space': [messages({ messages: [user([text(' \n')])] }), /non-whitespace text/],
    'an assistant who speaks first': [
      messages({ messages: [assistant('x'), user('y')] }),
      /first message must use the "user" role/,
    ],
    'a system message at the start': [
      messages({ messages: [{ role: 'system', content: 'x' }, user('y')] }),
      /first message must use/,
    ],
    'a system message before the user': [
      messages({ messages: [user('a'), { role: 'system', content: 'x' }, user('y')] }),
      /^messages\.1: role 'system' must precede an 'assistant' message or end the array$/,
    ],
    'a call without a result': [
      messages({ messages: [user('?'), assistant([toolUse('toolu_1')]), user('no')] }),
      /^messages\.1: `tool_use` ids were found without `tool_result` blocks immediately after: toolu_1/,
    ],
    'a result without a call': [
      messages({ messages: [user([toolResult('toolu_9', 'sunny')])] }),
      /unexpected `tool_use_id` found in `tool_result` blocks: toolu_9/,
    ],
    'a result behind a text': [
      messages({
        messages: [
          user('?'),
          assistant([toolUse('toolu_1')]),
          user([text('so'), toolResult('toolu_1', 'sunny')]),
        ],
      }),
      /must come first/,
    ],
    'two results for one call': [
      messages({
        messages: [
          user('?'),
          assistant([toolUse('toolu_1')]),
          user([toolResult('toolu_1', 'sunny'), toolResult('toolu_1', 'sunny')]),
        ],
      }),
      /single result/,
    ],
    'a system message between call and result': [
      messages({
        messages: [
          user('?'),
          assistant([toolUse('toolu_1')]),
          { role: 'system', content: 'x' },
          user([toolResult('toolu_1', 'sunny')]),
        ],
      }),
      /role 'system' must follow a 'user' message/,
    ],
    'one id for two calls': [
      messages({
        messages: [
          user('?'),
          assistant([toolUse('toolu_1')]),
          user([toolResult('toolu_1', 'sunny')]),
          assistant([toolUse('toolu_1')]),
          user([toolResult('toolu_1', 'sunny')]),
        ],
      }),
      /`tool_use` ids must be unique/,
    ],
    'an id with a colon': [
      messages({ messages: [user('?'), assistant([toolUse('functions.Bash:0')]), user('x')] }),
      /^messages\.1\.content\.0\.id: String should match/,
    ],
    'thinking it never signed': [
      messages({
        messages: [
          user('?'),
          assistant([{ type: 'thinking', thinking: 'hm', signature: 'Eq==' }, text('a')]),
          user('x'),
        ],
      }),
      /^messages\.1\.content\.0: Invalid `signature` in `thinking` block$/,
    ],
    'a prefill for a new model': [
      messages({ messages: [user('?'), assistant('Well')] }),
      /does not support assistant message prefill/,
    ],
    'a prefill that ends in white space': [
      messages({ model: older, messages: [user('?'), assistant('Well ')] }),
      /trailing whitespace/,
    ],
    'a budget for a model that has none': [
      messages({ thinking: { type: 'enabled', budget_tokens: 1024 }, max_tokens: 2000 }),
      /^"thinking\.type\.enabled" is not supported for this model/,
    ],
    'adaptive thinking on an old model': [
      messages({ model: older, thinking: { type: 'adaptive' } }),
      /^adaptive thinking is not supported on this model$/,
    ],
    'a budget above max_tokens': [
      messages({ model: older, thinking: { type: 'enabled', budget_tokens: 1024 } }),
      /^max_tokens must be greater than thinking\.budget_tokens$/,
    ],
    'a budget that is too small': [
      messages({
        model: older,
        thinking: { type: 'enabled', budget_tokens: 1000 },
        max_tokens: 2000,
      }),
      /^thinking\.budget_tokens: .*1024/,
    ],
    'a temperature for a model that has none': [
      messages({ temperature: 0.5 }),
      /`temperature` is deprecated for this model/,
    ],
    'an image that is another type': [
      messages({
        messages: [
          user([
            { type: 'image', source: { type: 'base64', media_type: 'image/jpeg', data: pngData } },
          ]),
        ],
      }),
      /appears to be something else/,
    ],
    'an image with a data URL for data': [
      messages({
        messages: [
          user([
            {
              type: 'image',
              source: {
                type: 'base64',
                media_type: 'image/png',
                data: `data:image/png;base64,${pngData}`,
              },
            },
          ]),
        ],
      }),
      /invalid base64/,
    ],
    'an image of an unknown type': [
      messages({
        messages: [
          user([
            { type: 'image', source: { type: 'base64', media_type: 'image/bmp', data: pngData } },
          ]),
        ],
      }),
      /media_type/,
    ],
    'an image over plain http': [
      messages({
        messages: [
          user([{ type: 'image', source: { type: 'url', url: 'http://example.com/a.png' } }]),
        ],
      }),
      /https/,
    ],
    'a blank stop sequence': [messages({ stop_sequences: [' '] }), /^stop_sequences\.0: /],
    'text after the JSON': ['{"model":"a/b"} x', /not valid JSON/],
    'one member twice': [
      '{"model":"a/b","model":"a/c","messages":[]}',
      /^model: this member stands twice/,
    ],
  };
  for (const [name, [body, message]] of Object.entries(refused)) {
    test(name, async () => {
      const { status, text: answer } = await rig.post('/messages', body);
      assert.equal(status, 400, answer);
      const parsed = JSON.parse(answer);
      assert.equal(parsed.type, 'error');
      assert.equal(parsed.error.type, 'invalid_request_error');
      assert.match(parsed.error.message, message);
    });
  }

  test('text that is not UTF-8', async () => {
    const body = Buffer.concat([Buffer.from('{"model":"'), Buffer.from([0xff]), Buffer.from('"}')]);
    assert.match((await rig.post('/messages', body)).text, /not valid UTF-8/);
  });
});

describe('Chat Completions takes', () => {
  const accepted = {
    'a plain question': chat({}),
    'a whole tool round trip': chat({
      tools: [chatTool],
      messages: [
        { role: 'user', content: '?' },
        { role: 'assistant', content: null, tool_calls: [call('a'), call('b')] },
        answered('b'),
        answered('a'),
      ],
    }),
    'a picture and a file': chat({
      messages: [
        {
          role: 'user',
          content: [
            { type: 'image_url', image_url: { url: `data:image/png;base64,${pngData}` } },
            {
              type: 'file',
              file: { filename: 'page.pdf', file_data: `data:application/pdf;base64,${pdfData}` },
            },
          ],
        },
      ],
    }),
    'a picture in a tool message': chat({
      messages: [
        { role: 'user', content: '?' },
        { role: 'assistant', content: null, tool_calls: [call('a')] },
        {
          role: 'tool',
          tool_call_id: 'a',
          content: [{ type: 'image_url', image_url: { url: `data:image/png;base64,${pngData}` } }],
        },
      ],
    }),
    'four stop sequences': chat({ stop: ['a', 'b', 'c', 'd'] }),
  };
  for (const [name, body] of Object.entries(accepted)) {
    test(name, async () => {
      const { status, text: answer } = await rig.post('/chat/completions', body);
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
    'an unknown member of a message': [
      chat({ messages: [{ role: 'user', content: 'x', cache_control: {} }] }),
      /^messages\.0\.cache_control: Extra inputs/,
    ],
    'an unknown member of a part': [
      chat({ messages: [{ role: 'user', content: [text('x', { citations: null })] }] }),
      /citations: Extra inputs/,
    ],
    'an unknown member of a tool': [
      chat({ tools: [{ ...chatTool, defer_loading: true }] }),
      /^tools\.0\.defer_loading: Extra inputs/,
    ],
    'a Messages API tool': [chat({ tools: [weatherTool] }), /^tools\.0/],
    'an empty list of tools': [chat({ tools: [] }), /^tools: List should have at least 1/],
    'tool_choice without tools': [chat({ tool_choice: 'auto' }), /^tool_choice: /],
    'a Messages API tool_choice': [
      chat({ tools: [chatTool], tool_choice: { type: 'any' } }),
      /^tool_choice/,
    ],
    'five stop sequences': [
      chat({ stop: ['a', 'b', 'c', 'd', 'e'] }),
      /^stop: List should have at most 4/,
    ],
    'a tool name of 65 characters': [
      chat({ tools: [{ type: 'function', function: { name: 'x'.repeat(65) } }] }),
      /^tools\.0\.function\.name/,
    ],
    'an unknown provider preference': [
      chat({ provider: { orders: [] } }),
      /^provider\.orders: Extra inputs/,
    ],
    'effort and budget together': [
      chat({ max_tokens: 4000, reasoning: { effort: 'high', max_tokens: 2000 } }),
      /^reasoning: Only one/,
    ],
    'an unknown effort': [chat({ reasoning: { effort: 'huge' } }), /^reasoning\.effort/],
    'a json_schema without a name': [
      chat({ response_format: { type: 'json_schema', json_schema: { schema: {} } } }),
      /json_schema\.name: Field required/,
    ],
    'a result without a call': [
      chat({ messages: [question, answered('a')] }),
      /unexpected `tool_use_id`/,
    ],
    'a call without a result': [
      chat({ messages: [question, asked, question] }),
      /without `tool_result`/,
    ],
    'a user between call and result': [
      chat({ messages: [question, asked, question, answered('a')] }),
      /without `tool_result`/,
    ],
    'one id for two calls': [
      chat({ messages: [question, asked, answered('a'), asked, answered('a')] }),
      /must be unique/,
    ],
    'arguments that are no JSON': [
      chat({
        messages: [
          question,
          {
            role: 'assistant',
            content: null,
            tool_calls: [{ id: 'a', type: 'function', function: { name: 'x', arguments: '{' } }],
          },
          answered('a'),
        ],
      }),
      /arguments: Input should be a JSON object/,
    ],
    'an empty text': [
      chat({ messages: [{ role: 'user', content: [text('')] }] }),
      /must be non-empty/,
    ],
    'an assistant who says nothing': [
      chat({ messages: [question, { role: 'assistant', content: '' }, question] }),
      /must have content or tool_calls/,
    ],
    'five cache marks': [
      chat({
        ...mark,
        messages: [{ role: 'user', content: [1, 2, 3, 4].map((n) => text(`${n}`, mark)) }],
      }),
      /Found 5/,
    ],
    'reasoning it never signed': [
      chat({
        messages: [
          question,
          {
            role: 'assistant',
            content: 'x',
            reasoning_details: [{ type: 'reasoning.text', text: 'hm', signature: 'Eq==' }],
          },
          question,
        ],
      }),
      /Invalid `signature`/,
    ],
    'reasoning without a signature for Claude': [
      chat({
        messages: [
          question,
          {
            role: 'assistant',
            content: 'x',
            reasoning_details: [{ type: 'reasoning.text', text: 'hm' }],
          },
          question,
        ],
      }),
      /Invalid `signature`/,
    ],
    'an image over plain http': [
      chat({
        messages: [
          {
            role: 'user',
            content: [{ type: 'image_url', image_url: { url: 'http://example.com/a.png' } }],
          },
        ],
      }),
      /https URL/,
    ],
    'fewer tokens than OpenAI gives': [
      chat({ model: 'openai/gpt-4o', max_tokens: 1 }),
      /minimum value/,
    ],
  };
  for (const [name, [body, message]] of Object.entries(refused)) {
    test(name, async () => {
      const { status, text: answer } = await rig.post('/chat/completions', body);
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
      const response = await fetch(rig.fake.base + path, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: '{}',
      });
      assert.equal(response.status, 401);
      assert.equal((await response.json()).error.message, sentence);
    });
  }

  test('the key can be asked about', async () => {
    const ask = (key) =>
      fetch(`${rig.fake.base}/key`, { headers: { authorization: `Bearer ${key}` } });
    assert.equal((await (await ask(upstreamKey)).json()).data.limit_remaining, 74.5);
    assert.equal((await ask('wrong')).status, 401);
  });

  test('a secret of the client is noticed and refused', async () => {
    await rig.fake.configure({ forbidden: ['local-secret-placeholder'] });
    const { status } = await rig.post('/messages', messages({}), {
      'x-note': 'local-secret-placeholder',
    });
    await rig.fake.configure({ forbidden: [] });
    assert.equal(status, 400);
    assert.deepEqual((await rig.fake.seen()).requests[0].leaks, [
      'a credential of the client arrived here',
    ]);
  });

  test('what a proxy must not pass on is noticed and refused', async () => {
    await rig.fake.configure({ ownClients: false });
    const { status } = await rig.post('/messages', messages({}), {
      'x-api-key': 'x',
      cookie: 'a=b',
    });
    await rig.fake.configure({ ownClients: true });
    assert.equal(status, 400);
    const { leaks } = (await rig.fake.seen()).requests[0];
    assert.ok(
      leaks.includes('header x-api-key was passed on') &&
        leaks.includes('header cookie was passed on'),
      leaks.join(),
    );
  });
});
