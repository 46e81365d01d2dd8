// SPDX-License-Identifier: GPL-3.0-or-later
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { blocksOf, runClaude } from './harness/claudecode.mjs';
import { lanes, rigFor } from './harness/rig.mjs';
import { localToken } from './harness/switchyard.mjs';

// The real Claude Code through Switchyard, in each lane.

for (const lane of lanes) {
  describe(`Claude Code through the ${lane} lane`, () => {
    const rig = rigFor(lane);
    const run = (options) => runClaude({ baseUrl: rig.proxy.url, token: localToken, ...options });
    const posts = async () =>
      (await rig.upstream.seen()).requests.filter((r) => r.method === 'POST');

    test('gets a plain answer', async () => {
      await rig.upstream.script({
        content: 'Zweiundvierzig → 42 ✓',
        usage: { input: 900, cacheRead: 300, cacheWrite: 50, output: 11 },
      });
      const { code, text, result } = await run({ prompt: 'What is the answer?' });
      assert.equal(text, 'Zweiundvierzig → 42 ✓');
      assert.equal(code, 0);
      assert.equal(result.is_error, false);
      const { usage } = result;
      assert.deepEqual(
        [
          usage.input_tokens,
          usage.cache_read_input_tokens,
          usage.cache_creation_input_tokens,
          usage.output_tokens,
        ],
        [900, 300, 50, 11],
      );
      const [request] = await posts();
      assert.equal(request.json().model, 'anthropic/claude-opus-5.5');
      assert.equal(request.json().stream, true);
      const said = request
        .json()
        .messages.map((m) => JSON.stringify(m))
        .join();
      assert.match(said, /What is the answer\?/);
    });

    for (const [alias, upstreamModel] of [
      ['sonnet', 'anthropic/claude-sonnet-5.5'],
      ['haiku', 'anthropic/claude-haiku-5.5'],
    ]) {
      test(`reaches ${upstreamModel} as ${alias}`, async () => {
        await run({ prompt: 'Hello', model: alias });
        assert.equal((await posts())[0].json().model, upstreamModel);
      });
    }

    test('shows the text of a stream that comes byte by byte', async () => {
      await rig.upstream.script({
        content: 'one two three',
        delivery: { writes: 'byte', comments: true },
      });
      const { text, events } = await run({ prompt: 'Count', args: ['--include-partial-messages'] });
      assert.equal(text, 'one two three');
      const pieces = events
        .filter((e) => e.type === 'stream_event' && e.event.delta?.type === 'text_delta')
        .map((e) => e.event.delta.text);
      assert.deepEqual(pieces, ['one ', 'two ', 'three']);
    });

    test('runs the command the model asks for, and the result reaches the model', async () => {
      await rig.upstream.script(
        {
          content: [
            { type: 'thinking', thinking: 'A command will tell.' },
            { type: 'text', text: 'I run it.' },
            {
              type: 'tool_use',
              name: 'Bash',
              input: { command: 'echo "marker-$((40+2))"', description: 'Print a marker' },
            },
          ],
        },
        { content: 'It printed marker-42.' },
      );
      const { text, events } = await run({
        prompt: 'Run the command',
        args: ['--allowedTools', 'Bash'],
      });
      assert.equal(text, 'It printed marker-42.');
      const [use] = blocksOf(events, 'assistant', 'tool_use');
      assert.equal(use.name, 'Bash');
      assert.equal(use.input.command, 'echo "marker-$((40+2))"');
      const requests = await posts();
      assert.equal(requests.length, 2);
      assert.ok(!requests[0].body.includes('marker-42'));
      const back = requests[1].json().messages;
      if (lane === 'native') {
        const result = back
          .flatMap((m) => (Array.isArray(m.content) ? m.content : []))
          .find((b) => b.type === 'tool_result');
        assert.equal(result.tool_use_id, use.id);
        assert.match(JSON.stringify(result.content), /marker-42/);
      } else {
        const result = back.find((m) => m.role === 'tool');
        assert.equal(result.tool_call_id, use.id);
        assert.match(JSON.stringify(result.content), /marker-42/);
        const asked = back.find((m) => m.tool_calls);
        assert.equal(asked.reasoning_details[0].text, 'A command will tell.');
      }
    });

    test('runs two commands asked for at once, one of which fails', async () => {
      const command = (line) => ({
        type: 'tool_use',
        name: 'Bash',
        input: { command: line, description: 'Print a marker' },
      });
      await rig.upstream.script(
        {
          content: [command('echo first-$((1+1))'), command('echo second-$((1+2)) >&2; exit 3')],
          quirks: { interleave: true },
        },
        { content: 'Both are done.' },
      );
      const { text } = await run({ prompt: 'Run both', args: ['--allowedTools', 'Bash'] });
      assert.equal(text, 'Both are done.');
      const back = (await posts())[1].body.toString();
      assert.match(back, /first-2/);
      assert.match(back, /second-3/);
    });

    test('reads a file it wrote, over several turns', async () => {
      await rig.upstream.script(
        {
          content: [
            {
              type: 'tool_use',
              name: 'Write',
              input: { file_path: 'note.txt', content: 'größe: "42" \\ 🙂\n' },
            },
          ],
        },
        { content: [{ type: 'tool_use', name: 'Read', input: { file_path: 'note.txt' } }] },
        { content: 'The note is there.' },
      );
      const { text } = await run({
        prompt: 'Write and read',
        args: ['--dangerously-skip-permissions'],
      });
      assert.equal(text, 'The note is there.');
      const last = (await posts()).at(-1).json();
      assert.match(JSON.stringify(last.messages), /größe: \\+"42\\+" \\+ 🙂/);
    });

    test('holds a conversation of several prompts, with thinking and tools', async () => {
      const command = (line) => ({
        type: 'tool_use',
        name: 'Bash',
        input: { command: line, description: 'Print' },
      });
      await rig.upstream.script(
        {
          content: [
            { type: 'thinking', thinking: 'First thought.' },
            { type: 'text', text: 'I look.' },
            command('echo one-$((1))'),
          ],
        },
        {
          content: [
            { type: 'thinking', thinking: 'Second thought.' },
            { type: 'redacted_thinking' },
            command('echo two-$((2))'),
          ],
        },
        { content: 'The first answer.' },
        {
          content: [{ type: 'thinking', thinking: 'Third thought.' }, command('echo three-$((3))')],
        },
        { content: 'The second answer.' },
        { content: 'The third answer.' },
      );
      const { results } = await run({
        prompts: ['Look', 'Look again', 'And now?'],
        args: ['--allowedTools', 'Bash'],
      });
      assert.deepEqual(
        results.map((one) => one.result),
        ['The first answer.', 'The second answer.', 'The third answer.'],
      );
      const requests = await posts();
      assert.equal(requests.length, 6);
      const last = requests[5].body.toString();
      for (const words of [
        'Look again',
        'And now?',
        'I look.',
        'one-1',
        'two-2',
        'three-3',
        'The first answer.',
      ])
        assert.ok(last.includes(words), words);
    });

    test('ends with the answer when the upstream was busy for a moment', async () => {
      const busy = {
        kind: 'error',
        status: 429,
        error_type: 'rate_limit_exceeded',
        message: 'Slow down',
        headers: { 'retry-after': '1' },
      };
      // Once more than Switchyard tries by itself: the client must be told, and tries again.
      await rig.upstream.script(busy, busy, { content: 'At last.' });
      const { text } = await run({ prompt: 'Hello' });
      assert.equal(text, 'At last.');
      const requests = await posts();
      assert.equal(requests.length, 3);
      for (let i = 1; i < 3; ++i)
        assert.ok(
          requests[i].arrivedAt - requests[i - 1].arrivedAt >= 1000,
          'it waited as it was told',
        );
    });

    test('is told at once that the key is wrong', async () => {
      await rig.upstream.script({
        kind: 'error',
        status: 401,
        error_type: 'authentication',
        message: 'User not found.',
      });
      const started = performance.now();
      const { code, text, result } = await run({ prompt: 'Hello' });
      assert.ok(performance.now() - started < 20_000, 'it did not try for most of a minute');
      assert.equal(result.is_error, true);
      assert.notEqual(code, 0);
      assert.match(text, /User not found\./);
      assert.equal((await posts()).length, 1);
    });

    test('asks again when the upstream dies in the middle, and ends with the answer', async () => {
      await rig.upstream.script(
        { content: 'one two three four', delivery: { after: 5, end: 'rst' } },
        { content: 'The whole answer.' },
      );
      const { text, result } = await run({ prompt: 'Hello' });
      assert.equal(text, 'The whole answer.');
      assert.equal(result.is_error, false);
      assert.equal((await posts()).length, 2);
    });

    test('asks again when the upstream reports an error in the middle', async () => {
      await rig.upstream.script(
        {
          content: 'one two',
          error: { after: 3, code: 503, error_type: 'provider_overloaded', message: 'Overloaded' },
        },
        { content: 'The whole answer.' },
      );
      const { text } = await run({ prompt: 'Hello' });
      assert.equal(text, 'The whole answer.');
    });

    test('pays once when the upstream answers JSON to its stream', async () => {
      await rig.upstream.script({ content: 'In one piece.', form: 'json' });
      const { text } = await run({ prompt: 'Hello' });
      assert.equal(text, 'In one piece.');
      assert.equal((await posts()).length, 1);
    });

    test('is told that the prompt is too long in words it knows', async () => {
      await rig.upstream.script({
        kind: 'error',
        status: 400,
        error_type: 'context_length_exceeded',
        message:
          "This endpoint's maximum context length is 200000 tokens. However, you requested about 269000 tokens (205000 of text input, 64000 in the output). Please reduce the length of either one.",
      });
      const { text, result } = await run({ prompt: 'Hello' });
      assert.equal(result.is_error, true);
      assert.match(text, /Prompt is too long/);
      assert.equal((await posts()).length, 1);
    });

    test('asks for a shorter answer when prompt and answer together are too long', async () => {
      await rig.upstream.script(
        {
          kind: 'error',
          status: 400,
          error_type: 'context_length_exceeded',
          message:
            "This endpoint's maximum context length is 200000 tokens. However, you requested about 205000 tokens (141000 of text input, 64000 in the output). Please reduce the length of either one.",
        },
        { content: 'A shorter answer.' },
      );
      const { text } = await run({ prompt: 'Hello' });
      assert.equal(text, 'A shorter answer.');
      const limits = (await posts()).map(
        (r) => r.json().max_completion_tokens ?? r.json().max_tokens,
      );
      assert.equal(limits[0], 128000);
      assert.ok(limits[1] <= 59000, `${limits}`);
    });

    test('finds the models', async () => {
      const { text } = await run({
        prompt: 'Hello',
        env: { CLAUDE_CODE_ENABLE_GATEWAY_MODEL_DISCOVERY: '1' },
      });
      assert.equal(text, 'Hello from the fake upstream.');
    });

    test('is told about a wrong local token at once', async () => {
      const started = performance.now();
      const { result } = await run({ prompt: 'Hello', token: 'wrong-token-placeholder' });
      assert.equal(result.is_error, true);
      assert.ok(performance.now() - started < 20_000, 'it did not try for most of a minute');
      assert.equal((await posts()).length, 0);
    });
  });
}

describe('Claude Code at the offline backend', () => {
  const rig = rigFor('native', { backend: 'ECHO', key: null });

  test('is told that it is offline', async () => {
    const { text, result } = await runClaude({
      baseUrl: rig.proxy.url,
      token: localToken,
      prompt: 'Hello',
    });
    assert.match(text, /Switchyard is running; choose a backend to reach a model/);
    assert.equal(result.is_error, false);
  });
});
