// SPDX-License-Identifier: GPL-3.0-or-later
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { ask, RawConnection, requestBytes } from './harness/rawhttp.mjs';
import { lanes, rigFor } from './harness/rig.mjs';
import { user } from './harness/samples.mjs';
import { localToken, Switchyard } from './harness/switchyard.mjs';

// Who may ask what, in which form and size.

const question = (changes) => JSON.stringify({ model: 'claude-opus-5-5', max_tokens: 100, messages: [user('Hello')], ...changes });

function assertError(answer, status, type, sentence) {
  assert.equal(answer.status, status, answer.text);
  assert.equal(answer.header('content-type'), 'application/json');
  const body = answer.json();
  assert.equal(body.type, 'error');
  assert.equal(body.error.type, type);
  assert.match(body.error.message, sentence);
  assert.equal(body.request_id, answer.header('request-id'));
  assert.match(body.request_id, /^req_[A-Za-z0-9]{10,}$/);
}

// Asks again until it holds.
async function eventually(holds, ms = 10_000) {
  const end = performance.now() + ms;
  while (!await holds()) assert.ok(performance.now() < end, `not within ${ms} ms`);
}

describe('the local port', () => {
  const rig = rigFor('native');
  const send = (options) => ask(rig.proxy.port, { token: localToken, body: options?.method ? '' : question({}), ...options });
  const nothingSent = async () => assert.equal((await rig.upstream.seen()).requests.length, 0);

  describe('asks for the token', () => {
    const wrong = {
      'without one': {}, 'with a wrong one': { authorization: 'Bearer wrong' }, 'with a wrong key': { 'x-api-key': 'wrong' },
      'with the beginning of it': { authorization: `Bearer ${localToken.slice(0, -1)}` }, 'with more than it': { authorization: `Bearer ${localToken}x` },
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
    for (const [method, target] of [['GET', '/v1/models'], ['GET', '/status'], ['GET', '/metrics'], ['GET', '/'], ['GET', '/nothing/here'], ['POST', '/v1/messages/count_tokens']]) {
      test(`at ${method} ${target}`, async () => {
        assertError(await send({ method, target, token: undefined, body: method === 'POST' ? question({}) : '' }), 401, 'authentication_error', /token/);
      });
    }
    for (const [method, target] of [['HEAD', '/'], ['HEAD', '/api/hello'], ['GET', '/health']]) {
      test(`but not at ${method} ${target}`, async () => {
        assert.equal((await send({ method, target, token: undefined })).status, 200);
      });
    }
    test('and takes it as a key as well', async () => {
      assert.equal((await send({ token: undefined, headers: { 'x-api-key': localToken } })).status, 200);
    });
  });

  describe('refuses what comes from a web page', () => {
    for (const host of ['evil.example', 'evil.example:80', '127.0.0.1.evil.example', '192.0.2.1', 'localhost.evil.example']) {
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
      assertError(await send({ method: 'GET', target: '/health', headers: { host: 'evil.example' } }), 403, 'permission_error', /Host/);
    });
    for (const host of ['localhost', '127.0.0.1', '[::1]:80']) {
      test(`but takes the Host ${host}`, async () => {
        assert.equal((await send({ headers: { host } })).status, 200);
      });
    }
  });

  describe('knows its paths', () => {
    const unknown = [['GET', '/nothing/here'], ['POST', '/v1/message'], ['POST', '/v1/messages/'], ['GET', '/v1/complete'], ['DELETE', '/nothing']];
    for (const [method, target] of unknown) {
      test(`and ${method} ${target} is none of them`, async () => {
        assertError(await send({ method, target, body: method === 'POST' ? question({}) : '' }), 404, 'not_found_error', new RegExp(target));
      });
    }
    const wrongMethods = [
      ['GET', '/v1/messages', 'POST'], ['PUT', '/v1/messages', 'POST'], ['DELETE', '/v1/models', 'GET'], ['POST', '/health', 'GET'], ['PATCH', '/', 'HEAD, GET'],
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
    for (const line of metrics.text.trimEnd().split('\n')) assert.match(line, /^(# (HELP|TYPE) .*|[a-z_:]+(\{[^}]*\})? [0-9.e+-]+)$/);
  });

  describe('refuses malformed HTTP', () => {
    const cases = {
      'a line that is no request': ['NONSENSE\r\n\r\n', 400],
      'a header without a colon': ['GET /health HTTP/1.1\r\nhost: 127.0.0.1\r\nnonsense\r\n\r\n', 400],
      'a blank before the colon': ['GET /health HTTP/1.1\r\nhost : 127.0.0.1\r\n\r\n', 400],
      'no Host': ['GET /health HTTP/1.1\r\n\r\n', 400],
      'two Hosts': ['GET /health HTTP/1.1\r\nhost: 127.0.0.1\r\nhost: 127.0.0.1\r\n\r\n', 400],
      'a length that is no number': ['POST /v1/messages HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: 1x\r\n\r\n', 400],
      'a negative length': ['POST /v1/messages HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: -1\r\n\r\n', 400],
      'two lengths that differ': ['POST /v1/messages HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n', 400],
      'a length and chunks': ['POST /v1/messages HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n', 400],
      'a transfer encoding nobody knows': ['POST /v1/messages HTTP/1.1\r\nhost: 127.0.0.1\r\ntransfer-encoding: gzip, chunked\r\n\r\n', 400],
      'a chunk size that is no number': ['POST /v1/messages HTTP/1.1\r\nhost: 127.0.0.1\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n', 400],
      'a control character in a header': ['GET /health HTTP/1.1\r\nhost: 127.0.0.1\r\nx: a\x01b\r\n\r\n', 400],
      'another HTTP': ['GET /health HTTP/3.0\r\nhost: 127.0.0.1\r\n\r\n', 505],
      'HTTP/2 without having asked': ['PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 505],
      'TLS': ['\x16\x03\x01\x02\x00\x01\x00\r\n\r\n', 400],
    };
    for (const [name, [bytes, status]] of Object.entries(cases)) {
      test(`${name} with ${status}, and closes`, async () => {
        const connection = await RawConnection.open(rig.proxy.port);
        connection.send(Buffer.from(bytes, 'latin1'));
        const answer = await connection.response();
        assert.equal(answer.status, status);
        assert.equal(answer.json().error.type, status < 500 ? 'invalid_request_error' : 'api_error');
        connection.socket.end();
        await connection.ended();
        await nothingSent();
      });
    }
  });

  describe('holds its limits', () => {
    const headOf = (length) => {
      const start = requestBytes(rig.proxy.port, { method: 'GET', target: '/health' }).toString('latin1').slice(0, -2);
      return Buffer.from(`${start}x: ${'y'.repeat(length - start.length - 7)}\r\n\r\n`, 'latin1');
    };
    test('a head of 64 KiB passes', async () => {
      const connection = await RawConnection.open(rig.proxy.port);
      connection.send(headOf(64 * 1024));
      assert.equal((await connection.response()).status, 200);
      connection.close();
    });
    test('a head of one byte more is 431', async () => {
      const connection = await RawConnection.open(rig.proxy.port);
      connection.send(headOf(64 * 1024 + 1));
      assert.equal((await connection.response()).status, 431);
      connection.close();
    });

    const most = 32 * 1024 * 1024;
    const bodyOf = (length) => {
      const empty = question({ messages: [user('')] });
      return Buffer.from(question({ messages: [user('x'.repeat(length - empty.length))] }));
    };
    test('a body of 32 MiB passes', async () => {
      const answer = await send({ body: bodyOf(most), ms: 60_000 });
      assert.equal(answer.status, 200, answer.text.slice(0, 300));
      assert.ok((await rig.upstream.seen()).requests[0].length >= most);
    });
    test('a body of one byte more is 413 before it is sent', async () => {
      const connection = await RawConnection.open(rig.proxy.port);
      const head = requestBytes(rig.proxy.port, { token: localToken, headers: { 'content-length': most + 1 } });
      connection.send(head);
      assertError(await connection.response(), 413, 'request_too_large', /32 MiB/);
      connection.close();
      await nothingSent();
    });
    test('a chunked body of one byte more is 413', async () => {
      const connection = await RawConnection.open(rig.proxy.port);
      connection.send(requestBytes(rig.proxy.port, { token: localToken, headers: { 'content-length': null, 'transfer-encoding': 'chunked' } }));
      connection.send(`${(most).toString(16)}\r\n`).send(Buffer.alloc(most, 0x20)).send('\r\n1\r\n');
      assertError(await connection.response({ ms: 60_000 }), 413, 'request_too_large', /32 MiB/);
      connection.close();
    });
    test('a packed body that unfolds to 32 MiB passes', async () => {
      const answer = await send({ body: gzipSync(bodyOf(most)), headers: { 'content-encoding': 'gzip' }, ms: 60_000 });
      assert.equal(answer.status, 200, answer.text.slice(0, 300));
    });
    test('a packed body that unfolds to one byte more is 413', async () => {
      const answer = await send({ body: gzipSync(bodyOf(most + 1)), headers: { 'content-encoding': 'gzip' }, ms: 60_000 });
      assertError(answer, 413, 'request_too_large', /32 MiB/);
      await nothingSent();
    });
    test('a packing it does not know is 415', async () => {
      assertError(await send({ headers: { 'content-encoding': 'br' } }), 415, 'invalid_request_error', /br/);
    });
    test('a body that is not what its packing says is 400', async () => {
      assertError(await send({ headers: { 'content-encoding': 'gzip' } }), 400, 'invalid_request_error', /gzip/);
    });
  });

  test('holds 512 connections, and refuses one more with a sentence', async () => {
    const connections = [];
    const health = requestBytes(rig.proxy.port, { method: 'GET', target: '/health' });
    for (let i = 0; i < 512; ++i) {
      const connection = await RawConnection.open(rig.proxy.port);
      connections.push(connection);
      assert.equal((await connection.send(health).response()).status, 200, `connection ${i + 1}`);
    }
    const oneMore = await RawConnection.open(rig.proxy.port);
    assertError(await oneMore.response(), 503, 'overloaded_error', /512 connections/);
    connections.pop().close();
    await eventually(async () => {
      const connection = await RawConnection.open(rig.proxy.port);
      const { status } = await connection.send(health).response();
      connection.close();
      return status === 200;
    });
    connections.forEach((connection) => connection.close());
    await eventually(async () => (await send({ method: 'GET', target: '/health' })).status === 200);
  });

  test('counts tokens many times at once, as /context of Claude Code asks', async () => {
    const counted = await Promise.all(Array.from({ length: 30 }, (_, i) =>
      send({ target: '/v1/messages/count_tokens?beta=true', body: JSON.stringify({ model: 'claude-opus-5-5', messages: [user('word '.repeat(100 * (i + 1)))] }) })));
    const numbers = counted.map((answer) => answer.json().input_tokens);
    numbers.reduce((before, number) => {
      assert.ok(number > before, numbers.join());
      return number;
    }, 0);
  });

  test('gives the permission a client waits for before it sends its body', async () => {
    const connection = await RawConnection.open(rig.proxy.port);
    const whole = requestBytes(rig.proxy.port, { token: localToken, headers: { expect: '100-continue' }, body: question({}) });
    const headEnd = whole.indexOf('\r\n\r\n') + 4;
    connection.send(whole.subarray(0, headEnd));
    await connection.until(() => (connection.buffer.includes('100 Continue\r\n\r\n') ? true : undefined), '100 Continue');
    connection.send(whole.subarray(headEnd));
    const answer = await connection.response();
    assert.deepEqual([answer.interim, answer.status], [[100], 200]);
    connection.close();
  });

  test('reads a request that comes byte by byte', async () => {
    const connection = await RawConnection.open(rig.proxy.port);
    for (const byte of requestBytes(rig.proxy.port, { token: localToken, body: question({}) })) {
      connection.send(Buffer.of(byte));
      await new Promise((resolve) => setImmediate(resolve));
    }
    assert.equal((await connection.response()).status, 200);
    connection.close();
  });

  test('closes when the client asks for it', async () => {
    const connection = await RawConnection.open(rig.proxy.port);
    connection.send(requestBytes(rig.proxy.port, { method: 'GET', target: '/health', headers: { connection: 'close' } }));
    const answer = await connection.response();
    assert.equal(answer.header('connection'), 'close');
    await connection.ended();
  });
});

for (const lane of lanes) {
  describe(`a bad body in the ${lane} lane`, () => {
    const rig = rigFor(lane);
    const bad = {
      'nothing': ['', /JSON/],
      'no JSON': ['Hello', /JSON/],
      'JSON that breaks off': [question({}).slice(0, -1), /JSON/],
      'text behind the JSON': [`${question({})} x`, /JSON/],
      'a list': ['[]', /object/],
      'text that is not UTF-8': [Buffer.concat([Buffer.from('{"model":"'), Buffer.from([0xc3, 0x28]), Buffer.from('"}')]), /UTF-8|JSON|Unicode/],
      'no model': [question({ model: undefined }), /^model/],
      'an empty model': [question({ model: '' }), /^model/],
      'a number for the model': [question({ model: 5 }), /^model/],
      'no messages': [question({ messages: undefined }), /^messages/],
      'a text for the messages': [question({ messages: 'Hello' }), /^messages/],
      'an empty list of messages': [question({ messages: [] }), /^messages/],
      'a message that is no object': [question({ messages: ['Hello'] }), /^messages/],
      'a message without a role': [question({ messages: [{ content: 'Hello' }] }), /^messages.*role/],
      'no max_tokens': [question({ max_tokens: undefined }), /^max_tokens/],
      'a text for max_tokens': [question({ max_tokens: '100' }), /^max_tokens/],
      'a fraction for max_tokens': [question({ max_tokens: 1.5 }), /^max_tokens/],
      'a text for stream': [question({ stream: 'true' }), /^stream/],
      'a number for system': [question({ system: 5 }), /^system/],
      'an object for tools': [question({ tools: {} }), /^tools/],
      'the model twice': [`{"model":"a","model":"b","messages":[{"role":"user","content":"x"}],"max_tokens":1}`, /^model/],
    };
    for (const [name, [body, sentence]] of Object.entries(bad)) {
      test(`(${name}) is 400, names the field, and is not sent`, async () => {
        const answer = await ask(rig.proxy.port, { token: localToken, body });
        assertError(answer, 400, 'invalid_request_error', sentence);
        assert.equal((await rig.upstream.seen()).requests.length, 0);
      });
    }
  });
}

describe('without a token', () => {
  let proxy;
  before(async () => {
    proxy = await Switchyard.start({ backend: 'ECHO', key: null, token: null, args: ['--no-token'] });
  });
  after(() => proxy?.stop());

  test('anybody on this machine may ask', async () => {
    assert.equal((await ask(proxy.port, { body: question({}) })).status, 200);
  });
  test('but no web page', async () => {
    assertError(await ask(proxy.port, { body: question({}), headers: { origin: 'https://evil.example' } }), 403, 'permission_error', /web page/);
    assertError(await ask(proxy.port, { body: question({}), headers: { host: 'evil.example' } }), 403, 'permission_error', /Host/);
  });
});
