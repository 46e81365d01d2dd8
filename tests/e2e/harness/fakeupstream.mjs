// SPDX-License-Identifier: GPL-3.0-or-later
import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { Child } from './process.mjs';

const program = fileURLToPath(new URL('../../fakes/openrouter.mjs', import.meta.url));

export const upstreamKey = 'sk-or-v1-placeholder-of-the-upstream';

// The fake OpenRouter as a process, and its control port.
export class FakeUpstream {
  static async start({ forbidden = [], ownClients = false } = {}) {
    const args = [program, '--with-parent', '--key', upstreamKey];
    for (const secret of forbidden) args.push('--forbid', secret);
    if (ownClients) args.push('--own-clients');
    const child = new Child(process.execPath, args, {
      env: { PATH: process.env.PATH },
      stdin: 'pipe',
    });
    return new FakeUpstream(child, JSON.parse(await child.firstLine()));
  }

  constructor(child, { port, control }) {
    this.child = child;
    this.port = port;
    this.base = `http://127.0.0.1:${port}/api/v1`;
    this.control = `http://127.0.0.1:${control}`;
  }

  async #post(path, body) {
    const response = await fetch(this.control + path, {
      method: 'POST',
      body: JSON.stringify(body),
    });
    assert.equal(response.status, 200, await response.text());
  }

  // Each answer is for one request, in this order.
  script(...answers) {
    return this.#post('/__script', answers);
  }

  open(gate) {
    return this.#post('/__open', { gate });
  }

  configure(values) {
    return this.#post('/__config', values);
  }

  reset() {
    return this.#post('/__reset', {});
  }

  // What arrived, after the conditions hold: {requests, gate, pulses, state: {k: name}, frames: {k: n}}.
  async seen({ requests, gate, pulses, state = {}, frames = {}, timeout = 10_000 } = {}) {
    const query = new URLSearchParams({ timeout });
    if (requests !== undefined) query.append('requests', requests);
    if (gate !== undefined) query.append('gate', gate);
    if (pulses !== undefined) query.append('pulses', pulses);
    for (const [k, name] of Object.entries(state)) query.append('state', `${k}:${name}`);
    for (const [k, n] of Object.entries(frames)) query.append('frames', `${k}:${n}`);
    const response = await fetch(`${this.control}/__seen?${query}`);
    const seen = await response.json();
    for (const record of seen.requests) {
      record.body = Buffer.from(record.bodyBase64, 'base64');
      record.json = () => JSON.parse(record.body.toString('utf8'));
      record.header = (name) => record.headers.find(([n]) => n.toLowerCase() === name)?.[1];
      delete record.bodyBase64;
    }
    if (response.status !== 200) {
      const brief = seen.requests.map(
        ({ method, target, state: s, status, refusal, framesSent, gate: g }) => ({
          method,
          target,
          state: s,
          status,
          refusal,
          framesSent,
          gate: g,
        }),
      );
      assert.fail(`the upstream did not see ${query}: ${JSON.stringify(brief)}`);
    }
    return seen;
  }

  // Nothing was refused, nothing leaked, and every scripted answer was fetched.
  async assertContent() {
    const { requests, unused } = await this.seen();
    assert.deepEqual(
      requests.filter((r) => r.refusal).map((r) => r.refusal),
      [],
      'refused upstream',
    );
    assert.deepEqual(
      requests.flatMap((r) => r.leaks),
      [],
      'leaked upstream',
    );
    assert.equal(unused, 0, 'scripted answers nobody fetched');
  }

  async stop() {
    await this.child.stop();
    assert.equal(this.child.stderr, '', 'the fake upstream itself failed');
  }
}
