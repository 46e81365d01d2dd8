// SPDX-License-Identifier: GPL-3.0-or-later
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { assertError } from './harness/errors.mjs';
import { ask, RawConnection, requestBytes } from './harness/rawhttp.mjs';
import { rigFor } from './harness/rig.mjs';
import { user } from './harness/samples.mjs';
import { localToken, Switchyard } from './harness/switchyard.mjs';

// Who may ask, and what.

const question = (changes) =>
  JSON.stringify({
    model: 'claude-opus-5-5',
    max_tokens: 100,
    messages: [user('Hello')],
    ...changes,
  });

describe('the local port', () => {
  const rig = rigFor('native');
  const send = (options) =>
    ask(rig.proxy.port, {
      token: localToken,
      body: options?.method ? '' : question({}),
      ...options,
    });
  const nothingSent = async () => assert.equal((await rig.upstream.seen()).requests.length, 0);

  describe('asks for the token', () => {
    const wrong = {
      'without one': {},
      'with a wrong one': { authorization: 'Bearer wrong' },
      'with a wrong key': { 'x-api-key': 'wrong' },
      'with the beginning of it': { authorization: `Bearer ${localToken.slice(0, -1)}` },
      'with more than it': { authorization: `Bearer ${localToken}x` },
      'as Basic': { authorization: `Basic ${Buffer.from(`:${localToken}`).toString('base64')}` },
    };
    for (const [name, headers] of Object.entries(wrong)) {
      test(`and refuses a request ${name}, once and for all`, async () => {
        const answer = await send({ token: undefined, headers });
        assertError(answer, 401, 'authentication_error', /token/);
        assert.equal(answer.header('x-should-retry'), 'false');
        await nothingSent();
      });
    }
    for (const [method, target] of [
      ['GET', '/v1/models'],
      ['GET', '/status'],
      ['GET', '/metrics'],
      ['GET', '/'],
      ['GET', '/nothing/here'],
      ['POST', '/v1/messages/count_tokens'],
    ]) {
      test(`at ${method} ${target}`, async () => {
        assertError(
          await send({
            method,
            target,
            token: undefined,
            body: method === 'POST' ? question({}) : '',
          }),
          401,
          'authentication_error',
          /token/,
        );
      });
    }
    for (const [method, target] of [
      ['HEAD', '/'],
      ['HEAD', '/api/hello'],
      ['GET', '/health'],
    ]) {
      test(`but not at ${method} ${target}`, async () => {
        assert.equal((await send({ method, target, token: undefined })).status, 200);
      });
    }
    test('and takes it as a key as well', async () => {
      assert.equal(
        (await send({ token: undefined, headers: { 'x-api-key': localToken } })).status,
        200,
      );
    });
  });

  describe('refuses what comes from a web page', () => {
    for (const host of [
      'evil.example',
      'evil.example:80',
      '127.0.0.1.evil.example',
      '192.0.2.1',
      'localhost.evil.example',
    ]) {
      test(`by the Host ${host}`, async () => {
        assertError(await send({ headers: { host } }), 403, 'permission_error', /Host/);
        await nothingSent();
      });
    }
    for (const origin of ['https://evil.example', 'null', 'http://127.0.0.1:1', 'file://']) {
      test(`by the Origin ${origin}`, async () => {
        const answer = await send({ headers: { origin } });
        assertError(answer, 403, 'permission_error', /web page/);
        assert.equal(answer.header('access-control-allow-origin'), undefined);
        await nothingSent();
      });
    }
    test('even at the places that need no token', async () => {
      assertError(
        await send({ method: 'GET', target: '/health', headers: { host: 'evil.example' } }),
        403,
        'permission_error',
        /Host/,
      );
    });
    for (const host of ['localhost', '127.0.0.1', '[::1]:80']) {
      test(`but takes the Host ${host}`, async () => {
        assert.equal((await send({ headers: { host } })).status, 200);
      });
    }
  });

  describe('knows its paths', () => {
    const unknown = [
      ['GET', '/nothing/here'],
      ['POST', '/v1/message'],
      ['POST', '/v1/messages/'],
      ['GET', '/v1/complete'],
      ['DELETE', '/nothing'],
    ];
    for (const [method, target] of unknown) {
      test(`and ${method} ${target} is none of them`, async () => {
        assertError(
          await send({ method, target, body: method === 'POST' ? question({}) : '' }),
          404,
          'not_found_error',
          new RegExp(target),
        );
      });
    }
    const wrongMethods = [
      ['GET', '/v1/messages', 'POST'],
      ['PUT', '/v1/messages', 'POST'],
      ['DELETE', '/v1/models', 'GET'],
      ['POST', '/health', 'GET'],
      ['PATCH', '/', 'HEAD, GET'],
    ];
    for (const [method, target, allow] of wrongMethods) {
      test(`and ${method} ${target} is answered with what is allowed`, async () => {
        const answer = await send({ method, target, body: '' });
        assertError(answer, 405, 'invalid_request_error', new RegExp(method));
        assert.deepEqual(answer.header('allow').split(/, ?/).sort(), allow.split(', ').sort());
      });
    }
    test('without their query', async () => {
      assert.equal((await send({ target: '/v1/messages?beta=true&x=%20' })).status, 200);
    });
    test('and a HEAD has no body', async () => {
      const connection = await RawConnection.open(rig.proxy.port);
      connection.send(requestBytes(rig.proxy.port, { method: 'HEAD', target: '/api/hello' }));
      assert.equal((await connection.response({ method: 'HEAD' })).status, 200);
      connection.send(requestBytes(rig.proxy.port, { method: 'GET', target: '/health' }));
      assert.equal((await connection.response()).json().status, 'ok');
      connection.close();
    });
  });

  test('tells its health', async () => {
    const health = (await send({ method: 'GET', target: '/health', token: undefined })).json();
    assert.equal(health.backend, 'OPENROUTER');
    assert.match(health.version, /^\d+\.\d+\.\d+$/);
    assert.ok(health.instance.length > 0 && Number.isInteger(health.uptime_s));
  });

  test('tells its state and its numbers', async () => {
    await send();
    const status = (await send({ method: 'GET', target: '/status' })).json();
    assert.equal(status.port, rig.proxy.port);
    assert.ok(status.requests > 0);
    const metrics = await send({ method: 'GET', target: '/metrics' });
    assert.match(metrics.header('content-type'), /^text\/plain/);
    for (const line of metrics.text.trimEnd().split('\n'))
      assert.match(line, /^(# (HELP|TYPE) .*|[a-z_:]+(\{[^}]*\})? [0-9.e+-]+)$/);
  });

  test('counts tokens many times at once, as /context of Claude Code asks', async () => {
    const counted = await Promise.all(
      Array.from({ length: 30 }, (_, i) =>
        send({
          target: '/v1/messages/count_tokens?beta=true',
          body: JSON.stringify({
            model: 'claude-opus-5-5',
            messages: [user('word '.repeat(100 * (i + 1)))],
          }),
        }),
      ),
    );
    const numbers = counted.map((answer) => answer.json().input_tokens);
    numbers.reduce((before, number) => {
      assert.ok(number > before, numbers.join());
      return number;
    }, 0);
  });
});

describe('without a token', () => {
  let proxy;
  before(async () => {
    proxy = await Switchyard.start({
      backend: 'ECHO',
      key: null,
      token: null,
      args: ['--no-token'],
    });
  });
  after(() => proxy?.stop());

  test('anybody on this machine may ask', async () => {
    assert.equal((await ask(proxy.port, { body: question({}) })).status, 200);
  });
  test('but no web page', async () => {
    assertError(
      await ask(proxy.port, { body: question({}), headers: { origin: 'https://evil.example' } }),
      403,
      'permission_error',
      /web page/,
    );
    assertError(
      await ask(proxy.port, { body: question({}), headers: { host: 'evil.example' } }),
      403,
      'permission_error',
      /Host/,
    );
  });
});
