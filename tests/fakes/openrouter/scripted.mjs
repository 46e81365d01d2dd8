// SPDX-License-Identifier: GPL-3.0-or-later
import { makeAnswer } from './answer.mjs';
import { deliver, renderFrames } from './delivery.mjs';

// Gives one scripted answer to one checked request.
//
// script:
//   {kind:"message", content, …see answer.mjs, quirks?: chat only, trailing?: messages only,
//    model?: what the answer calls the model, form?: "json" | "sse" whatever was asked,
//    error?: {after: K, code, error_type, message}: an error frame instead of frame K and the rest}
//   {kind:"error", status, error_type, message, headers?, metadata?, body?: instead of the usual shape}
//   {kind:"raw", status, headers, body: text or list of texts}
//   {kind:"early", …as "error"}  before the body is read; then the connection is closed
//   {kind:"empty"}   200, an event stream without a byte
//   {kind:"never"}   no answer at all
//   {kind:"reset"}   the connection is reset before a byte of the answer
//   {kind:"socket", bytes}  these bytes instead of HTTP, then the connection is closed
// each with `delivery` (delivery.mjs); `closeAfter`: the connection is closed behind a good answer.
export const defaultScript = { kind: 'message', content: 'Hello from the fake upstream.' };

const eventStream = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-cache',
};
const jsonType = { 'content-type': 'application/json' };

export async function giveAnswer({ script, lane, request, response, store, record }) {
  const delivery = { ...store.config.delivery, ...script.delivery };
  const passGate = async (name) => {
    store.update(record, { gate: name, state: 'waiting', pulses: 0 });
    await Promise.race([
      store.wait(() => store.gates.has(name), 600_000),
      new Promise((resolve) => response.once('close', resolve)),
    ]);
    if (!response.destroyed) store.update(record, { gate: null, state: 'answering' });
  };
  const sent = (count) => store.update(record, { framesSent: count });
  const pulsed = () => store.update(record, { pulses: record.pulses + 1 });
  const cut = () => store.update(record, { state: 'cut' });
  const send = (answer) => {
    const { socket } = response;
    if (script.closeAfter) response.once('finish', () => socket.end());
    record.status = answer.status;
    return deliver(response, answer, delivery, { passGate, sent, pulsed, cut });
  };

  switch (script.kind ?? 'message') {
    case 'message':
      return send(messageAnswer(script, lane, request, store, delivery));
    case 'error':
      return send(errorAnswer(script, lane));
    case 'early': {
      const answer = errorAnswer(script, lane);
      answer.headers.connection = 'close';
      return send(answer);
    }
    case 'raw':
      return send({
        status: script.status ?? 200,
        headers: script.headers ?? jsonType,
        pieces: [script.body].flat().map((text) => Buffer.from(text, 'utf8')),
      });
    case 'empty':
      return send({ status: 200, headers: eventStream, pieces: [] });
    case 'never':
      return new Promise((resolve) => response.once('close', resolve));
    case 'reset':
      cut();
      response.socket.resetAndDestroy();
      return undefined;
    case 'socket':
      cut();
      response.socket.end(Buffer.from(script.bytes, 'latin1'));
      return undefined;
    default:
      throw new Error(`unknown kind of script: ${script.kind}`);
  }
}

function messageAnswer(script, lane, request, store, delivery) {
  const answer = makeAnswer(script, store.issued);
  const model = script.model ?? request.model;
  const headers = { 'x-generation-id': answer.id, ...script.headers };
  const form = script.form ?? (request.stream === true ? 'sse' : 'json');
  if (form === 'json') {
    const body = Buffer.from(JSON.stringify(lane.body(answer, model, script)), 'utf8');
    return { status: 200, headers: { ...jsonType, ...headers }, pieces: [body] };
  }
  const frames = lane.frames(answer, model, script);
  if (script.error) {
    frames.length = script.error.after;
    frames.push(lane.errorFrame(answer, model, script.error, script));
  }
  return {
    status: 200,
    headers: { ...eventStream, ...headers },
    pieces: renderFrames(frames, delivery),
  };
}

function errorAnswer({ status, error_type: errorType, message, headers, metadata, body }, lane) {
  const shaped = body ?? JSON.stringify(lane.errorBody(status, errorType, message, null, metadata));
  return { status, headers: { ...jsonType, ...headers }, pieces: [Buffer.from(shaped, 'utf8')] };
}
