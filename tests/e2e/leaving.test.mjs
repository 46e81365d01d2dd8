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

    async function assertAlive() {
      const answer = await ask(rig.proxy.port, {
        token: localToken,
        body: body({ stream: false }),
      });
      assert.equal(answer.json().content[0].text, 'Hello from the fake upstream.');
    }

    // Everybody else on a busy machine can hold up one try, not three.
    async function assertNoticed(begin, leave) {
      const delays = [];
      while (delays.length < 3) {
        await rig.upstream.reset();
        const connection = await begin();
        const leftAt = now();
        leave(connection);
        const { requests } = await rig.upstream.seen({ state: { 0: 'left' } });
        await assertAlive();
        delays.push(Math.round(requests[0].leftAt - leftAt));
        if (delays.at(-1) < promptly) return;
      }
      assert.fail(`the upstream noticed after ${delays.join(', ')} ms`);
    }

    const stages = {
      'before the upstream answers its stream request': async () => {
        await rig.upstream.script({ kind: 'never' });
        const connection = await connected();
        await rig.upstream.seen({ state: { 0: 'answering' } });
        return connection;
      },
      'before the upstream answers its plain request': async () => {
        await rig.upstream.script({ kind: 'never' });
        const connection = await connected({ body: body({ stream: false }) });
        await rig.upstream.seen({ state: { 0: 'answering' } });
        return connection;
      },
      "between the upstream's head and its first event": async () => {
        await rig.upstream.script({ content: 'one two', delivery: { gates: { 0: 'never' } } });
        const connection = await connected();
        await rig.upstream.seen({ gate: 'never' });
        return connection;
      },
      'in the middle of a plain answer': async () => {
        const delivery = { gates: { 1: 'never' } };
        await rig.upstream.script({ kind: 'raw', body: ['{"id":"gen-1",', '}'], delivery });
        const connection = await connected({ body: body({ stream: false }) });
        await rig.upstream.seen({ gate: 'never' });
        return connection;
      },
      'in the middle of a stream': async () => {
        await rig.upstream.script({ content: 'one two', delivery: { gates: { 3: 'never' } } });
        const connection = await connected();
        const first = () => (connection.buffer.includes('"one ') ? true : undefined);
        await connection.until(first, 'the first word');
        return connection;
      },
      'while it reads nothing of a large answer': async () => {
        await rig.upstream.script({ content: `${'x'.repeat(16 * 1024 - 1)} `.repeat(4096) });
        const connection = await RawConnection.open(rig.proxy.port);
        connection.socket.pause();
        connection.send(requestBytes(rig.proxy.port, { token: localToken, body: body({}) }));
        await rig.upstream.seen({ frames: { 0: 300 } });
        return connection;
      },
    };
    for (const [stage, begin] of Object.entries(stages)) {
      test(`${stage}, with a reset, ends the call`, () =>
        assertNoticed(begin, (connection) => connection.leave()));
      test(`${stage}, with a close, ends the call`, () =>
        assertNoticed(begin, (connection) => connection.close()));
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
      for (let i = 0; i < 20; i += 2) connections[i].leave();
      for (let i = 0; i < 20; i += 2) await rig.upstream.seen({ state: { [i]: 'left' } });
      await rig.upstream.open('go');
      for (let i = 1; i < 20; i += 2) {
        assert.match((await connections[i].response()).text, new RegExp(`"${i}"`));
        connections[i].close();
      }
    });
  });
}
