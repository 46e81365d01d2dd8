// SPDX-License-Identifier: GPL-3.0-or-later
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { ask } from './harness/rawhttp.mjs';
import { rigFor } from './harness/rig.mjs';
import { localToken } from './harness/switchyard.mjs';

// The native lane, byte for byte: what the client sent is what the upstream gets, but for the model.

const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');

// A body that every parser and writer would change: blanks, escapes, odd numbers, unknown members.
const oddBody = (
  model,
) => `\n{ "unknown_member" : {"a":1.0,"b":1e2,"big":12345678901234567890,"neg":-0.0},
\t"messages":[{"role":"user","content":"caf\\u00e9 \\ud83d\\ude00 caf\u00e9 \u{1f600} \\/ \\"quoted\\" \\u2028"}],
  "max_tokens" : 100,  "model" : ${JSON.stringify(model)} ,"zeta":null,"alpha":[ ],"safeguards":[{"x":{}}],
  "tools":[{"name":"mcp__server__tool","description":"","input_schema":{"type":"object","$schema":"https://json-schema.org/draft/2020-12/schema","properties":{"z":{},"a":{"description":"no type"}},"additionalProperties":false}}]}  `;

describe('the native lane', () => {
  const rig = rigFor('native');
  const send = (options) => ask(rig.proxy.port, { token: localToken, ...options });

  const models = [
    ['claude-opus-5-5', 'anthropic/claude-opus-5.5'],
    ['claude-sonnet-4-20250514', 'anthropic/claude-sonnet-4'],
    ['claude-haiku-4-5-20251001[1m]', 'anthropic/claude-haiku-4.5'],
    ['openai/gpt-4o', 'openai/gpt-4o'],
    ['big', 'anthropic/claude-sonnet-4'],
    ['small', 'anthropic/claude-3.7-sonnet'],
  ];
  for (const [asked, sent] of models) {
    test(`changes ${asked} to ${sent} and not one byte else`, async () => {
      const answer = await send({ body: oddBody(asked) });
      assert.equal(answer.status, 200, answer.text);
      assert.equal(answer.json().model, asked);
      assert.equal(answer.header('x-switchyard-model'), sent);
      const [request] = (await rig.upstream.seen()).requests;
      assert.equal(request.sha256, sha256(oddBody(sent)), request.body.toString());
    });
  }

  test('sends on a body that came in chunks', async () => {
    const body = oddBody('openai/gpt-4o');
    const bytes = Buffer.from(body);
    const parts = [bytes.subarray(0, 1), bytes.subarray(1, 77), bytes.subarray(77)];
    const chunked = Buffer.concat([
      ...parts.flatMap((part) => [
        Buffer.from(`${part.length.toString(16)};ext=1\r\n`),
        part,
        Buffer.from('\r\n'),
      ]),
      Buffer.from('0\r\nx-trailer: 1\r\n\r\n'),
    ]);
    const answer = await send({
      headers: { 'transfer-encoding': 'chunked', 'content-length': null },
      body: chunked,
    });
    assert.equal(answer.status, 200, answer.text);
    assert.equal((await rig.upstream.seen()).requests[0].sha256, sha256(body));
  });

  test('sends on a body that came packed', async () => {
    const packed = gzipSync(Buffer.from(oddBody('openai/gpt-4o')));
    const answer = await send({ headers: { 'content-encoding': 'gzip' }, body: packed });
    assert.equal(answer.status, 200, answer.text);
    assert.equal((await rig.upstream.seen()).requests[0].sha256, sha256(oddBody('openai/gpt-4o')));
  });

  test('sends on a body of one megabyte', async () => {
    const long = oddBody('openai/gpt-4o').replace('caf\\u00e9', 'x'.repeat(1024 * 1024));
    const answer = await send({ body: long });
    assert.equal(answer.status, 200, answer.text);
    assert.equal((await rig.upstream.seen()).requests[0].sha256, sha256(long));
  });

  test('streams from /v1/messages/stream whatever the body says', async () => {
    const answer = await send({ target: '/v1/messages/stream', body: oddBody('openai/gpt-4o') });
    assert.equal(answer.header('content-type'), 'text/event-stream; charset=utf-8');
    assert.equal((await rig.upstream.seen()).requests[0].json().stream, true);
  });

  test('sends the headers the upstream needs and none of the client', async () => {
    const answer = await send({
      target: '/v1/messages?beta=true',
      headers: {
        'anthropic-version': '2023-06-01',
        'anthropic-beta': ['context-management-2025-06-27,effort-2025-11-24', 'made-up-2099-01-01'],
        cookie: 'session=placeholder',
        'x-app': 'cli',
        connection: 'keep-alive, x-hop',
        'x-hop': '1',
        te: 'trailers',
        'accept-encoding': 'gzip, deflate, br, zstd',
        'x-forwarded-for': '192.0.2.1',
      },
      body: oddBody('openai/gpt-4o'),
    });
    assert.equal(answer.status, 200, answer.text);
    const [request] = (await rig.upstream.seen()).requests;
    assert.equal(request.header('anthropic-version'), '2023-06-01');
    assert.deepEqual(request.header('anthropic-beta').split(/, ?/), [
      'context-management-2025-06-27',
      'effort-2025-11-24',
      'made-up-2099-01-01',
    ]);
    assert.equal(
      request.header('http-referer') !== undefined && request.header('x-title') !== undefined,
      true,
    );
    assert.equal(request.header('x-hop'), undefined);
  });

  test('answers with its own headers and those of the upstream that matter', async () => {
    await rig.upstream.script({
      content: 'Hello',
      headers: {
        'request-id': 'req_upstream_1',
        'anthropic-ratelimit-requests-remaining': '7',
        'set-cookie': 'a=b',
        'x-secret-of-host': '1',
        server: 'somebody',
      },
    });
    const answer = await send({ body: oddBody('claude-opus-5-5') });
    assert.equal(answer.header('request-id'), 'req_upstream_1');
    assert.equal(answer.header('anthropic-ratelimit-requests-remaining'), '7');
    assert.equal(answer.header('x-switchyard-backend'), 'OPENROUTER');
    assert.equal(answer.header('x-switchyard-model'), 'anthropic/claude-opus-5.5');
    assert.equal(answer.header('x-switchyard-attempts'), '1');
    assert.equal(answer.header('x-switchyard-adjustments'), '0');
    assert.equal(answer.header('content-type'), 'application/json');
    for (const name of ['set-cookie', 'x-secret-of-host', 'content-encoding', 'transfer-encoding'])
      assert.equal(answer.header(name), undefined, name);
  });

  test('makes a request-id of its own when the upstream has none', async () => {
    const [a, b] = [
      await send({ body: oddBody('openai/gpt-4o') }),
      await send({ body: oddBody('openai/gpt-4o') }),
    ];
    assert.match(a.header('request-id'), /^req_[A-Za-z0-9]{10,}$/);
    assert.notEqual(a.header('request-id'), b.header('request-id'));
  });

  test('puts back the model in the answer and not one byte else', async () => {
    const body =
      '{"id":"gen-1","type":"message","role":"assistant", "model" : "anthropic/claude-opus-5.5" ,"content":[{"type":"text","text":"caf\\u00e9 \\/ model","model":"x"}],"stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":1,"output_tokens":1.0,"odd":12345678901234567890}}';
    await rig.upstream.script({ kind: 'raw', status: 200, body });
    const answer = await send({ body: oddBody('claude-opus-5-5') });
    assert.equal(answer.text, body.replace('"anthropic/claude-opus-5.5"', '"claude-opus-5-5"'));
  });

  test('puts back the model in the stream and not one byte else', async () => {
    const frames = [
      'event: message_start\ndata: {"type":"message_start","message":{"id":"gen-1","type":"message","role":"assistant","content":[],"model":"anthropic/claude-opus-5.5","stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":1,"output_tokens":1,"odd":1e400}}}\n\n',
      ': OPENROUTER PROCESSING\n\n',
      'event: ping\ndata: {"type": "ping"}\n\n',
      'event: content_block_start\ndata: {"type":"content_block_start","index":0,"content_block":{"type":"brand_new_block","model":"x"}}\n\n',
      'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":{"type":"brand_new_delta","value":"caf\\u00e9 \u00e9 \u{1f600}"}}\n\n',
      'event: content_block_stop\ndata: {"type":"content_block_stop","index":0}\n\n',
      'event: brand_new_event\ndata: {"type":"brand_new_event"}\n\n',
      'event: message_delta\ndata: {"type":"message_delta","delta":{"stop_reason":"brand_new_reason","stop_sequence":null},"usage":{"output_tokens":3}}\n\n',
      'event: message_stop\ndata: {"type":"message_stop"}\n\n',
    ];
    const whole = frames.join('');
    const expected = whole.replace('"anthropic/claude-opus-5.5"', '"claude-opus-5-5"');
    const deliveries = [{}, { writes: 'byte' }, { writes: 'all' }, { writes: 7 }];
    for (const delivery of deliveries) {
      await rig.upstream.script({
        kind: 'raw',
        headers: { 'content-type': 'text/event-stream' },
        body: [...frames, 'event: data\ndata: [DONE]\n\n'],
        delivery,
      });
      const answer = await send({
        body: oddBody('claude-opus-5-5').replace('"max_tokens"', '"stream":true,"max_tokens"'),
      });
      assert.equal(answer.text, expected, JSON.stringify(delivery));
    }
  });

  test('hands on the words of an upstream error', async () => {
    const sentence = "messages.1.role: Input should be 'user' or 'assistant' — \"quoted\" \\ é";
    await rig.upstream.script({
      kind: 'error',
      status: 400,
      error_type: 'invalid_request',
      message: sentence,
      headers: { 'x-should-retry': 'false' },
    });
    const answer = await send({ body: oddBody('openai/gpt-4o') });
    assert.equal(answer.status, 400);
    assert.equal(answer.json().error.message, sentence);
    assert.equal(answer.header('x-should-retry'), 'false');
    assert.match(answer.header('x-switchyard-fingerprint'), /^[0-9a-f]{12}$/);
  });

  test('uses one connection to the upstream for requests that follow each other', async () => {
    const body = oddBody('openai/gpt-4o');
    const before = (await rig.upstream.seen()).connections;
    for (let i = 0; i < 5; ++i) assert.equal((await send({ body })).status, 200);
    const streamed = body.replace('"max_tokens"', '"stream":true,"max_tokens"');
    for (let i = 0; i < 5; ++i) assert.equal((await send({ body: streamed })).status, 200);
    const { connections, requests } = await rig.upstream.seen();
    assert.equal(requests.length, 10);
    assert.ok(connections - before <= 1, `${connections - before} new connections`);
  });
});
