// SPDX-License-Identifier: GPL-3.0-or-later
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { assertError } from './harness/errors.mjs';
import { ask } from './harness/rawhttp.mjs';
import { lanes, rigFor } from './harness/rig.mjs';
import { user } from './harness/samples.mjs';
import { localToken } from './harness/switchyard.mjs';

// Bodies that are no request for a message.

const question = (changes) =>
  JSON.stringify({
    model: 'claude-opus-5-5',
    max_tokens: 100,
    messages: [user('Hello')],
    ...changes,
  });

for (const lane of lanes) {
  describe(`a bad body in the ${lane} lane`, () => {
    const rig = rigFor(lane);
    const bad = {
      nothing: ['', /JSON/],
      'no JSON': ['Hello', /JSON/],
      'JSON that breaks off': [question({}).slice(0, -1), /JSON/],
      'text behind the JSON': [`${question({})} x`, /JSON/],
      'a list': ['[]', /object/],
      'text that is not UTF-8': [
        Buffer.concat([Buffer.from('{"model":"'), Buffer.from([0xc3, 0x28]), Buffer.from('"}')]),
        /not valid JSON/,
      ],
      'no model': [question({ model: undefined }), /^model/],
      'an empty model': [question({ model: '' }), /^model/],
      'a number for the model': [question({ model: 5 }), /^model/],
      'no messages': [question({ messages: undefined }), /^messages/],
      'a text for the messages': [question({ messages: 'Hello' }), /^messages/],
      'an empty list of messages': [question({ messages: [] }), /^messages/],
      'a message that is no object': [question({ messages: ['Hello'] }), /^messages/],
      'a message without a role': [
        question({ messages: [{ content: 'Hello' }] }),
        /^messages.*role/,
      ],
      'no max_tokens': [question({ max_tokens: undefined }), /^max_tokens/],
      'a text for max_tokens': [question({ max_tokens: '100' }), /^max_tokens/],
      'a fraction for max_tokens': [question({ max_tokens: 1.5 }), /^max_tokens/],
      'a text for stream': [question({ stream: 'true' }), /^stream/],
      'a number for system': [question({ system: 5 }), /^system/],
      'an object for tools': [question({ tools: {} }), /^tools/],
      'the model twice': [
        `{"model":"a","model":"b","messages":[{"role":"user","content":"x"}],"max_tokens":1}`,
        /^model/,
      ],
    };
    for (const [name, [body, sentence]] of Object.entries(bad)) {
      test(`(${name}) is 400, names the field, and is not sent`, async () => {
        const answer = await ask(rig.proxy.port, { token: localToken, body });
        assertError(answer, 400, 'invalid_request_error', sentence);
        assert.equal((await rig.upstream.seen()).requests.length, 0);
      });
    }
  });
}
