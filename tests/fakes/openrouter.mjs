#!/usr/bin/env node
// SPDX-License-Identifier: GPL-3.0-or-later
import { parseArgs } from 'node:util';
import { createControl } from './openrouter/control.mjs';
import { createUpstream } from './openrouter/server.mjs';
import { Store } from './openrouter/store.mjs';

// A strict stand-in for OpenRouter: `POST /api/v1/messages`, `POST /api/v1/chat/completions`,
// `GET /api/v1/models`, `GET /api/v1/key`. It refuses what the real one refuses and answers what it
// is told to (openrouter/control.mjs). Prints {"port", "control"} as one line when it is ready.
const { values } = parseArgs({
  options: {
    // The only credential it takes.
    key: { type: 'string', default: 'sk-or-v1-placeholder' },
    // Secrets of the client that must not arrive here.
    forbid: { type: 'string', multiple: true, default: [] },
    // Clients are connected themselves, without a proxy between.
    'own-clients': { type: 'boolean', default: false },
    // End when standard input does: nothing is left behind by tests that were killed.
    'with-parent': { type: 'boolean', default: false },
  },
});

const store = new Store({
  key: values.key,
  forbidden: values.forbid,
  ownClients: values['own-clients'],
  tolerant: false,
  delivery: {},
});
const listen = (server) =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => resolve(server.address().port));
  });
const [port, control] = [await listen(createUpstream(store)), await listen(createControl(store))];
if (values['with-parent']) process.stdin.on('end', () => process.exit(0)).resume();
process.stdout.write(`${JSON.stringify({ port, control })}\n`);
