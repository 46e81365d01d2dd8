// SPDX-License-Identifier: GPL-3.0-or-later
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { assertError } from './harness/errors.mjs';
import { eventually } from './harness/process.mjs';
import { ask, RawConnection, requestBytes } from './harness/rawhttp.mjs';
import { rigFor } from './harness/rig.mjs';
import { user } from './harness/samples.mjs';
import { localToken } from './harness/switchyard.mjs';

// HTTP as odd clients speak it, and its limits: each at the bound and one past it.

const question = (changes) =>
  JSON.stringify({
    model: 'claude-opus-5-5',
    max_tokens: 100,
    messages: [user('Hello')],
    ...changes,
  });

describe('HTTP', () => {
  const rig = rigFor('native');
  const send = (options) =>
    ask(rig.proxy.port, {
      token: localToken,
      body: options?.method ? '' : question({}),
      ...options,
    });
  const nothingSent = async () => assert.equal((await rig.upstream.seen()).requests.length, 0);

  describe('refuses malformed HTTP', () => {
    const cases = {
      'a line that is no request': ['NONSENSE\r\n\r\n', 400],
      'a header without a colon': [
        'GET /health HTTP/1.1\r\nhost: 127.0.0.1\r\nnonsense\r\n\r\n',
        400,
      ],
      'a blank before the colon': ['GET /health HTTP/1.1\r\nhost : 127.0.0.1\r\n\r\n', 400],
      'no Host': ['GET /health HTTP/1.1\r\n\r\n', 400],
      'two Hosts': ['GET /health HTTP/1.1\r\nhost: 127.0.0.1\r\nhost: 127.0.0.1\r\n\r\n', 400],
      'a length that is no number': [
        'POST /v1/messages HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: 1x\r\n\r\n',
        400,
      ],
      'a negative length': [
        'POST /v1/messages HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: -1\r\n\r\n',
        400,
      ],
      'two lengths that differ': [
        'POST /v1/messages HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n',
        400,
      ],
      'a length and chunks': [
        'POST /v1/messages HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
        400,
      ],
      'a transfer encoding nobody knows': [
        'POST /v1/messages HTTP/1.1\r\nhost: 127.0.0.1\r\ntransfer-encoding: gzip, chunked\r\n\r\n',
        400,
      ],
      'a chunk size that is no number': [
        'POST /v1/messages HTTP/1.1\r\nhost: 127.0.0.1\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n',
        400,
      ],
      'a control character in a header': [
        'GET /health HTTP/1.1\r\nhost: 127.0.0.1\r\nx: a\x01b\r\n\r\n',
        400,
      ],
      'another HTTP': ['GET /health HTTP/3.0\r\nhost: 127.0.0.1\r\n\r\n', 505],
      'HTTP/2 without having asked': ['PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 505],
      TLS: ['\x16\x03\x01\x02\x00\x01\x00\r\n\r\n', 400],
    };
    for (const [name, [bytes, status]] of Object.entries(cases)) {
      test(`${name} with ${status}, and closes`, async () => {
        const connection = await RawConnection.open(rig.proxy.port);
        connection.send(Buffer.from(bytes, 'latin1'));
        const answer = await connection.response();
        assert.equal(answer.status, status);
        assert.equal(
          answer.json().error.type,
          status < 500 ? 'invalid_request_error' : 'api_error',
        );
        connection.socket.end();
        await connection.ended();
        await nothingSent();
      });
    }
  });

  describe('holds its limits', () => {
    const headOf = (length) => {
      const start = requestBytes(rig.proxy.port, { method: 'GET', target: '/health' })
        .toString('latin1')
        .slice(0, -2);
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
      const head = requestBytes(rig.proxy.port, {
        token: localToken,
        headers: { 'content-length': most + 1 },
      });
      connection.send(head);
      assertError(await connection.response(), 413, 'request_too_large', /32 MiB/);
      connection.close();
      await nothingSent();
    });
    test('a chunked body of one byte more is 413', async () => {
      const connection = await RawConnection.open(rig.proxy.port);
      connection.send(
        requestBytes(rig.proxy.port, {
          token: localToken,
          headers: { 'content-length': null, 'transfer-encoding': 'chunked' },
        }),
      );
      connection
        .send(`${most.toString(16)}\r\n`)
        .send(Buffer.alloc(most, 0x20))
        .send('\r\n1\r\n');
      assertError(await connection.response({ ms: 60_000 }), 413, 'request_too_large', /32 MiB/);
      connection.close();
    });
    test('a packed body that unfolds to 32 MiB passes', async () => {
      const answer = await send({
        body: gzipSync(bodyOf(most)),
        headers: { 'content-encoding': 'gzip' },
        ms: 60_000,
      });
      assert.equal(answer.status, 200, answer.text.slice(0, 300));
    });
    test('a packed body that unfolds to one byte more is 413', async () => {
      const answer = await send({
        body: gzipSync(bodyOf(most + 1)),
        headers: { 'content-encoding': 'gzip' },
        ms: 60_000,
      });
      assertError(answer, 413, 'request_too_large', /32 MiB/);
      await nothingSent();
    });
    test('a packing it does not know is 415', async () => {
      assertError(
        await send({ headers: { 'content-encoding': 'br' } }),
        415,
        'invalid_request_error',
        /br/,
      );
    });
    test('a body that is not what its packing says is 400', async () => {
      assertError(
        await send({ headers: { 'content-encoding': 'gzip' } }),
        400,
        'invalid_request_error',
        /gzip/,
      );
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

  test('gives the permission a client waits for before it sends its body', async () => {
    const connection = await RawConnection.open(rig.proxy.port);
    const whole = requestBytes(rig.proxy.port, {
      token: localToken,
      headers: { expect: '100-continue' },
      body: question({}),
    });
    const headEnd = whole.indexOf('\r\n\r\n') + 4;
    connection.send(whole.subarray(0, headEnd));
    await connection.until(
      () => (connection.buffer.includes('100 Continue\r\n\r\n') ? true : undefined),
      '100 Continue',
    );
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
    connection.send(
      requestBytes(rig.proxy.port, {
        method: 'GET',
        target: '/health',
        headers: { connection: 'close' },
      }),
    );
    const answer = await connection.response();
    assert.equal(answer.header('connection'), 'close');
    await connection.ended();
  });
});
