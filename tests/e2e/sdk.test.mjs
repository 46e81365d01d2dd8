// SPDX-License-Identifier: GPL-3.0-or-later
import Anthropic from '@anthropic-ai/sdk';
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { lanes, rigFor } from './harness/rig.mjs';
import { pdf, pdfData, png, pngData, user, weatherTool } from './harness/samples.mjs';
import { localToken } from './harness/switchyard.mjs';

// The official SDK through Switchyard to OpenRouter, in each lane.

function clientOf(rig, options = {}) {
  return new Anthropic({
    baseURL: rig.proxy.url,
    authToken: localToken,
    apiKey: null,
    maxRetries: 0,
    logLevel: 'off',
    ...options,
  });
}

const model = 'claude-opus-5-5';
const upstreamModel = 'anthropic/claude-opus-5.5';
const question = (changes) => ({
  model,
  max_tokens: 2000,
  messages: [user('What is the weather in Köln? 🌦')],
  ...changes,
});
const text = (message) =>
  message.content
    .filter((block) => block.type === 'text')
    .map((block) => block.text)
    .join('');
// Without the members that only one of the answers has.
const plain = (block) => {
  const { citations, caller, ...rest } = block;
  return rest;
};

// The two ways of asking must give the same message.
const ways = {
  'as JSON': (client, body) => client.messages.create(body),
  'as a stream': (client, body) => client.messages.stream(body).finalMessage(),
};

