// SPDX-License-Identifier: GPL-3.0-or-later
import { createHash } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import { performance } from 'node:perf_hooks';
import { Issued } from './issued.mjs';

// Milliseconds since the epoch with fractions: the tests compare it with a clock of their own.
export const now = () => performance.timeOrigin + performance.now();

// Everything the server has seen and is told to do.
export class Store extends EventEmitter {
  constructor(config) {
    super();
    this.setMaxListeners(0);
    this.config = config;
    this.reset();
  }

  reset() {
    this.records = [];
    this.script = [];
    this.gates = new Set();
    this.issued = new Issued();
    this.connections = 0;
    this.changed();
  }

  changed() {
    this.emit('change');
  }

  newRecord(request, connection) {
    const record = {
      n: this.records.length,
      method: request.method,
      target: request.url,
      path: request.url.split('?')[0],
      httpVersion: request.httpVersion,
      headers: pairs(request.rawHeaders),
      connection,
      arrivedAt: now(),
      // answering, waiting at a gate, sent, refused, cut (by us), left (by the peer)
      state: 'receiving',
      gate: null,
      pulses: 0,
      framesSent: 0,
      status: null,
      refusal: null,
      leaks: [],
      body: Buffer.alloc(0),
    };
    this.records.push(record);
    this.changed();
    return record;
  }

  update(record, values) {
    Object.assign(record, values);
    this.changed();
  }

  openGate(name) {
    this.gates.add(name);
    this.changed();
  }

  // Resolves when the predicate holds; false when the time is over.
  async wait(predicate, timeoutMs) {
    const signal = AbortSignal.timeout(timeoutMs);
    while (!predicate()) {
      try {
        await once(this, 'change', { signal });
      } catch {
        return predicate();
      }
    }
    return true;
  }
}

function pairs(raw) {
  const found = [];
  for (let i = 0; i < raw.length; i += 2) found.push([raw[i], raw[i + 1]]);
  return found;
}

export function describeRecord({ body, ...record }) {
  return {
    ...record,
    length: body.length,
    sha256: createHash('sha256').update(body).digest('hex'),
    bodyBase64: body.toString('base64'),
  };
}
