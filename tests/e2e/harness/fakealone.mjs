// SPDX-License-Identifier: GPL-3.0-or-later
import { after, before, beforeEach } from 'node:test';
import { FakeUpstream, upstreamKey } from './fakeupstream.mjs';
import { user, weatherTool } from './samples.mjs';

// For the tests of the fake upstream itself, without a proxy between.

export const model = 'anthropic/claude-opus-5.5';
export const older = 'anthropic/claude-haiku-4.5';

export const messages = (changes) => ({
  model,
  max_tokens: 100,
  messages: [user('Hello')],
  ...changes,
});
export const chat = (changes) => ({
  model,
  max_tokens: 100,
  messages: [{ role: 'user', content: 'Hello' }],
  ...changes,
});
export const chatTool = {
  type: 'function',
  function: { name: 'get_weather', parameters: weatherTool.input_schema },
};
export const answered = (id) => ({ role: 'tool', tool_call_id: id, content: 'sunny' });

// One server for all tests of a file.
export function fakeAlone() {
  const rig = { fake: undefined };
  before(async () => {
    rig.fake = await FakeUpstream.start({ ownClients: true });
  });
  after(() => rig.fake.stop());
  beforeEach(() => rig.fake.reset());
  rig.post = async (path, body, headers = {}) => {
    const response = await fetch(rig.fake.base + path, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${upstreamKey}`,
        'content-type': 'application/json',
        ...headers,
      },
      body: typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body),
    });
    return { status: response.status, headers: response.headers, text: await response.text() };
  };
  return rig;
}
