// SPDX-License-Identifier: GPL-3.0-or-later
import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { parseFrames, playFrames, readStream } from './harness/eventstream.mjs';
import { FakeUpstream } from './harness/fakeupstream.mjs';
import { freePort, temporaryFolder } from './harness/process.mjs';
import { ask, RawConnection, requestBytes } from './harness/rawhttp.mjs';
import { rigFor } from './harness/rig.mjs';
import { user } from './harness/samples.mjs';
import { localToken, Switchyard } from './harness/switchyard.mjs';

// Starting, switching, ending, and upstreams that are not there.

const body = (changes) =>
  JSON.stringify({
    model: 'claude-opus-5-5',
    max_tokens: 100,
    messages: [user('Hello')],
    ...changes,
  });

async function withProxy(options, use) {
  const proxy = await Switchyard.start(options);
  try {
    return await use(proxy);
  } finally {
    await proxy.stop();
  }
}

describe('switching the backend', () => {
  const rig = rigFor('native');

  test('while a stream runs lets it end where it began, and the next request goes to the new one', async () => {
    await rig.upstream.script({ content: 'one two three', delivery: { gates: { 4: 'go' } } });
    const connection = await RawConnection.open(rig.proxy.port);
    connection.send(
      requestBytes(rig.proxy.port, { token: localToken, body: body({ stream: true }) }),
    );
    await connection.until(
      () => (connection.buffer.includes('"one ') ? true : undefined),
      'the first word',
    );

    const switched = await rig.proxy.command('use', 'ECHO');
    assert.equal(switched.code, 0, switched.stderr);
    const next = await ask(rig.proxy.port, { token: localToken, body: body({}) });
    assert.equal(next.header('x-switchyard-backend'), 'ECHO');

    await rig.upstream.open('go');
    const answer = await connection.response();
    assert.equal(answer.header('x-switchyard-backend'), 'OPENROUTER');
    assert.equal(readStream(answer.bytes).content[0].text, 'one two three');
    connection.close();

    assert.equal((await rig.proxy.command('use', 'OPENROUTER')).code, 0);
    assert.equal(
      (await ask(rig.proxy.port, { token: localToken, body: body({}) })).header(
        'x-switchyard-backend',
      ),
      'OPENROUTER',
    );
  });

  test('to one that does not exist is refused with the list of those that do', async () => {
    const { code, stderr } = await rig.proxy.command('use', 'NOWHERE');
    assert.equal(code, 2);
    assert.match(stderr, /OPENROUTER/);
    assert.match(stderr, /ECHO/);
  });
});

