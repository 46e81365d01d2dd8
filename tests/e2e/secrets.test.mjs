// SPDX-License-Identifier: GPL-3.0-or-later
import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { FakeUpstream } from './harness/fakeupstream.mjs';
import { ask, RawConnection, requestBytes } from './harness/rawhttp.mjs';
import { lanes } from './harness/rig.mjs';
import { user } from './harness/samples.mjs';
import { Switchyard } from './harness/switchyard.mjs';

// Two marked secrets, the upstream's key and the local token, are looked for wherever anything of
// a run can be found: files, logs, answers, what other commands print.

const key = 'sk-or-v1-placeholder-marker-c0ffee';
const token = 'local-token-marker-decade';
const secrets = [key, token];

function* spellings(secret) {
  yield secret;
  yield Buffer.from(secret).toString('base64').replace(/=+$/, '');
  yield Buffer.from(secret).toString('hex');
  yield encodeURIComponent(secret);
  yield Buffer.from(secret, 'utf16le').toString('latin1');
}

function assertClean(bytes, where) {
  const text = Buffer.isBuffer(bytes) ? bytes.toString('latin1') : bytes;
  for (const secret of secrets) {
    for (const spelling of spellings(secret)) {
      assert.ok(
        !text.includes(spelling),
        `${where} holds ${secret === key ? 'the key' : 'the token'}`,
      );
    }
  }
}

async function filesBelow(folder) {
  const found = [];
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) found.push(...(await filesBelow(path)));
    else if (entry.isFile()) found.push(path);
  }
  return found;
}

const body = (changes) =>
  JSON.stringify({
    model: 'claude-opus-5-5',
    max_tokens: 100,
    messages: [user('Hello')],
    ...changes,
  });

for (const lane of lanes) {
  describe(`secrets in the ${lane} lane`, () => {
    for (const format of ['text', 'json']) {
      // Runs `use` and looks into everything it left.
      async function lookedThrough(use) {
        const upstream = await FakeUpstream.start({ forbidden: [token] });
        await upstream.configure({ key });
        const proxy = await Switchyard.start({
          upstream,
          lane,
          key,
          token,
          args: ['--log-level', 'debug', '--log-format', format],
        });
        const send = async (options) => {
          const answer = await ask(proxy.port, { token, body: body({}), ...options });
          assertClean(JSON.stringify(answer.headers), 'the head of an answer');
          assertClean(answer.text, 'the body of an answer');
          return answer;
        };
        await use({ upstream, proxy, send });
        for (const args of [
          ['status'],
          ['status', '--json'],
          ['logs'],
          ['logs', '--json'],
          ['models'],
          ['secret', 'list'],
        ]) {
          const { stdout, stderr } = await proxy.command(...args);
          assertClean(stdout + stderr, args.join(' '));
        }
        await proxy.stop({ keepFiles: true });
        assertClean(proxy.child.stdout, 'standard output');
        assertClean(proxy.child.stderr, 'the log on standard error');
        const files = await filesBelow(proxy.folder.path);
        assert.ok(files.length > 0, 'the run left files to look into');
        for (const file of files) assertClean(await readFile(file), file);
        await proxy.folder.remove();
        await upstream.stop();
      }

      test(`are nowhere after good and bad days (log as ${format})`, () =>
        lookedThrough(async ({ upstream, proxy, send }) => {
          await upstream.script(
            { content: 'good' },
            { content: 'good' },
            { kind: 'error', status: 400, error_type: 'invalid_request', message: 'bad' },
            {
              kind: 'error',
              status: 401,
              error_type: 'authentication',
              message: 'User not found.',
            },
            { kind: 'reset' },
            { kind: 'raw', headers: { 'content-type': 'text/html' }, body: '<html>no</html>' },
            { content: 'one two three four five', delivery: { after: 3, end: 'rst' } },
          );
          assert.equal((await send({})).status, 200);
          assert.equal((await send({ body: body({ stream: true }) })).status, 200);
          assert.equal((await send({})).status, 400);
          assert.equal((await send({})).status, 401);
          assert.equal((await send({})).status, 502);
          assert.equal((await send({})).status, 502);
          assert.equal((await send({ body: body({ stream: true }) })).status, 200);
          // The wrong token begins as the right one does, so it may not be repeated either.
          assert.equal((await send({ token: `${token}x` })).status, 401);
          assert.equal(
            (await send({ token: undefined, target: `/v1/messages?key=${token}` })).status,
            401,
          );
          assert.equal((await send({ body: 'no JSON' })).status, 400);
          for (const target of ['/health', '/status', '/metrics', '/v1/models'])
            await send({ method: 'GET', target, body: '' });
          const malformed = await RawConnection.open(proxy.port);
          malformed.send(
            requestBytes(proxy.port, { token, headers: { 'content-length': 'x' }, body: '' }),
          );
          assertClean((await malformed.response()).text, 'the answer to a malformed request');
          malformed.close();
        }));

      test(`are nowhere when the upstream repeats them (log as ${format})`, () =>
        lookedThrough(async ({ upstream, send }) => {
          const message = `You sent Authorization: Bearer ${key} which is not allowed`;
          await upstream.script(
            { kind: 'error', status: 403, error_type: 'permission_denied', message },
            {
              kind: 'raw',
              headers: { 'content-type': 'text/html' },
              body: `<html><title>${message}</title></html>`,
            },
            { kind: 'raw', headers: { 'content-type': 'text/plain' }, body: message },
            {
              content: 'one two three',
              error: { after: 3, code: 403, error_type: 'permission_denied', message },
            },
          );
          assert.match(
            (await send({})).json().error.message,
            /^You sent Authorization: .* which is not allowed$/,
          );
          assert.equal((await send({})).status, 502);
          assert.equal((await send({})).status, 502);
          assert.match(
            (await send({ body: body({ stream: true }) })).text,
            /event: error\n.*You sent Authorization/,
          );
        }));
    }
  });
}
