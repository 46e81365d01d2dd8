// SPDX-License-Identifier: GPL-3.0-or-later
import assert from 'node:assert/strict';
import { access, constants, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Child, deadline, temporaryFolder } from './process.mjs';

const modules = fileURLToPath(new URL('../node_modules/', import.meta.url));

// The client's own binary for this machine. It comes as an optional package, so its absence is
// checked, and named.
async function clientProgram() {
  const path = join(
    modules,
    '@anthropic-ai',
    `claude-code-${process.platform}-${process.arch}`,
    'claude',
  );
  try {
    await access(path, constants.X_OK);
  } catch {
    assert.fail(`Claude Code is missing: ${path}; run "npm ci" in tests/e2e`);
  }
  return path;
}

// One `claude` with nothing of this machine in it: an empty home, an empty folder to work in, a
// clean environment. `prompts` are said one after the other, each when the one before is answered.
// Returns {code, events, results, result, text, stderr}; result and text are of the last prompt.
export async function runClaude({ prompt, prompts = [prompt], ms = 90_000, ...options }) {
  const folder = await temporaryFolder('claude');
  const child = await startClaude(folder.path, options);
  try {
    const parsed = () =>
      child.stdout
        .split('\n')
        .slice(0, -1)
        .map((line) => JSON.parse(line));
    const results = () => parsed().filter((event) => event.type === 'result');
    const whole = converse(child, prompts, results);
    const said = () => `it printed:\n${child.stdout}\n${child.stderr}`;
    const { code } = await deadline(whole, ms, 'claude').catch((error) => {
      throw new Error(`${error.message}; ${said()}`);
    });
    assert.equal(results().length, prompts.length, `claude gave no result; ${said()}`);
    const result = results().at(-1);
    return {
      code,
      events: parsed(),
      results: results(),
      result,
      text: result.result,
      stderr: child.stderr,
    };
  } finally {
    child.process.kill('SIGKILL');
    await child.ended;
    await folder.remove();
  }
}

async function startClaude(folder, { baseUrl, token, model, args = [], env = {} }) {
  const program = await clientProgram();
  const [home, work] = [join(folder, 'home'), join(folder, 'work')];
  await Promise.all([mkdir(home), mkdir(work)]);
  const format = ['--input-format', 'stream-json', '--output-format', 'stream-json', '--verbose'];
  const chosen = model ? ['--model', model] : [];
  return new Child(program, ['-p', ...format, ...chosen, ...args], {
    cwd: work,
    stdin: 'pipe',
    env: {
      PATH: '/usr/local/bin:/usr/bin:/bin',
      HOME: home,
      TMPDIR: folder,
      LANG: 'C.UTF-8',
      SHELL: '/bin/bash',
      ANTHROPIC_BASE_URL: baseUrl,
      ANTHROPIC_AUTH_TOKEN: token,
      DISABLE_AUTOUPDATER: '1',
      IS_SANDBOX: '1',
      NO_PROXY: '127.0.0.1,localhost',
      ...env,
    },
  });
}

async function converse(child, prompts, results) {
  for (const [i, content] of prompts.entries()) {
    const message = { type: 'user', message: { role: 'user', content } };
    child.process.stdin.write(`${JSON.stringify(message)}\n`);
    if (i === prompts.length - 1) child.process.stdin.end();
    else await Promise.race([child.ended, child.printed(() => results().length > i)]);
  }
  return child.ended;
}

// The blocks of a kind that the client showed, e.g. blocksOf(events, 'assistant', 'text').
export function blocksOf(events, role, type) {
  return events
    .filter((event) => event.type === role && Array.isArray(event.message?.content))
    .flatMap((event) => event.message.content)
    .filter((block) => block.type === type);
}
