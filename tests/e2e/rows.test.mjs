// SPDX-License-Identifier: GPL-3.0-or-later
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { eventually } from './harness/process.mjs';
import { ask, RawConnection, requestBytes } from './harness/rawhttp.mjs';
import { lanes, rigFor } from './harness/rig.mjs';
import { user } from './harness/samples.mjs';
import { localToken } from './harness/switchyard.mjs';

// What `switchyard logs --json` tells of requests that ended in every way there is.

const body = (changes) =>
  JSON.stringify({
    model: 'claude-opus-5-5',
    max_tokens: 100,
    stream: true,
    messages: [user('Hello')],
    ...changes,
  });

const keys = [
  'id',
  'time',
  'state',
  'session',
  'model',
  'upstream_model',
  'backend',
  'lane',
  'status',
  'attempts',
  'ttfb_ms',
  'duration_ms',
  'input_tokens',
  'cache_read_tokens',
  'cache_write_tokens',
  'output_tokens',
  'cost',
  'stop_reason',
  'fingerprint',
];

for (const lane of lanes) {
  describe(`rows of the ${lane} lane`, () => {
    const rig = rigFor(lane);
    let known = 0;

    // The rows since the last call, when `count` of them have ended.
    async function newRows(count) {
      let rows;
      await eventually(async () => {
        const { code, stdout, stderr } = await rig.proxy.command('logs', '--json');
        assert.equal(code, 0, stderr);
        rows = stdout
          .split('\n')
          .filter(Boolean)
          .map((line) => JSON.parse(line))
          .slice(known);
        const open = rows.filter((row) => ['waiting', 'streaming'].includes(row.state));
        return rows.length >= count && open.length === 0;
      });
      assert.equal(rows.length, count);
      known += count;
      for (const row of rows) for (const key of keys) assert.ok(Object.hasOwn(row, key), key);
      return rows;
    }
    const send = (options) =>
      ask(rig.proxy.port, { token: localToken, body: body({}), ...options });

    test('have every number of a good answer', async () => {
      await rig.upstream.script({
        content: 'Hello',
        usage: { input: 100, cacheRead: 40, cacheWrite: 7, output: 9, cost: 0.0125 },
      });
      await send({ headers: { 'x-claude-code-session-id': 'session-placeholder' } });
      const [row] = await newRows(1);
      const { id, time, ttfb_ms: ttfb, duration_ms: duration, ...rest } = row;
      assert.ok(Number.isInteger(id));
      assert.ok(Math.abs(Date.parse(time) - Date.now()) < 600_000, time);
      assert.ok(ttfb >= 0 && duration >= ttfb);
      const told = Object.fromEntries(keys.filter((k) => k in rest).map((k) => [k, rest[k]]));
      assert.deepEqual(told, {
        state: 'done',
        session: 'session-placeholder',
        model: 'claude-opus-5-5',
        upstream_model: 'anthropic/claude-opus-5.5',
        backend: 'OPENROUTER',
        lane,
        status: 200,
        attempts: 1,
        input_tokens: 100,
        cache_read_tokens: 40,
        cache_write_tokens: 7,
        output_tokens: 9,
        cost: 0.0125,
        stop_reason: 'end_turn',
        fingerprint: null,
      });
    });

    test('say null, never 0, of what is not known', async () => {
      await send({ body: 'no JSON' });
      const [row] = await newRows(1);
      assert.equal(row.state, 'blocked');
      assert.equal(row.status, 400);
      for (const key of ['input_tokens', 'cache_read_tokens', 'output_tokens', 'cost', 'model'])
        assert.equal(row[key], null, key);
    });

    test('name the failure by a fingerprint that stays the same', async () => {
      const failure = (n) => ({
        kind: 'error',
        status: 403,
        error_type: 'permission_denied',
        message: `Request ${n} of user 192.0.2.${n} is not allowed`,
      });
      await rig.upstream.script(failure(1), failure(2));
      const answers = [await send(), await send()];
      const rows = await newRows(2);
      assert.deepEqual(
        rows.map((row) => [row.state, row.status]),
        [
          ['error', 403],
          ['error', 403],
        ],
      );
      assert.match(rows[0].fingerprint, /^[0-9a-f]{12}$/);
      assert.equal(rows[1].fingerprint, rows[0].fingerprint);
      assert.equal(answers[0].header('x-switchyard-fingerprint'), rows[0].fingerprint);
    });

    test('tell a truncated answer from a whole one', async () => {
      await rig.upstream.script({
        content: 'one two three four',
        delivery: { after: 4, end: 'rst' },
      });
      await send();
      const [row] = await newRows(1);
      assert.equal(row.state, 'truncated');
      assert.equal(row.stop_reason, null);
      assert.match(row.fingerprint, /^[0-9a-f]{12}$/);
    });

    test('tell that the client left', async () => {
      await rig.upstream.script({ content: 'one two', delivery: { gates: { 3: 'never' } } });
      const connection = await RawConnection.open(rig.proxy.port);
      connection.send(requestBytes(rig.proxy.port, { token: localToken, body: body({}) }));
      await connection.until(
        () => (connection.buffer.includes('"one ') ? true : undefined),
        'a word',
      );
      connection.leave();
      const [row] = await newRows(1);
      assert.equal(row.state, 'cancelled');
    });

    test('count the attempts', async () => {
      const busy = {
        kind: 'error',
        status: 503,
        error_type: 'provider_overloaded',
        message: 'Busy',
      };
      await rig.upstream.script(busy, { content: 'Hello' });
      await send();
      const [row] = await newRows(1);
      assert.deepEqual([row.state, row.attempts], ['done', 2]);
    });

    test('tell who was turned away', async () => {
      await send({ token: 'wrong' });
      const [row] = await newRows(1);
      assert.deepEqual([row.state, row.status], ['blocked', 401]);
    });

    test('add up to what status says', async () => {
      const { stdout } = await rig.proxy.command('status', '--json');
      const status = JSON.parse(stdout);
      assert.equal(status.requests, known);
      assert.equal(status.port, rig.proxy.port);
      assert.equal(status.lane, lane);
      assert.equal(status.pid, rig.proxy.child.pid);
    });
  });
}
