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
      assert.ok(!text.includes(spelling), `${where} holds ${secret === key ? 'the key' : 'the token'}`);
    }
  }
}

async function filesBelow(folder) {
  const found = [];
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) found.push(...await filesBelow(path));
    else if (entry.isFile()) found.push(path);
  }
  return found;
}

const body = (changes) => JSON.stringify({ model: 'claude-opus-5-5', max_tokens: 100, messages: [user('Hello')], ...changes });

for (const lane of lanes) {
  describe(`secrets in the ${lane} lane`, () => {
    for (const format of ['text', 'json']) {
      test(`are nowhere after good and bad days (log as ${format})`, async () => {
        const upstream = await FakeUpstream.start({ forbidden: [token] });
        await upstream.configure({ key });
        const proxy = await Switchyard.start({ upstream, lane, key, token, args: ['--log-level', 'debug', '--log-format', format] });
        const answers = [];
        const send = async (options) => {
          const answer = await ask(proxy.port, { token, body: body({}), ...options });
          answers.push(JSON.stringify(answer.headers), answer.text);
          return answer;
        };

        const echoed = `You sent Authorization: Bearer ${key}`;
        await upstream.script(
          { content: 'good' }, { content: 'good' },
          { kind: 'error', status: 400, error_type: 'invalid_request', message: 'bad' },
          { kind: 'error', status: 401, error_type: 'authentication', message: 'User not found.' },
          { kind: 'reset' },
          { kind: 'raw', headers: { 'content-type': 'text/html' }, body: '<html>no</html>' },
          { content: 'one two', delivery: { after: 3, end: 'rst' } },
          // An upstream that repeats the credential in its complaint.
          { kind: 'error', status: 403, error_type: 'permission_denied', message: echoed });
        assert.equal((await send({})).status, 200);
        assert.equal((await send({ body: body({ stream: true }) })).status, 200);
        assert.equal((await send({})).status, 400);
        assert.equal((await send({})).status, 401);
        assert.equal((await send({})).status, 502);
        assert.equal((await send({})).status, 502);
        assert.equal((await send({ body: body({ stream: true }) })).status, 200);
        const repeated = await send({});
        assert.equal(repeated.status, 403);
        assert.match(repeated.json().error.message, /^You sent Authorization/);
        assert.equal((await send({ token: `${token}x` })).status, 401);
        assert.equal((await send({ body: 'no JSON' })).status, 400);
        for (const target of ['/health', '/status', '/metrics', '/v1/models', '/nothing']) await send({ method: 'GET', target, body: '' });
        const malformed = await RawConnection.open(proxy.port);
        malformed.send(requestBytes(proxy.port, { token, headers: { 'content-length': 'x' }, body: '' }));
        answers.push((await malformed.response()).text);
        malformed.close();

        for (const args of [['status'], ['status', '--json'], ['logs'], ['logs', '--json'], ['models'], ['secret', 'list']]) {
          const { stdout, stderr } = await proxy.command(...args);
          answers.push(stdout, stderr);
        }

        await proxy.stop({ keepFiles: true });
        answers.forEach((text) => assertClean(text, 'an answer'));
        assertClean(proxy.child.stdout, 'standard output');
        assertClean(proxy.child.stderr, 'the log on standard error');
        const files = await filesBelow(proxy.folder.path);
        assert.ok(files.length > 0, 'the run left files to look into');
        for (const file of files) assertClean(await readFile(file), file);
        await proxy.folder.remove();
        await upstream.stop();
      });
    }
  });
}
