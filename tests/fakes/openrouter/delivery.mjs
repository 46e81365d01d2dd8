// SPDX-License-Identifier: GPL-3.0-or-later
import { createGzip, constants } from 'node:zlib';

// How the bytes of an answer travel.
//
// delivery: {
//   newline: "\n" | "\r\n" | "\r"       line ends of the frames
//   comments: true                      `: OPENROUTER PROCESSING` before the first frame and between
//   dataLines: 2                        the data of each frame on two lines
//   noSpace: true                       `data:{…}`
//   fields: true                        `id:` and `retry:` lines in each frame
//   bom: true                           a byte order mark before the first frame
//   writes: "frame" | "byte" | "all" | N  bytes of one write
//   gates: {head?: name, "K": name}     wait for the gate before the head, before frame K
//   pulse: MS                           a comment every MS while it waits before a frame
//   after: K                            what `end` says happens before frame K is sent
//   end: "clean" | "rst" | "fin" | "hang"
//        clean: the body ends well; rst: the connection is reset; fin: closed without the last
//        chunk; hang: nothing more is ever sent
//   encoding: "gzip"
//   contentType
// }

const utf8 = (text) => Buffer.from(text, 'utf8');

// Breaks JSON at the first comma outside a string: white space is allowed there.
function onTwoLines(json) {
  let inString = false;
  for (let i = 0; i < json.length; ++i) {
    if (inString && json[i] === '\\') ++i;
    else if (json[i] === '"') inString = !inString;
    else if (json[i] === ',' && !inString) return [json.slice(0, i + 1), json.slice(i + 1)];
  }
  return [json];
}

function renderFrame(frame, index, delivery) {
  const nl = delivery.newline ?? '\n';
  const space = delivery.noSpace ? '' : ' ';
  const lines = [];
  if (delivery.fields) lines.push(`id:${space}${index}`, `retry:${space}3000`);
  if (frame.event !== undefined) lines.push(`event:${space}${frame.event}`);
  for (const part of delivery.dataLines === 2 ? onTwoLines(frame.data) : [frame.data])
    lines.push(`data:${space}${part}`);
  const comment = delivery.comments && index % 2 === 0 ? `: OPENROUTER PROCESSING${nl}${nl}` : '';
  const mark = delivery.bom && index === 0 ? '\ufeff' : '';
  return utf8(mark + comment + lines.join(nl) + nl + nl);
}

export function renderFrames(frames, delivery) {
  return frames.map((frame, index) => renderFrame(frame, index, delivery));
}

function* slices(bytes, writes) {
  if (writes !== 'byte' && typeof writes !== 'number') {
    yield bytes;
    return;
  }
  const length = writes === 'byte' ? 1 : writes;
  for (let i = 0; i < bytes.length; i += length) yield bytes.subarray(i, i + length);
}

const nextTurn = () => new Promise((resolve) => setImmediate(resolve));

class Sender {
  constructor(response, encoding) {
    this.response = response;
    if (encoding !== 'gzip') return;
    this.gzip = createGzip();
    this.packed = [];
    this.gzip.on('data', (bytes) => this.packed.push(bytes));
  }

  async write(bytes) {
    if (!this.gzip) return this.#send(bytes);
    this.gzip.write(bytes);
    await new Promise((resolve) => this.gzip.flush(constants.Z_SYNC_FLUSH, resolve));
    return this.#send(Buffer.concat(this.packed.splice(0)));
  }

  async finish() {
    if (!this.gzip) return;
    await new Promise((resolve) => {
      this.gzip.once('end', resolve);
      this.gzip.end();
    });
    await this.#send(Buffer.concat(this.packed.splice(0)));
  }

  async #send(bytes) {
    const { response } = this;
    if (response.destroyed || bytes.length === 0) return;
    if (response.write(bytes)) return nextTurn();
    await new Promise((resolve) => {
      const done = () => {
        response.off('drain', done).off('close', done);
        resolve();
      };
      response.on('drain', done).on('close', done);
    });
  }
}

// `passGate(name)` resolves when the gate is open or the peer is gone.
export async function deliver(
  response,
  { status, headers, pieces },
  delivery,
  { passGate, sent, pulsed, cut },
) {
  const closed = () => response.destroyed;
  if (delivery.gates?.head) await passGate(delivery.gates.head);
  if (closed()) return;
  const head = { ...headers };
  if (delivery.contentType) head['content-type'] = delivery.contentType;
  if (delivery.encoding) head['content-encoding'] = delivery.encoding;
  response.writeHead(status, head);
  response.flushHeaders();
  const sender = new Sender(response, delivery.encoding);
  const joined = delivery.writes === 'all' ? [Buffer.concat(pieces)] : pieces;
  for (const [k, piece] of joined.entries()) {
    if (delivery.after === k) break;
    const gate = delivery.gates?.[String(k)];
    if (gate) await pulsing(response, sender, delivery.pulse, pulsed, passGate(gate));
    for (const slice of slices(piece, delivery.writes)) {
      if (closed()) return;
      await sender.write(slice);
    }
    sent(k + 1);
  }
  if (delivery.gates?.end) await passGate(delivery.gates.end);
  await finish(response, sender, delivery.end ?? 'clean', cut);
}

// Sends comments until the wait is over.
async function pulsing(response, sender, interval, pulsed, waiting) {
  if (interval === undefined) return waiting;
  const timer = setInterval(() => {
    if (response.destroyed) return;
    sender.write(utf8(': OPENROUTER PROCESSING\n\n')).then(pulsed);
  }, interval);
  return waiting.finally(() => clearInterval(timer));
}

async function finish(response, sender, how, cut) {
  if (response.destroyed) return;
  switch (how) {
    case 'rst':
      cut();
      response.socket.resetAndDestroy();
      return;
    case 'fin':
      cut();
      response.socket.end();
      return;
    case 'hang':
      await new Promise((resolve) => response.once('close', resolve));
      return;
    default:
      await sender.finish();
      response.end();
  }
}
