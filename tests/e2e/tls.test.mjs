// SPDX-License-Identifier: GPL-3.0-or-later
import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { parseFrames, playFrames, readStream } from './harness/eventstream.mjs';
import { FakeUpstream } from './harness/fakeupstream.mjs';
import { ask, RawConnection, requestBytes } from './harness/rawhttp.mjs';
import { user } from './harness/samples.mjs';
import { localToken, Switchyard } from './harness/switchyard.mjs';
import { TlsFront } from './harness/tlsfront.mjs';

// The upstream behind a real TLS server, nginx, with a certificate of a private CA.

const body = (changes) =>
  JSON.stringify({
    model: 'claude-opus-5-5',
    max_tokens: 100,
    messages: [user('Hello')],
    ...changes,
  });

for (const http2 of [true, false]) {
  const expected = http2 ? 'HTTP/2.0' : 'HTTP/1.1';
  describe(`an upstream behind TLS that speaks ${expected}`, () => {
    let upstream;
    let front;
    let proxy;
    before(async () => {
      upstream = await FakeUpstream.start({ forbidden: [localToken] });
      front = await TlsFront.start(upstream, { http2 });
      proxy = await Switchyard.start({
        upstream: front,
        env: { SWITCHYARD_EXTRA_CA_FILE: front.caFile },
      });
    });
    after(async () => {
      await proxy?.stop();
      await front?.stop();
      await upstream?.stop();
    });
    beforeEach(() => upstream.reset());
    afterEach(() => upstream.assertContent());
    const send = (options) => ask(proxy.port, { token: localToken, body: body({}), ...options });

    test('is asked in that protocol', async () => {
      assert.equal((await send()).status, 200);
      assert.equal((await upstream.seen()).requests[0].header('x-front-protocol'), expected);
    });

    test('gets a large body whole', async () => {
      const text = 'x'.repeat(3 * 1024 * 1024);
      assert.equal((await send({ body: body({ messages: [user(text)] }) })).status, 200);
      assert.equal(
        (await upstream.seen()).requests[0].json().messages[0].content.length,
        text.length,
      );
    });

    test('streams, one event before the next', async () => {
      await upstream.script({ content: 'one two', delivery: { gates: { 3: 'go' } } });
      const connection = await RawConnection.open(proxy.port);
      connection.send(
        requestBytes(proxy.port, { token: localToken, body: body({ stream: true }) }),
      );
      await connection.until(
        () => (connection.buffer.includes('"one ') ? true : undefined),
        'the first word',
      );
      await upstream.open('go');
      assert.equal(readStream((await connection.response()).bytes).content[0].text, 'one two');
      connection.close();
    });

    test('streams to many at once', async () => {
      const texts = Array.from({ length: 30 }, (_, i) => `number ${i} ${'word '.repeat(50)}`);
      await upstream.script(...texts.map((content) => ({ content })));
      const answers = await Promise.all(texts.map(() => send({ body: body({ stream: true }) })));
      assert.deepEqual(
        answers.map((answer) => readStream(answer.bytes).content[0].text).sort(),
        [...texts].sort(),
      );
    });

    test('that dies in the middle is an error event', async () => {
      await upstream.script({ content: 'one two three four', delivery: { after: 5, end: 'rst' } });
      const { error } = playFrames(
        parseFrames((await send({ body: body({ stream: true }) })).bytes),
      );
      assert.equal(error.type, 'api_error');
      assert.match(error.message, /^OpenRouter broke the connection in the middle of its answer/);
    });

    test('is left when the client leaves', async () => {
      await upstream.script({ content: 'one two three', delivery: { gates: { 4: 'never' } } });
      const connection = await RawConnection.open(proxy.port);
      connection.send(
        requestBytes(proxy.port, { token: localToken, body: body({ stream: true }) }),
      );
      const first = () => (connection.buffer.includes('"one ') ? true : undefined);
      await connection.until(first, 'the first word');
      connection.leave();
      await upstream.seen({ state: { 0: 'left' } });
    });

    test('is not trusted without its CA, and nothing is sent', async () => {
      const careful = await Switchyard.start({ upstream: front });
      const answer = await ask(careful.port, { token: localToken, body: body({}) });
      assert.equal(answer.status, 502);
      assert.match(
        answer.json().error.message,
        /^OpenRouter cannot be trusted: the TLS connection failed/,
      );
      assert.equal(answer.header('x-should-retry'), 'false');
      assert.equal(answer.header('x-switchyard-attempts'), '1');
      assert.equal((await upstream.seen()).requests.length, 0);
      await careful.stop();
    });
  });
}
