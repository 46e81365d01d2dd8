// SPDX-License-Identifier: GPL-3.0-or-later
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseFrames, playFrames, readStream } from './harness/eventstream.mjs';
import { FakeUpstream } from './harness/fakeupstream.mjs';
import { ask, RawConnection, requestBytes } from './harness/rawhttp.mjs';
import { lanes } from './harness/rig.mjs';
import { user } from './harness/samples.mjs';
import { localToken, Switchyard } from './harness/switchyard.mjs';

// What happens while nothing happens. The waits are the product's own, so the tests run side by
// side, each with an upstream and a Switchyard of its own.

const body = (stream) =>
  JSON.stringify({ model: 'claude-opus-5-5', max_tokens: 100, stream, messages: [user('Hello')] });

async function withBoth({ lane, limits }, use) {
  const upstream = await FakeUpstream.start({ forbidden: [localToken] });
  const proxy = await Switchyard.start({
    upstream,
    lane,
    settings: limits && { backends: { OPENROUTER: limits } },
  });
  await use({ upstream, proxy });
  await proxy.stop();
  await upstream.assertContent();
  await upstream.stop();
}

async function asked(proxy) {
  const connection = await RawConnection.open(proxy.port);
  connection.send(requestBytes(proxy.port, { token: localToken, body: body(true) }));
  return connection;
}

const ping = 'event: ping\ndata: {"type": "ping"}\n\n';

describe('patience', { concurrency: true }, () => {
  for (const lane of lanes) {
    describe(`silence in the ${lane} lane`, { concurrency: true }, () => {
      for (const stream of [true, false]) {
        test(`before the upstream's head ends a ${stream ? 'stream' : 'plain'} request with a time-out`, () =>
          withBoth({ lane, limits: { first_byte_timeout_s: 1 } }, async ({ upstream, proxy }) => {
            await upstream.script({ kind: 'never' });
            const answer = await ask(proxy.port, { token: localToken, body: body(stream) });
            assert.equal(answer.status, 504, answer.text);
            assert.equal(answer.json().error.type, 'timeout_error');
            assert.match(
              answer.json().error.message,
              /^OpenRouter did not begin to answer in time/,
            );
            const { requests } = await upstream.seen({ state: { 0: 'left' } });
            assert.equal(requests.length, 1, 'what may have been processed is not sent twice');
          }));
      }

      test('in the middle of a stream ends it with a time-out', () =>
        withBoth({ lane, limits: { silence_timeout_s: 1 } }, async ({ upstream, proxy }) => {
          await upstream.script({
            content: 'one two three four',
            delivery: { after: 5, end: 'hang' },
          });
          const answer = await ask(proxy.port, { token: localToken, body: body(true) });
          const { error } = playFrames(parseFrames(answer.bytes));
          assert.equal(error.type, 'timeout_error');
          assert.match(error.message, /^OpenRouter stopped sending in the middle of its answer/);
          await upstream.seen({ state: { 0: 'left' } });
        }));

      test('in the middle of a plain answer ends it with a time-out', () =>
        withBoth({ lane, limits: { silence_timeout_s: 1 } }, async ({ upstream, proxy }) => {
          await upstream.script({
            kind: 'raw',
            body: ['{"id":"gen-1",', 'never sent'],
            delivery: { after: 1, end: 'hang' },
          });
          const answer = await ask(proxy.port, { token: localToken, body: body(false) });
          assert.equal(answer.status, 504, answer.text);
          await upstream.seen({ state: { 0: 'left' } });
        }));

      test('that is not total does not end a stream', () =>
        withBoth({ lane, limits: { silence_timeout_s: 2 } }, async ({ upstream, proxy }) => {
          // A comment now and then is life enough; the whole takes longer than the limit.
          const gates = { 2: 'a', 3: 'b', 4: 'c', 5: 'd' };
          await upstream.script({ content: 'one two three', delivery: { gates, pulse: 300 } });
          const connection = await asked(proxy);
          for (const gate of Object.values(gates)) {
            await upstream.seen({ gate, pulses: 2 });
            await upstream.open(gate);
          }
          const answer = await connection.response();
          assert.equal(readStream(answer.bytes).content[0].text, 'one two three');
          connection.close();
        }));

      test('of ten seconds in a stream is filled with a ping', () =>
        withBoth({ lane }, async ({ upstream, proxy }) => {
          await upstream.script({ content: 'one two three', delivery: { gates: { 4: 'go' } } });
          const connection = await asked(proxy);
          const started = performance.now();
          await connection.until(
            () => (connection.buffer.includes(ping) ? true : undefined),
            'a ping',
            15_000,
          );
          assert.ok(performance.now() - started > 9000, 'pings fill silence, not the stream');
          await upstream.open('go');
          const { message, pings } = playFrames(parseFrames((await connection.response()).bytes));
          assert.equal(pings, 1);
          assert.equal(message.content[0].text, 'one two three');
          connection.close();
        }));

      test('of thirty seconds before the head is filled with a ping, and a failure becomes an error event', () =>
        withBoth({ lane, limits: { retries: 0 } }, async ({ upstream, proxy }) => {
          await upstream.script({
            kind: 'error',
            status: 429,
            error_type: 'rate_limit_exceeded',
            message: 'Slow down',
            delivery: { gates: { head: 'go' } },
          });
          const connection = await asked(proxy);
          const started = performance.now();
          await connection.until(
            () => (connection.buffer.includes(ping) ? true : undefined),
            'a ping',
            40_000,
          );
          assert.ok(
            performance.now() - started > 29_000,
            'the status was kept open as long as it helps',
          );
          await upstream.open('go');
          const answer = await connection.response();
          assert.equal(answer.status, 200);
          const { error } = playFrames(parseFrames(answer.bytes));
          assert.equal(error.type, 'rate_limit_error');
          assert.match(error.message, /Slow down/);
          connection.close();
        }));
    });
  }

  test('with a stream that does not end after the signal lasts ten seconds', async () => {
    const upstream = await FakeUpstream.start();
    await upstream.script({ content: 'one two three', delivery: { gates: { 4: 'never' } } });
    const proxy = await Switchyard.start({ upstream });
    const connection = await asked(proxy);
    const first = () => (connection.buffer.includes('"one ') ? true : undefined);
    await connection.until(first, 'the first word');
    const started = performance.now();
    await proxy.stop();
    assert.ok(performance.now() - started > 9000);
    const { error } = playFrames(parseFrames((await connection.response()).bytes));
    assert.match(error.message, /shutting down/);
    await upstream.stop();
  });

  describe('a client that is silent', { concurrency: true }, () => {
    const beginnings = {
      'says nothing': '',
      'stops in the middle of its head': 'POST /v1/messages HTTP/1.1\r\nhost: 127.0.',
    };
    for (const [name, bytes] of Object.entries(beginnings)) {
      test(`and ${name} is let go after ten seconds`, () =>
        withBoth({ lane: 'native' }, async ({ proxy }) => {
          const connection = await RawConnection.open(proxy.port);
          connection.send(bytes);
          const started = performance.now();
          await connection.ended(16_000);
          assert.ok(performance.now() - started > 9000);
          connection.close();
        }));
    }

    test('but sends its head byte by byte is let go all the same', () =>
      withBoth({ lane: 'native' }, async ({ proxy }) => {
        const connection = await RawConnection.open(proxy.port);
        const drip = setInterval(() => connection.socket.writable && connection.send('x'), 500);
        connection.send('GET /health HTTP/1.1\r\nhost: 127.0.0.1\r\nx: ');
        await connection.ended(16_000).finally(() => clearInterval(drip));
        connection.close();
      }));
  });
});