for (const lane of lanes) {
  describe(`the SDK through the ${lane} lane`, () => {
    const rig = rigFor(lane);

    for (const [way, ask] of Object.entries(ways)) {
      test(`gets a plain answer ${way}`, async () => {
        await rig.upstream.script({
          content: 'Es regnet → bring a coat. ☔',
          usage: { input: 100, cacheRead: 40, cacheWrite: 7, output: 9 },
        });
        const message = await ask(clientOf(rig), question({}));
        assert.equal(text(message), 'Es regnet → bring a coat. ☔');
        assert.equal(message.model, model);
        assert.equal(message.role, 'assistant');
        assert.equal(message.stop_reason, 'end_turn');
        assert.deepEqual(
          [
            message.usage.input_tokens,
            message.usage.cache_read_input_tokens,
            message.usage.cache_creation_input_tokens,
            message.usage.output_tokens,
          ],
          [100, 40, 7, 9],
        );
        const [request] = (await rig.upstream.seen()).requests;
        assert.equal(request.json().model, upstreamModel);
      });

      test(`gets two answers with two ids ${way}`, async () => {
        const client = clientOf(rig);
        const [a, b] = [await ask(client, question({})), await ask(client, question({}))];
        assert.notEqual(a.id, b.id);
      });

      test(`makes a tool round trip ${way}`, async () => {
        await rig.upstream.script(
          {
            content: [
              { type: 'text', text: 'I look it up.' },
              { type: 'tool_use', name: 'get_weather', input: { place: 'Köln "am Rhein"\n\\' } },
            ],
          },
          { content: 'It rains.' },
        );
        const client = clientOf(rig);
        const first = await ask(client, question({ tools: [weatherTool] }));
        assert.equal(first.stop_reason, 'tool_use');
        assert.equal(text(first), 'I look it up.');
        const use = first.content.find((block) => block.type === 'tool_use');
        assert.equal(use.name, 'get_weather');
        assert.deepEqual(use.input, { place: 'Köln "am Rhein"\n\\' });
        const second = await ask(
          client,
          question({
            tools: [weatherTool],
            messages: [
              ...question({}).messages,
              { role: 'assistant', content: first.content.map(plain) },
              user([
                {
                  type: 'tool_result',
                  tool_use_id: use.id,
                  content: 'marker-weather-17',
                  is_error: false,
                },
              ]),
            ],
          }),
        );
        assert.equal(text(second), 'It rains.');
        const back = (await rig.upstream.seen()).requests[1].body.toString();
        assert.match(back, /marker-weather-17/);
        assert.ok(back.includes(use.id));
      });

      test(`makes parallel calls, one of which fails, ${way}`, async () => {
        const places = ['Bonn', 'Köln', 'Ulm'];
        await rig.upstream.script(
          {
            content: places.map((place) => ({
              type: 'tool_use',
              name: 'get_weather',
              input: { place },
            })),
            quirks: { interleave: true },
          },
          { content: 'Done.' },
        );
        const client = clientOf(rig);
        const first = await ask(client, question({ tools: [weatherTool] }));
        const uses = first.content.filter((block) => block.type === 'tool_use');
        assert.deepEqual(
          uses.map((use) => use.input.place),
          places,
        );
        assert.equal(new Set(uses.map((use) => use.id)).size, 3);
        const results = uses.map((use, i) => ({
          type: 'tool_result',
          tool_use_id: use.id,
          content: `sky ${i}`,
          is_error: i === 1,
        }));
        const second = await ask(
          client,
          question({
            tools: [weatherTool],
            messages: [
              ...question({}).messages,
              { role: 'assistant', content: first.content.map(plain) },
              user([...results, { type: 'text', text: 'Go on.' }]),
            ],
          }),
        );
        assert.equal(text(second), 'Done.');
      });

      test(`sends thinking back as it came ${way}`, async () => {
        const thinking = 'First → “look”,\tthen\nthink. \u00e9 e\u0301';
        await rig.upstream.script(
          {
            content: [
              { type: 'thinking', thinking },
              { type: 'redacted_thinking' },
              { type: 'tool_use', name: 'get_weather', input: { place: 'Ulm' } },
            ],
          },
          { content: 'It rains.' },
        );
        const client = clientOf(rig);
        const on = { tools: [weatherTool], thinking: { type: 'adaptive' } };
        const first = await ask(client, question(on));
        assert.deepEqual(
          first.content.map((block) => block.type),
          ['thinking', 'redacted_thinking', 'tool_use'],
        );
        assert.equal(first.content[0].thinking, thinking);
        const second = await ask(
          client,
          question({
            ...on,
            messages: [
              ...question({}).messages,
              { role: 'assistant', content: first.content.map(plain) },
              user([{ type: 'tool_result', tool_use_id: first.content[2].id, content: 'rain' }]),
            ],
          }),
        );
        assert.equal(text(second), 'It rains.');
      });

      test(`sends images and documents ${way}`, async () => {
        await ask(
          clientOf(rig),
          question({
            messages: [
              user([
                png,
                { type: 'image', source: { type: 'url', url: 'https://example.com/a.png' } },
                pdf,
                { type: 'text', text: 'What is it?' },
              ]),
            ],
          }),
        );
        const body = (await rig.upstream.seen()).requests[0].body.toString();
        for (const part of [pngData, 'https://example.com/a.png', pdfData, 'What is it?'])
          assert.ok(body.includes(part), part.slice(0, 40));
      });

      test(`sends an image as the result of a tool ${way}`, async () => {
        await rig.upstream.script(
          { content: [{ type: 'tool_use', name: 'get_weather', input: {} }] },
          { content: 'A cloud.' },
        );
        const client = clientOf(rig);
        const first = await ask(client, question({ tools: [weatherTool] }));
        const second = await ask(
          client,
          question({
            tools: [weatherTool],
            messages: [
              ...question({}).messages,
              { role: 'assistant', content: first.content.map(plain) },
              user([
                {
                  type: 'tool_result',
                  tool_use_id: first.content[0].id,
                  content: [{ type: 'text', text: 'Seen:' }, png],
                },
              ]),
            ],
          }),
        );
        assert.equal(text(second), 'A cloud.');
        assert.ok((await rig.upstream.seen()).requests[1].body.includes(pngData));
      });

      for (const reason of ['max_tokens', 'refusal']) {
        test(`is told the stop reason ${reason} ${way}`, async () => {
          await rig.upstream.script({ content: 'Part of', stop_reason: reason });
          const message = await ask(clientOf(rig), question({}));
          assert.equal(message.stop_reason, reason);
          assert.equal(text(message), 'Part of');
        });
      }

      test(`gets a message without content ${way}`, async () => {
        await rig.upstream.script({ content: [] });
        const message = await ask(clientOf(rig), question({}));
        assert.deepEqual(message.content, []);
        assert.equal(message.stop_reason, 'end_turn');
      });
    }

    test('gets a message when the upstream streams to a plain request', async () => {
      await rig.upstream.script({ content: 'It rains.', form: 'sse' });
      assert.equal(text(await clientOf(rig).messages.create(question({}))), 'It rains.');
    });

    test('gets a stream when the upstream answers JSON to a stream request', async () => {
      await rig.upstream.script({ content: 'It rains.', form: 'json' });
      const message = await clientOf(rig).messages.stream(question({})).finalMessage();
      assert.equal(text(message), 'It rains.');
      assert.equal((await rig.upstream.seen()).requests.length, 1);
    });

    test('uses the key header as well as the bearer token', async () => {
      const client = clientOf(rig, { apiKey: localToken, authToken: null });
      assert.equal(
        text(await client.messages.create(question({}))),
        'Hello from the fake upstream.',
      );
    });

    test('lists models and finds one by its id', async () => {
      const listed = [];
      for await (const one of clientOf(rig).models.list({ limit: 3 })) listed.push(one);
      assert.ok(listed.length > 3, `only ${listed.length} models: paging ends too early`);
      for (const one of listed) {
        assert.equal(one.type, 'model');
        assert.ok(one.display_name.length > 0);
        assert.ok(!Number.isNaN(Date.parse(one.created_at)), one.created_at);
      }
      assert.equal(new Set(listed.map((one) => one.id)).size, listed.length);
      assert.ok(listed.some((one) => /claude/.test(one.id)));
      const found = await clientOf(rig).models.retrieve(listed[0].id);
      assert.equal(found.id, listed[0].id);
      await assert.rejects(clientOf(rig).models.retrieve('no-such-model'), Anthropic.NotFoundError);
    });

    test('gets an estimate, named as one, when it counts tokens', async () => {
      const words = 'The quick brown fox jumps over the lazy dog. '.repeat(500);
      const { data, response } = await clientOf(rig)
        .messages.countTokens({ model, messages: [user(words)] })
        .withResponse();
      // 10 tokens each sentence; a number that is far off makes clients compact too early or never.
      assert.ok(data.input_tokens > 3500 && data.input_tokens < 7500, `${data.input_tokens}`);
      assert.ok(response.headers.get('x-switchyard-estimate'));
      assert.equal((await rig.upstream.seen()).requests.length, 0);
    });

    // Retries of the proxy are taken up by as many answers.
    const failures = [
      [
        400,
        'invalid_request',
        'Something is wrong with this request',
        Anthropic.BadRequestError,
        'invalid_request_error',
        1,
      ],
      [
        401,
        'authentication',
        'User not found.',
        Anthropic.AuthenticationError,
        'authentication_error',
        1,
      ],
      [
        402,
        'payment_required',
        'Insufficient credits. Add more using https://openrouter.ai/credits',
        Anthropic.APIError,
        'billing_error',
        1,
      ],
      [
        403,
        'permission_denied',
        'This model is not allowed here',
        Anthropic.PermissionDeniedError,
        'permission_error',
        1,
      ],
      [
        404,
        'not_found',
        'No endpoints found that support tool use',
        Anthropic.NotFoundError,
        'not_found_error',
        1,
      ],
      [413, 'payload_too_large', 'Too much', Anthropic.APIError, 'request_too_large', 1],
      [
        429,
        'rate_limit_exceeded',
        'Rate limit exceeded: free-models-per-min',
        Anthropic.RateLimitError,
        'rate_limit_error',
        2,
      ],
      [500, 'server', 'Internal Server Error', Anthropic.InternalServerError, 'api_error', 2],
      [
        503,
        'provider_overloaded',
        'Provider is overloaded',
        Anthropic.InternalServerError,
        'overloaded_error',
        2,
      ],
      [
        529,
        'provider_overloaded',
        'Provider returned error 529',
        Anthropic.InternalServerError,
        'overloaded_error',
        2,
      ],
    ];
    for (const [status, errorType, sentence, errorClass, type, attempts] of failures) {
      for (const [way, ask] of Object.entries(ways)) {
        test(`sees an upstream ${status} ${way}`, async () => {
          const failure = { kind: 'error', status, error_type: errorType, message: sentence };
          await rig.upstream.script(...Array(attempts).fill(failure));
          await assert.rejects(ask(clientOf(rig), question({})), (error) => {
            assert.ok(error instanceof errorClass, `${error.constructor.name}: ${error.message}`);
            assert.equal(error.status, status);
            assert.equal(error.error.error.type, type);
            assert.ok(error.error.error.message.includes(sentence), error.error.error.message);
            assert.ok(error.requestID, 'the answer has a request-id');
            assert.equal(error.error.request_id, error.requestID);
            return true;
          });
          assert.equal((await rig.upstream.seen()).requests.length, attempts);
        });
      }
    }

    test('sees an error in the middle of a stream', async () => {
      await rig.upstream.script({
        content: 'one two three',
        error: {
          after: 4,
          code: 429,
          error_type: 'rate_limit_exceeded',
          message: 'Rate limit exceeded',
        },
      });
      const stream = clientOf(rig).messages.stream(question({}));
      await assert.rejects(stream.finalMessage(), (error) => {
        assert.equal(error.error.error.type, 'rate_limit_error');
        assert.match(error.error.error.message, /Rate limit exceeded/);
        return true;
      });
    });

    test('sees an upstream that dies in the middle of a stream as an error', async () => {
      await rig.upstream.script({
        content: 'one two three four five',
        delivery: { after: 5, end: 'rst' },
      });
      await assert.rejects(clientOf(rig).messages.stream(question({})).finalMessage(), (error) => {
        assert.ok(error instanceof Anthropic.APIError, error.stack);
        assert.equal(error.error.type, 'error');
        return true;
      });
    });

    test('is refused with a wrong token before anything is sent', async () => {
      await assert.rejects(
        clientOf(rig, { authToken: 'wrong', maxRetries: 2 }).messages.create(question({})),
        Anthropic.AuthenticationError,
      );
      assert.equal((await rig.upstream.seen()).requests.length, 0);
    });
  });
}

