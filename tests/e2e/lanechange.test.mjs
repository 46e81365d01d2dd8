// SPDX-License-Identifier: GPL-3.0-or-later
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { readStream } from './harness/eventstream.mjs';
import { FakeUpstream } from './harness/fakeupstream.mjs';
import { ask } from './harness/rawhttp.mjs';
import { assistant, user, weatherTool } from './harness/samples.mjs';
import { localToken, Switchyard } from './harness/switchyard.mjs';

// A conversation that began in one lane and goes on in the other: one upstream, which knows what it
// signed, behind two Switchyards.

describe('a conversation that changes the lane', () => {
  let upstream;
  const proxies = {};
  before(async () => {
    upstream = await FakeUpstream.start({ forbidden: [localToken] });
    for (const lane of ['native', 'chat'])
      proxies[lane] = await Switchyard.start({ upstream, lane });
  });
  after(async () => {
    for (const proxy of Object.values(proxies)) await proxy.stop();
    await upstream.stop();
  });

  const thought = 'Let me → think.\n\n“Twice”.';
  const blocks = [
    { type: 'thinking', thinking: thought },
    { type: 'redacted_thinking' },
    { type: 'text', text: 'I look.' },
    { type: 'tool_use', name: 'get_weather', input: { place: 'Ulm' } },
  ];

  for (const [first, second] of [
    ['native', 'chat'],
    ['chat', 'native'],
    ['chat', 'chat'],
  ]) {
    for (const stream of [false, true]) {
      test(`from ${first} to ${second} keeps its thinking (stream: ${stream})`, async () => {
        await upstream.reset();
        const body = (messages) =>
          JSON.stringify({
            model: 'claude-opus-5-5',
            max_tokens: 2000,
            stream,
            tools: [weatherTool],
            thinking: { type: 'adaptive' },
            messages,
          });
        const send = async (lane, messages) => {
          const answer = await ask(proxies[lane].port, { token: localToken, body: body(messages) });
          assert.equal(answer.status, 200, answer.text);
          return stream ? readStream(answer.bytes) : answer.json();
        };
        await upstream.script({ content: blocks }, { content: 'It rains.' });
        const asked = await send(first, [user('Weather?')]);
        const content = asked.content.map(({ citations, caller, ...block }) => block);
        const answer = await send(second, [
          user('Weather?'),
          assistant(content),
          user([{ type: 'tool_result', tool_use_id: content.at(-1).id, content: 'rain' }]),
        ]);
        assert.equal(answer.content[0].text, 'It rains.');
        await upstream.assertContent();
        const [, { body: sent }] = (await upstream.seen()).requests;
        assert.ok(
          sent.includes(JSON.stringify(thought).slice(1, -1)),
          'the thinking is in the second request',
        );
      });
    }
  }
});
