// SPDX-License-Identifier: GPL-3.0-or-later
import { once } from 'node:events';
import { connect } from 'node:net';
import { performance } from 'node:perf_hooks';
import { DeadlineError, deadline } from './process.mjs';

export const now = () => performance.timeOrigin + performance.now();

// One TCP connection on which every byte is ours; answers are read by rules of our own.
export class RawConnection {
  static async open(port, { host = '127.0.0.1' } = {}) {
    const socket = connect({ port, host, noDelay: true, allowHalfOpen: true });
    await deadline(once(socket, 'connect'), 10_000, 'connecting');
    return new RawConnection(socket);
  }

  constructor(socket) {
    this.socket = socket;
    this.buffer = Buffer.alloc(0);
    this.finished = false; // the peer has ended or reset the connection
    this.reset = false;
    this.wake = () => {};
    socket.on('data', (bytes) => {
      this.buffer = Buffer.concat([this.buffer, bytes]);
      this.wake();
    });
    socket.on('end', () => this.#finish(false));
    socket.on('close', () => this.#finish(false));
    socket.on('error', () => this.#finish(true));
  }

  #finish(reset) {
    this.finished = true;
    this.reset ||= reset;
    this.wake();
  }

  send(bytes) {
    this.socket.write(bytes);
    return this;
  }

  // Resolves when everything that was sent has been handed to the kernel.
  async flushed() {
    if (this.socket.writableLength > 0) await once(this.socket, 'drain');
  }

  // Waits until look() returns something other than undefined.
  async until(look, what, ms = 10_000) {
    const end = performance.now() + ms;
    for (;;) {
      const found = look();
      if (found !== undefined) return found;
      if (this.finished)
        throw new Error(
          `${what}: the connection ended; last bytes: ${JSON.stringify(this.buffer.subarray(-200).toString())}`,
        );
      const left = end - performance.now();
      if (left <= 0)
        throw new DeadlineError(
          `${what}: not within ${ms} ms; have ${JSON.stringify(this.buffer.subarray(-200).toString())}`,
        );
      await new Promise((resolve) => {
        const timer = setTimeout(resolve, left);
        this.wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  #take(length) {
    const bytes = this.buffer.subarray(0, length);
    this.buffer = this.buffer.subarray(length);
    return bytes;
  }

  async #line(what, ms) {
    const end = await this.until(
      () => {
        const at = this.buffer.indexOf('\r\n');
        return at < 0 ? undefined : at;
      },
      what,
      ms,
    );
    const line = this.#take(end).toString('latin1');
    this.#take(2);
    return line;
  }

  // {status, headers: [[name, value]], header(name)}; interim answers are kept in `interim`.
  async head(ms) {
    const interim = [];
    for (;;) {
      const line = await this.#line('status line', ms);
      const match = /^HTTP\/1\.1 (\d{3})(?: .*)?$/.exec(line);
      if (!match) throw new Error(`not a status line: ${line}`);
      const headers = [];
      for (
        let field = await this.#line('header', ms);
        field !== '';
        field = await this.#line('header', ms)
      ) {
        const parts = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(.*?)[ \t]*$/.exec(field);
        if (!parts) throw new Error(`not a header: ${field}`);
        headers.push([parts[1].toLowerCase(), parts[2]]);
      }
      const status = Number(match[1]);
      if (status < 200) {
        interim.push(status);
        continue;
      }
      const header = (name) =>
        headers
          .filter(([n]) => n === name)
          .map(([, v]) => v)
          .join(', ') || undefined;
      return { status, headers, header, interim };
    }
  }

  // The next part of a body: {bytes} or {end: true}.
  async #part(state, ms) {
    if (state.chunked) {
      const size = parseInt(await this.#line('chunk size', ms), 16);
      if (Number.isNaN(size)) throw new Error('not a chunk size');
      const bytes = await this.#exactly(size, 'chunk', ms);
      if ((await this.#line('end of chunk', ms)) !== '')
        throw new Error('a chunk is longer than it says');
      return size === 0 ? { end: true } : { bytes };
    }
    if (state.left === 0) return { end: true };
    const bytes = await this.#exactly(state.left, 'body', ms);
    state.left = 0;
    return { bytes };
  }

  async #exactly(length, what, ms) {
    await this.until(() => (this.buffer.length >= length ? true : undefined), what, ms);
    return this.#take(length);
  }

  // A whole answer. `method` decides whether there is a body.
  async response({ ms = 15_000, method = 'POST' } = {}) {
    const head = await this.head(ms);
    const body = this.body(head, method, ms);
    const parts = [];
    for await (const bytes of body) parts.push(bytes);
    const bytes = Buffer.concat(parts);
    return {
      ...head,
      bytes,
      text: bytes.toString('utf8'),
      json: () => JSON.parse(bytes.toString('utf8')),
    };
  }

  // The parts of the body as they come.
  async *body(head, method = 'POST', ms = 15_000) {
    if (method === 'HEAD' || head.status === 204) return;
    const chunked = head.header('transfer-encoding')?.toLowerCase() === 'chunked';
    const length = head.header('content-length');
    if (chunked === (length !== undefined))
      throw new Error('a body is either chunked or has a length');
    const state = { chunked, left: Number(length ?? 0) };
    for (let part = await this.#part(state, ms); !part.end; part = await this.#part(state, ms))
      yield part.bytes;
  }

  // Resolves when the peer has ended the connection.
  async ended(ms = 10_000) {
    const end = performance.now() + ms;
    while (!this.finished) {
      const left = end - performance.now();
      if (left <= 0) throw new DeadlineError(`the connection was not ended within ${ms} ms`);
      await new Promise((resolve) => {
        const timer = setTimeout(resolve, left);
        this.wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  leave() {
    this.socket.resetAndDestroy();
  }

  close() {
    this.socket.destroy();
  }
}

// A request as bytes. `headers` replace the usual ones by name; null leaves one out.
export function requestBytes(
  port,
  { method = 'POST', target = '/v1/messages', headers = {}, token, body = '' } = {},
) {
  const bytes = Buffer.isBuffer(body) ? body : Buffer.from(body, 'utf8');
  const fields = { host: `127.0.0.1:${port}` };
  if (token) fields.authorization = `Bearer ${token}`;
  if (method === 'POST') {
    Object.assign(fields, {
      'content-type': 'application/json',
      'anthropic-version': '2023-06-01',
      'content-length': bytes.length,
    });
  }
  Object.assign(fields, headers);
  const lines = [`${method} ${target} HTTP/1.1`];
  for (const [name, value] of Object.entries(fields)) {
    if (value === null) continue;
    for (const one of [value].flat()) lines.push(`${name}: ${one}`);
  }
  return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), bytes]);
}

// One request on a connection of its own.
export async function ask(port, options = {}) {
  const connection = await RawConnection.open(port);
  try {
    connection.send(requestBytes(port, options));
    return await connection.response({ method: options.method ?? 'POST', ms: options.ms });
  } finally {
    connection.close();
  }
}