describe('the end', () => {
  test('lets a stream finish', async () => {
    const upstream = await FakeUpstream.start();
    await upstream.script({ content: 'one two three', delivery: { gates: { 4: 'go' } } });
    const proxy = await Switchyard.start({ upstream });
    const connection = await RawConnection.open(proxy.port);
    connection.send(requestBytes(proxy.port, { token: localToken, body: body({ stream: true }) }));
    await connection.until(
      () => (connection.buffer.includes('"one ') ? true : undefined),
      'the first word',
    );
    const stopped = proxy.stop();
    await assertNobodyListens(proxy.port);
    await upstream.open('go');
    assert.equal(readStream((await connection.response()).bytes).content[0].text, 'one two three');
    await stopped;
    await upstream.stop();
  });

  test('comes at once when it is asked for twice, and tells the stream', async () => {
    const upstream = await FakeUpstream.start();
    await upstream.script({ content: 'one two three', delivery: { gates: { 4: 'never' } } });
    const proxy = await Switchyard.start({ upstream });
    const connection = await RawConnection.open(proxy.port);
    connection.send(requestBytes(proxy.port, { token: localToken, body: body({ stream: true }) }));
    const first = () => (connection.buffer.includes('"one ') ? true : undefined);
    await connection.until(first, 'the first word');
    const started = performance.now();
    proxy.child.process.kill('SIGTERM');
    await assertNobodyListens(proxy.port);
    await proxy.stop();
    assert.ok(performance.now() - started < 5000);
    const { error } = playFrames(parseFrames((await connection.response()).bytes));
    assert.match(error.message, /shutting down/);
    await upstream.stop();
  });

  test('can be asked for from another terminal', async () => {
    const proxy = await Switchyard.start({ backend: 'ECHO', key: null });
    assert.equal((await proxy.command('quit')).code, 0);
    assert.deepEqual(await proxy.child.ended, { code: 0, signal: null });
    assert.equal((await proxy.command('status')).code, 3);
    await proxy.folder.remove();
  });

  test('comes at once when nothing runs', async () => {
    const proxy = await Switchyard.start({ backend: 'ECHO', key: null });
    await ask(proxy.port, { token: localToken, body: body({}) });
    const started = performance.now();
    await proxy.stop();
    assert.ok(performance.now() - started < 3000);
  });

  // Until the listener is gone, connections are refused or closed unanswered.
  async function assertNobodyListens(port) {
    const end = performance.now() + 10_000;
    for (;;) {
      try {
        const connection = await RawConnection.open(port);
        connection.close();
      } catch {
        return;
      }
      assert.ok(performance.now() < end, 'it still listens');
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
});

describe('an upstream that is not there', () => {
  for (const lane of ['native', 'chat']) {
    test(`is a plain error in the ${lane} lane`, async () => {
      const upstream = { base: `http://127.0.0.1:${await freePort()}/api/v1` };
      await withProxy({ upstream, lane }, async (proxy) => {
        for (const stream of [false, true]) {
          const answer = await ask(proxy.port, { token: localToken, body: body({ stream }) });
          assert.equal(answer.status, 502, answer.text);
          assert.equal(answer.json().error.type, 'api_error');
          assert.match(answer.json().error.message, /OpenRouter cannot be reached/);
          assert.equal(answer.header('x-switchyard-attempts'), '2');
          assert.notEqual(answer.header('x-should-retry'), 'false');
        }
      });
    });
  }

  for (const host of ['127.0.0.1', 'localhost', '127.0.0.2']) {
    test(`because it is Switchyard itself at ${host} is refused at the start`, async () => {
      const port = await freePort();
      const options = {
        upstream: { base: `http://${host}:${port}/v1` },
        args: ['--port', `${port}`],
      };
      await assert.rejects(
        withProxy(options, () => {}),
        (error) => {
          assert.match(error.message, /ended \(2\)/);
          assert.match(error.message, /OPENROUTER_API_BASE.*itself/);
          return true;
        },
      );
    });
  }

  test('over plain http on another host is refused at the start', async () => {
    await assert.rejects(
      withProxy({ upstream: { base: 'http://192.0.2.1/api/v1' } }, () => {}),
      /https/,
    );
  });
});

describe('the start', () => {
  const refused = {
    'an unknown backend': [{ backend: 'NOWHERE' }, /PROXY_BACKEND.*(ECHO|OPENROUTER)/s],
    'an unknown lane': [
      { upstream: { base: 'https://openrouter.example/api/v1' }, lane: 'radio' },
      /OPENROUTER_WIRE.*native.*chat/s,
    ],
    'no token beyond loopback': [
      { token: null, args: ['--no-token', '--listen', '0.0.0.0'] },
      /no-token/,
    ],
    'a port that is none': [{ args: ['--port', '70000'] }, /port/i],
  };
  for (const [name, [options, sentence]] of Object.entries(refused)) {
    test(`with ${name} is refused in one sentence`, async () => {
      await assert.rejects(
        withProxy(options, () => {}),
        (error) => {
          assert.match(error.message, /ended \(2\)/);
          assert.match(error.message, sentence);
          return true;
        },
      );
    });
  }

  test('on a port that is taken says so and ends', async () => {
    await withProxy({ backend: 'ECHO', key: null }, async (proxy) => {
      await assert.rejects(
        withProxy({ backend: 'ECHO', key: null, args: ['--port', `${proxy.port}`] }, () => {}),
        (error) => {
          assert.match(error.message, /ended \(1\)/);
          assert.match(error.message, new RegExp(`${proxy.port}`));
          return true;
        },
      );
    });
  });

  test('without a key answers requests with what is missing', async () => {
    const upstream = await FakeUpstream.start();
    await withProxy({ upstream, key: null }, async (proxy) => {
      const answer = await ask(proxy.port, { token: localToken, body: body({}) });
      assert.equal(answer.status, 503, answer.text);
      assert.match(answer.json().error.message, /OpenRouter has no key yet/);
      assert.equal(answer.header('x-should-retry'), 'false');
    });
    await upstream.stop();
  });

  test('with nothing configured answers offline', async () => {
    await withProxy({ backend: '', key: null }, async (proxy) => {
      const answer = await ask(proxy.port, { token: localToken, body: body({}) });
      assert.equal(answer.header('x-switchyard-backend'), 'ECHO');
    });
  });

  test('takes what it needs from an .env file', async () => {
    const upstream = await FakeUpstream.start();
    const folder = await temporaryFolder('env');
    await mkdir(join(folder.path, 'of a project'));
    const file = join(folder.path, 'of a project', '.env');
    await writeFile(
      file,
      `# mine\nexport OPENROUTER_API_KEY="sk-or-v1-placeholder-of-the-upstream"\nOPENROUTER_API_BASE=${upstream.base}\nPROXY_BACKEND=OPENROUTER\nOPENROUTER_WIRE=chat\n`,
    );
    await withProxy({ backend: '', key: null, args: ['--env-file', file] }, async (proxy) => {
      const answer = await ask(proxy.port, { token: localToken, body: body({}) });
      assert.equal(answer.status, 200, answer.text);
      assert.equal((await upstream.seen()).requests[0].path, '/api/v1/chat/completions');
    });
    await upstream.stop();
    await folder.remove();
  });
});
