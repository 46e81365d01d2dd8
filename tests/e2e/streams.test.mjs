// SPDX-License-Identifier: GPL-3.0-or-later
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseFrames, playFrames, readStream } from './harness/eventstream.mjs';
import { ask, RawConnection, requestBytes } from './harness/rawhttp.mjs';
import { lanes, rigFor } from './harness/rig.mjs';
import { user, weatherTool } from './harness/samples.mjs';
import { localToken } from './harness/switchyard.mjs';

// Streams on good and bad days, byte for byte as the client gets them, in each lane.

const model = 'claude-opus-5-5';
const body = (changes) =>
  JSON.stringify({ model, max_tokens: 1000, stream: true, messages: [user('Hello')], ...changes });
const sentence = 'Grüße → 你好 🙂 "quoted"\n\tand \\ back.';
const blocks = [
  { type: 'thinking', thinking: `Let me think. ${sentence}` },
  { type: 'text', text: sentence },
  {
    type: 'tool_use',
    name: 'get_weather',
    input: { place: sentence, list: [1, 2.5, { deep: null }] },
  },
  { type: 'tool_use', name: 'get_weather', input: {} },
];

function assertBlocks(message) {
  assert.equal(message.model, model);
  assert.equal(message.stop_reason, 'tool_use');
  assert.deepEqual(
    message.content.map(({ type }) => type),
    ['thinking', 'text', 'tool_use', 'tool_use'],
  );
  assert.equal(message.content[0].thinking, blocks[0].thinking);
  assert.ok(message.content[0].signature.startsWith('Eq+/'), message.content[0].signature);
  assert.equal(message.content[1].text, sentence);
  assert.deepEqual(message.content[2].input, blocks[2].input);
  assert.deepEqual(message.content[3].input, {});
  const { usage } = message;
  assert.deepEqual(
    [
      usage.input_tokens,
      usage.cache_read_input_tokens,
      usage.cache_creation_input_tokens,
      usage.output_tokens,
    ],
    [50, 30, 20, 70],
  );
}

