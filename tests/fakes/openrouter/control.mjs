// SPDX-License-Identifier: GPL-3.0-or-later
import { createServer } from 'node:http';
import { describeRecord } from './store.mjs';

// The tests' side, on a port of its own.
//   POST /__script  [answer, …]      appended; each answers one POST (see scripted.mjs)
//   POST /__open    {"gate": name}
//   POST /__config  {key?, forbidden?, tolerant?, delivery?}
//   POST /__reset
//   GET  /__seen    ?requests=N  &state=K:STATE  &gate=NAME  &pulses=N (at the gate)  &frames=K:N  &timeout=MS
//                   waits until all of it holds (408 with what was seen when the time is over)
export function createControl(store) {
  return createServer(async (request, response) => {
    const url = new URL(request.url, 'http://control');
    const reply = (status, value) => {
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(JSON.stringify(value));
    };
    try {
      if (request.method === 'GET' && url.pathname === '/__seen') {
        const held = await store.wait(
          conditionOf(store, url.searchParams),
          Number(url.searchParams.get('timeout') ?? 10_000),
        );
        reply(held ? 200 : 408, seen(store));
        return;
      }
      const body = await readJson(request);
      switch (`${request.method} ${url.pathname}`) {
        case 'POST /__script':
          store.script.push(...body);
          break;
        case 'POST /__open':
          store.openGate(body.gate);
          break;
        case 'POST /__config':
          Object.assign(store.config, body);
          break;
        case 'POST /__reset':
          store.reset();
          break;
        default:
          reply(404, { error: `unknown control call ${request.method} ${url.pathname}` });
          return;
      }
      reply(200, { ok: true });
    } catch (error) {
      reply(400, { error: String(error) });
    }
  });
}

function seen(store) {
  return {
    requests: store.records.map(describeRecord),
    unused: store.script.length,
    connections: store.connections,
  };
}

function conditionOf(store, query) {
  const checks = [];
  const indexed = (text) => {
    const [k, value] = text.split(':');
    return [Number(k), value];
  };
  if (query.has('requests'))
    checks.push(() => store.records.length >= Number(query.get('requests')));
  for (const text of query.getAll('state')) {
    const [k, state] = indexed(text);
    checks.push(() => store.records[k]?.state === state);
  }
  for (const text of query.getAll('frames')) {
    const [k, count] = indexed(text);
    checks.push(() => store.records[k]?.framesSent >= Number(count));
  }
  const pulses = Number(query.get('pulses') ?? 0);
  for (const name of query.getAll('gate'))
    checks.push(() => store.records.some((r) => r.gate === name && r.pulses >= pulses));
  return () => checks.every((check) => check());
}

async function readJson(request) {
  const parts = [];
  for await (const part of request) parts.push(part);
  const text = Buffer.concat(parts).toString('utf8');
  return text === '' ? {} : JSON.parse(text);
}