describe('the SDK at the offline backend', () => {
  const rig = rigFor('native', { backend: 'ECHO', key: null });

  for (const [way, ask] of Object.entries(ways)) {
    test(`is told that it is offline ${way}`, async () => {
      const message = await ask(clientOf(rig), question({}));
      assert.match(text(message), /Switchyard is running; choose a backend to reach a model/);
      assert.equal(message.model, model);
      assert.equal(message.stop_reason, 'end_turn');
      assert.ok(message.usage.input_tokens > 0 && message.usage.output_tokens > 0);
    });

    test(`gets no more than max_tokens ${way}`, async () => {
      const message = await ask(clientOf(rig), question({ max_tokens: 3 }));
      assert.equal(message.stop_reason, 'max_tokens');
      assert.equal(text(message).split(' ').length, 3);
    });
  }

  test('gets the answer word by word', async () => {
    const pieces = [];
    const message = await clientOf(rig)
      .messages.stream(question({}))
      .on('text', (piece) => pieces.push(piece))
      .finalMessage();
    assert.ok(pieces.length > 5);
    assert.equal(pieces.join(''), text(message));
  });

  test('gets a count of tokens that grows with the text', async () => {
    const count = async (words) =>
      (await clientOf(rig).messages.countTokens({ model, messages: [user(words)] })).input_tokens;
    const [short, long] = [await count('Hello'), await count('Hello there. '.repeat(1000))];
    assert.ok(short > 0);
    assert.ok(long > 1000 && long < 10_000, `${long}`);
  });

  test('reaches no upstream', async () => {
    await clientOf(rig).messages.create(question({}));
    assert.equal((await rig.upstream.seen()).requests.length, 0);
  });
});