for (const lane of lanes) {
  describe(`a stream through the ${lane} lane`, () => {
    const rig = rigFor(lane);
    const send = (options) =>
      ask(rig.proxy.port, { token: localToken, body: body({ tools: [weatherTool] }), ...options });
    const usage = { input: 50, cacheRead: 30, cacheWrite: 20, output: 70 };

    // What is odd in form but passes as it is in the native lane is judged by its content alone.
    const deliveries = {
      'frame by frame': [{}, true],
      'byte by byte': [{ writes: 'byte' }, true],
      'in pieces of five bytes': [{ writes: 5 }, true],
      'in one piece': [{ writes: 'all' }, true],
      'with comments between': [{ comments: true }, true],
      'packed with gzip': [{ encoding: 'gzip' }, true],
      'with a wrong content type': [{ contentType: 'text/plain' }, true],
      'with CRLF': [{ newline: '\r\n' }, lane === 'chat'],
      'with CRLF split at every byte': [{ newline: '\r\n', writes: 'byte' }, lane === 'chat'],
      'with CR alone': [{ newline: '\r', writes: 3 }, lane === 'chat'],
      'with two data lines': [{ dataLines: 2 }, lane === 'chat'],
      'without the space behind the colon': [{ noSpace: true }, lane === 'chat'],
      'with id and retry lines': [{ fields: true }, lane === 'chat'],
      'with a byte order mark': [{ bom: true }, lane === 'chat'],
    };
    for (const [name, [delivery, strict]] of Object.entries(deliveries)) {
      test(`arrives whole when it comes ${name}`, async () => {
        await rig.upstream.script({ content: blocks, usage, delivery });
        const answer = await send();
        assert.equal(answer.status, 200, answer.text);
        assert.equal(answer.header('content-type'), 'text/event-stream; charset=utf-8');
        assert.equal(answer.header('cache-control'), 'no-cache');
        assert.equal(answer.header('content-encoding'), undefined);
        assert.ok(!answer.text.includes('[DONE]'));
        const bytes = strict ? answer.bytes : normalised(answer.text);
        assertBlocks(readStream(bytes));
      });
    }

    test('hands on the first event before the second has come', async () => {
      await rig.upstream.script({
        content: 'one two',
        delivery: { gates: { 1: 'second', 3: 'third' } },
      });
      const connection = await RawConnection.open(rig.proxy.port);
      connection.send(requestBytes(rig.proxy.port, { token: localToken, body: body({}) }));
      const head = await connection.head();
      assert.equal(head.status, 200);
      await rig.upstream.seen({ gate: 'second' });
      const parts = connection.body(head);
      const first = (await parts.next()).value.toString();
      assert.match(first, /^event: message_start\ndata: [^\n]*\n\n$/);
      await rig.upstream.open('second');
      await rig.upstream.seen({ gate: 'third' });
      let text = first;
      while (!text.includes('"one ')) text += (await parts.next()).value.toString();
      await rig.upstream.open('third');
      for await (const bytes of parts) text += bytes.toString();
      assert.equal(readStream(Buffer.from(text)).content[0].text, 'one two');
      connection.close();
    });

    test('of many at once loses nothing', async () => {
      const texts = Array.from(
        { length: 40 },
        (_, i) => `stream number ${i}: ${sentence.repeat(5)}`,
      );
      await rig.upstream.script(...texts.map((content) => ({ content, delivery: { writes: 11 } })));
      const answers = await Promise.all(texts.map(() => send({ body: body({}) })));
      const got = answers.map((answer) => readStream(answer.bytes).content[0].text);
      assert.deepEqual(got.sort(), [...texts].sort());
    });

    test('on a connection that is used again is read as well as the first', async () => {
      const connection = await RawConnection.open(rig.proxy.port);
      for (let i = 0; i < 4; ++i) {
        await rig.upstream.script({ content: `turn ${i}` });
        connection.send(
          requestBytes(rig.proxy.port, { token: localToken, body: body({ stream: i % 2 === 0 }) }),
        );
        const answer = await connection.response();
        const message = i % 2 === 0 ? readStream(answer.bytes) : answer.json();
        assert.equal(message.content[0].text, `turn ${i}`);
      }
      connection.close();
    });

    test('and a second request sent before its end are answered one after the other', async () => {
      await rig.upstream.script(
        { content: 'first', delivery: { gates: { 2: 'go' } } },
        { content: 'second' },
      );
      const connection = await RawConnection.open(rig.proxy.port);
      const request = requestBytes(rig.proxy.port, { token: localToken, body: body({}) });
      connection.send(Buffer.concat([request, request]));
      await rig.upstream.seen({ gate: 'go' });
      assert.equal((await rig.upstream.seen()).requests.length, 1);
      await rig.upstream.open('go');
      assert.equal(readStream((await connection.response()).bytes).content[0].text, 'first');
      assert.equal(readStream((await connection.response()).bytes).content[0].text, 'second');
      connection.close();
    });

    test('of a slow reader is neither lost nor hoarded', async () => {
      const word = `${'x'.repeat(16 * 1024 - 1)} `;
      await rig.upstream.script({ content: word.repeat(8192) });
      const connection = await RawConnection.open(rig.proxy.port);
      connection.socket.pause();
      connection.send(requestBytes(rig.proxy.port, { token: localToken, body: body({}) }));
      // The upstream is stopped when the buffers between are full, far before its 8,192 frames: the
      // kernel's grow to 32 MiB for each of the two connections. An unhindered upstream has sent
      // them all in a fraction of this time.
      await rig.upstream.seen({ frames: { 0: 10 } });
      await assert.rejects(
        rig.upstream.seen({ frames: { 0: 7000 }, timeout: 3000 }),
        /did not see/,
      );
      connection.socket.resume();
      const answer = await connection.response({ ms: 60_000 });
      assert.equal(readStream(answer.bytes).content[0].text.length, 128 * 1024 * 1024);
      connection.close();
    });

    // --- what goes wrong --------------------------------------------------------------------

    const failed = (answer) => {
      assert.equal(answer.status, 200, answer.text);
      const { message, error, ended } = playFrames(parseFrames(answer.bytes));
      assert.ok(ended && error, `no error at the end of ${answer.text.slice(-200)}`);
      assert.ok(!answer.text.includes('event: message_stop'), 'an invented end');
      return { message, error };
    };

    const cuts = {
      'is reset': [
        { after: 5, end: 'rst' },
        /^OpenRouter broke the connection in the middle of its answer/,
      ],
      'is closed without its last chunk': [
        { after: 5, end: 'fin' },
        /^OpenRouter broke the connection in the middle of its answer/,
      ],
      'ends cleanly without an end marker': [
        { after: 5, end: 'clean' },
        /ended (in the middle|before its answer was complete)/,
      ],
    };
    for (const [name, [delivery, sentence]] of Object.entries(cuts)) {
      test(`that ${name} in the middle ends in an error event`, async () => {
        await rig.upstream.script({ content: 'one two three four five', delivery });
        const { error } = failed(await send({ body: body({}) }));
        assert.equal(error.type, 'api_error');
        assert.match(error.message, sentence);
        assert.equal(
          (await rig.upstream.seen()).requests.length,
          1,
          'nothing is sent twice once a byte has gone out',
        );
      });
    }

    test('with an error in the middle ends in that error', async () => {
      await rig.upstream.script({
        content: 'one two three',
        error: {
          after: 4,
          code: 503,
          error_type: 'provider_overloaded',
          message: 'The provider is overloaded: try “later”',
        },
      });
      const { error } = failed(await send({ body: body({}) }));
      assert.equal(error.type, 'overloaded_error');
      assert.match(error.message, /The provider is overloaded: try “later”/);
    });

    for (const end of ['rst', 'fin']) {
      test(`whose plain answer breaks off (${end}) is an error of 502`, async () => {
        const delivery = { after: 1, end };
        await rig.upstream.script({ kind: 'raw', body: ['{"id":"gen-1",', '}'], delivery });
        const answer = await send({ body: body({ stream: false }) });
        assert.equal(answer.status, 502, answer.text);
        assert.match(answer.json().error.message, /^OpenRouter broke the connection/);
        assert.equal((await rig.upstream.seen()).requests.length, 1);
      });
    }

    test('with one event of several megabytes is whole', async () => {
      const long = `${'long é '.repeat(700_000)}end`;
      await rig.upstream.script({ content: [{ type: 'text', text: long, pieces: [long] }] });
      const answer = await send({ body: body({}), ms: 60_000 });
      assert.equal(readStream(answer.bytes).content[0].text, long);
    });

    test('from an upstream that closes behind each answer is answered each time', async () => {
      for (let i = 0; i < 10; ++i) {
        await rig.upstream.script({ content: `turn ${i}`, closeAfter: true });
        const answer = await send({ body: body({ stream: i % 2 === 0 }) });
        assert.equal(answer.header('x-switchyard-attempts'), '1');
        const message = i % 2 === 0 ? readStream(answer.bytes) : answer.json();
        assert.equal(message.content[0].text, `turn ${i}`);
      }
      const used = (await rig.upstream.seen()).requests.map((request) => request.connection);
      assert.equal(new Set(used).size, 10);
    });

    test('refused before its large request was sent is that refusal', async () => {
      await rig.upstream.script({
        kind: 'early',
        status: 413,
        error_type: 'payload_too_large',
        message: 'Too much for this model',
      });
      const large = body({ messages: [user('x'.repeat(20 * 1024 * 1024))] });
      const answer = await send({ body: large, ms: 60_000 });
      assert.equal(answer.status, 413, answer.text.slice(0, 300));
      assert.match(answer.json().error.message, /Too much for this model/);
    });

    const plainErrors = {
      'answers HTML with 200': [
        {
          kind: 'raw',
          headers: { 'content-type': 'text/html' },
          body: '<!doctype html><title>Sign in</title>',
        },
        502,
        'api_error',
        1,
      ],
      'answers an empty stream': [{ kind: 'empty' }, 502, 'api_error', 1],
      'resets before a byte': [{ kind: 'reset' }, 502, 'api_error', 1],
      'does not speak HTTP': [
        { kind: 'socket', bytes: 'SSH-2.0-placeholder\r\n' },
        502,
        'api_error',
        1,
      ],
      redirects: [
        { kind: 'raw', status: 302, headers: { location: 'https://example.com/' }, body: '' },
        502,
        'api_error',
        1,
      ],
      'answers 502 with HTML': [
        {
          kind: 'raw',
          status: 502,
          headers: { 'content-type': 'text/html' },
          body: '<html><title>Bad gateway</title></html>',
        },
        502,
        'api_error',
        2,
      ],
      'answers 500 with nothing': [{ kind: 'raw', status: 500, body: '' }, 500, 'api_error', 2],
    };
    for (const [name, [script, status, type, attempts]] of Object.entries(plainErrors)) {
      test(`whose upstream ${name} is an error of ${status} before it begins`, async () => {
        await rig.upstream.script(...Array(attempts).fill(script));
        const answer = await send({ body: body({}) });
        assert.equal(answer.status, status, answer.text);
        const { error, request_id: requestId } = answer.json();
        assert.equal(error.type, type);
        assert.match(error.message, /OpenRouter/);
        assert.equal(requestId, answer.header('request-id'));
        assert.equal(answer.header('x-switchyard-attempts'), `${attempts}`);
      });
    }

    test('after an upstream 429 with a short retry-after is the answer of the second try', async () => {
      await rig.upstream.script(
        {
          kind: 'error',
          status: 429,
          error_type: 'rate_limit_exceeded',
          message: 'Slow down',
          headers: { 'retry-after': '1' },
        },
        { content: 'second try' },
      );
      const answer = await send({ body: body({}) });
      assert.equal(readStream(answer.bytes).content[0].text, 'second try');
      assert.equal(answer.header('x-switchyard-attempts'), '2');
      const [first, second] = (await rig.upstream.seen()).requests;
      assert.ok(second.arrivedAt - first.arrivedAt >= 1000, 'it waited as it was told');
    });

    test('after an upstream 429 with a long retry-after is left to the client', async () => {
      await rig.upstream.script({
        kind: 'error',
        status: 429,
        error_type: 'rate_limit_exceeded',
        message: 'Slow down',
        headers: { 'retry-after': '31' },
      });
      const answer = await send({ body: body({}) });
      assert.equal(answer.status, 429);
      assert.equal(answer.header('retry-after'), '31');
      assert.equal(answer.header('x-switchyard-attempts'), '1');
    });

    test('from a JSON answer has every event', async () => {
      await rig.upstream.script({ content: blocks, usage, form: 'json' });
      assertBlocks(readStream((await send()).bytes));
    });

    test('of an upstream to a plain request becomes one message', async () => {
      await rig.upstream.script({ content: blocks, usage, form: 'sse' });
      const answer = await send({ body: body({ stream: false, tools: [weatherTool] }) });
      assert.equal(answer.header('content-type'), 'application/json');
      assertBlocks(answer.json());
    });
  });
}

// Other line ends and spellings in the form that parseFrames() reads.
function normalised(text) {
  const lines = text
    .replace(/^\ufeff/, '')
    .replace(/\r\n|\r/g, '\n')
    .split('\n\n')
    .filter(Boolean)
    .map((frame) => {
      const found = frame
        .split('\n')
        .filter((line) => /^(event|data):/.test(line))
        .map((line) => line.replace(/^(event|data): ?/, '$1: '));
      const data = found
        .filter((line) => line.startsWith('data: '))
        .map((line) => line.slice(6))
        .join(' ');
      return `${found.find((line) => line.startsWith('event: '))}\ndata: ${data}\n\n`;
    });
  return Buffer.from(lines.join(''));
}
