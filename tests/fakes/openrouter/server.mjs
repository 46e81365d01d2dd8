// SPDX-License-Identifier: GPL-3.0-or-later
import { createServer } from 'node:http';
import { chatLane, messagesLane } from './lanes.mjs';
import { keyInfo, modelList } from './listings.mjs';
import { chatErrorBody, messagesErrorBody, Refusal } from './refusal.mjs';
import { defaultScript, giveAnswer } from './scripted.mjs';
import { parseStrict } from './strictjson.mjs';
import { now } from './store.mjs';
import { checkContentType, checkKey, findLeaks, headerOf } from './transportrules.mjs';

const lanes = {
  '/api/v1/messages': messagesLane,
  '/api/v1/chat/completions': chatLane,
};

// The side the proxy sees.
export function createUpstream(store) {
  const connections = new WeakMap();
  const handle = (request, response) => {
    const record = store.newRecord(request, connections.get(request.socket));
    response.on('close', () => {
      if (response.writableFinished || ['refused', 'cut'].includes(record.state)) return;
      store.update(record, { state: 'left', leftAt: now() });
    });
    response.on('finish', () => {
      if (!['refused', 'cut'].includes(record.state)) store.update(record, { state: 'sent' });
    });
    answer(store, server, record, request, response).catch((error) => {
      if (response.destroyed || request.destroyed) return; // the peer left, which is on record
      // A fault of this server, not of the request: nobody may take it for an answer.
      process.stderr.write(`fake upstream failed: ${error.stack}\n`);
      response.destroy();
    });
  };
  const server = createServer(
    { noDelay: true, keepAliveTimeout: 60_000, requestTimeout: 0 },
    handle,
  );
  // Without an own handler Node would say 100 Continue and hide the header's cost.
  server.on('checkContinue', handle);
  server.on('connection', (socket) => connections.set(socket, ++store.connections));
  server.on('clientError', (error, socket) => {
    store.changed();
    if (socket.writable)
      socket.end('HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\r\n');
  });
  return server;
}

async function answer(store, server, record, request, response) {
  const lane = lanes[record.path];
  try {
    if (store.script[0]?.kind === 'early') {
      await giveAnswer({
        script: store.script.shift(),
        lane,
        request: {},
        response,
        store,
        record,
      });
      return;
    }
    record.body = await readBody(request);
    const { port } = server.address();
    record.leaks = findLeaks(record, store.config, [`127.0.0.1:${port}`, `localhost:${port}`]);
    if (record.leaks.length > 0) throw new Refusal(400, 'invalid_request', record.leaks.join('; '));
    if (!lane) {
      answerListing(store, record, request, response);
      return;
    }
    const body = checkedBody(store, record, lane);
    store.update(record, { state: 'answering' });
    await giveAnswer({
      script: store.script.shift() ?? defaultScript,
      lane,
      request: body,
      response,
      store,
      record,
    });
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    refuse(store, record, response, error, lane?.skin ?? false);
  }
}

async function readBody(request) {
  const parts = [];
  for await (const part of request) parts.push(part);
  return Buffer.concat(parts);
}

function checkedBody(store, record, lane) {
  if (record.method !== 'POST')
    throw new Refusal(405, 'invalid_request', 'Method not allowed', { allow: 'POST' });
  checkKey(record, store.config.key, lane.skin);
  checkContentType(record);
  if (headerOf(record, 'content-length') === undefined)
    throw new Refusal(
      411,
      'invalid_request',
      'The length of the body is known, so it must be told',
    );
  const body = parseStrict(record.body);
  lane.check(body, store.issued, { tolerant: store.config.tolerant });
  return body;
}

function answerListing(store, record, request, response) {
  const reply = (value) => {
    record.status = 200;
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(value));
  };
  switch (`${record.method} ${record.path}`) {
    case 'GET /api/v1/models':
      reply(modelList());
      return;
    case 'GET /api/v1/key':
      checkKey(record, store.config.key, false);
      reply(keyInfo());
      return;
    default:
      throw new Refusal(404, 'not_found', `Not found: ${record.method} ${record.path}`);
  }
}

function refuse(store, record, response, refusal, messagesSkin) {
  store.update(record, {
    state: 'refused',
    status: refusal.status,
    refusal: { status: refusal.status, type: refusal.errorType, message: refusal.message },
  });
  if (response.destroyed) return;
  const body = messagesSkin
    ? messagesErrorBody(refusal.errorType, refusal.message)
    : chatErrorBody(refusal.status, refusal.errorType, refusal.message);
  response.writeHead(refusal.status, { 'content-type': 'application/json', ...refusal.headers });
  response.end(JSON.stringify(body));
}
