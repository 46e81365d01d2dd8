// SPDX-License-Identifier: GPL-3.0-or-later
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { now, RawConnection, requestBytes, ask } from './harness/rawhttp.mjs';
import { lanes, rigFor } from './harness/rig.mjs';
import { user } from './harness/samples.mjs';
import { localToken } from './harness/switchyard.mjs';

// The client leaves, at every stage: the upstream call ends at once and nothing is sent after it.

const body = (changes) =>
  JSON.stringify({
    model: 'claude-opus-5-5',
    max_tokens: 100,
    stream: true,
    messages: [user('Hello')],
    ...changes,
  });
const promptly = 100; // milliseconds

for (const lane of lanes) {
  describe(`a client of the ${lane} lane that leaves`, () => {
    const rig = rigFor(lane);

    async function connected(options = {}) {
      const connection = await RawConnection.open(rig.proxy.port);
      connection.send(
        requestBytes(rig.proxy.port, { token: localToken, body: body({}), ...options }),
      );
      return connection;
    }

    async function assertCancelled(k, leftAt) {
      const { requests } = await rig.upstream.seen({ state: { [k]: 'left' } });
      const delay = requests[k].leftAt - leftAt;
      assert.ok(delay < promptly, `the upstream noticed after ${delay.toFixed(1)} ms`);
      return requests;
    }

    async function assertAlive() {
      const answer = await ask(rig.proxy.port, {
        token: localToken,
        body: body({ stream: false }),
      });
      assert.equal(answer.json().content[0].text, 'Hello from the fake upstream.');
    }

    const ways = {
      'with a reset': (connection) => connection.leave(),
      'with a close': (connection) => connection.close(),
    };
    for (const [way, leave] of Object.entries(ways)) {
      for (const stream of [true, false]) {
        test(`${way} before the upstream answers its ${stream ? 'stream' : 'plain'} request ends the call`, async () => {
          await rig.upstream.script({ kind: 'never' });
          const connection = await connected({ body: body({ stream }) });
          await rig.upstream.seen({ state: { 0: 'answering' } });
          const leftAt = now();
          leave(connection);
          await assertCancelled(0, leftAt);
          await assertAlive();
        });
      }

      test(`${way} between the upstream's head and its first event ends the call`, async () => {
        await rig.upstream.script({ content: 'one two', delivery: { gates: { 0: 'never' } } });
        const connection = await connected();
        await rig.upstream.seen({ gate: 'never' });
        const leftAt = now();
        leave(connection);
        await assertCancelled(0, leftAt);
        await assertAlive();
      });

      test(`${way} in the middle of a stream ends the call`, async () => {
        await rig.upstream.script({
          content: 'one two three',
          delivery: { gates: { 4: 'never' } },
        });
        const connection = await connected();
        await connection.until(
          () => (connection.buffer.includes('"one ') ? true : undefined),
          'the first word',
        );
        const leftAt = now();
        leave(connection);
        await assertCancelled(0, leftAt);
        await assertAlive();
      });
    }

    test('while it waits for the second try is not asked for again', async () => {
      await rig.upstream.script({
        kind: 'error',
        status: 429,
        error_type: 'rate_limit_exceeded',
        message: 'Slow down',
        headers: { 'retry-after': '1' },
      });
      const connection = await connected();
      await rig.upstream.seen({ state: { 0: 'sent' } });
      connection.leave();
      await assertAlive();
      // The time of the second try passes.
      await assert.rejects(rig.upstream.seen({ requests: 3, timeout: 1500 }), /did not see/);
    });

    test('in the middle of its own request causes no call', async () => {
      const connection = await RawConnection.open(rig.proxy.port);
      const bytes = requestBytes(rig.proxy.port, { token: localToken, body: body({}) });
      connection.send(bytes.subarray(0, bytes.length - 5));
      await connection.flushed();
      connection.leave();
      await assertAlive();
      assert.equal((await rig.upstream.seen()).requests.length, 1);
    });

    test('while it reads nothing of a large answer ends the call', async () => {
      await rig.upstream.script({ content: `${'x'.repeat(16 * 1024 - 1)} `.repeat(4096) });
      const connection = await RawConnection.open(rig.proxy.port);
      connection.socket.pause();
      connection.send(requestBytes(rig.proxy.port, { token: localToken, body: body({}) }));
      await rig.upstream.seen({ frames: { 0: 300 } });
      const leftAt = now();
      connection.leave();
      await assertCancelled(0, leftAt);
      await assertAlive();
    });

    test('among many does not disturb the others', async () => {
      await rig.upstream.script(
        ...Array.from({ length: 20 }, (_, i) => ({
          content: `number ${i}`,
          delivery: { gates: { 3: 'go' } },
        })),
      );
      const connections = [];
      for (let i = 0; i < 20; ++i) {
        connections.push(await connected());
        await rig.upstream.seen({ requests: i + 1, frames: { [i]: 3 } });
      }
      const leftAt = now();
      for (let i = 0; i < 20; i += 2) connections[i].leave();
      for (let i = 0; i < 20; i += 2) await assertCancelled(i, leftAt);
      await rig.upstream.open('go');
      for (let i = 1; i < 20; i += 2) {
        assert.match((await connections[i].response()).text, new RegExp(`"${i}"`));
        connections[i].close();
      }
    });
  });
}
