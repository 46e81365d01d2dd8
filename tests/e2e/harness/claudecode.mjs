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

// One `claude -p` with nothing of this machine in it: an empty home, an empty folder to work in,
// a clean environment. Returns {code, events, result, text, stderr}.
export async function runClaude({
  baseUrl,
  token,
  prompt,
  model,
  args = [],
  env = {},
  ms = 90_000,
}) {
  const program = await clientProgram();
  const folder = await temporaryFolder('claude');
  const [home, work] = [join(folder.path, 'home'), join(folder.path, 'work')];
  await Promise.all([mkdir(home), mkdir(work)]);
  const child = new Child(
    program,
    [
      '-p',
      prompt,
      '--output-format',
      'stream-json',
      '--verbose',
      ...(model ? ['--model', model] : []),
      ...args,
    ],
    {
      cwd: work,
      env: {
        PATH: '/usr/local/bin:/usr/bin:/bin',
        HOME: home,
        TMPDIR: folder.path,
        LANG: 'C.UTF-8',
        SHELL: '/bin/bash',
        ANTHROPIC_BASE_URL: baseUrl,
        ANTHROPIC_AUTH_TOKEN: token,
        DISABLE_AUTOUPDATER: '1',
        IS_SANDBOX: '1',
        NO_PROXY: '127.0.0.1,localhost',
        ...env,
      },
    },
  );
  try {
    const { code } = await deadline(
      child.ended,
      ms,
      `claude; it printed:\n${child.stdout}\n${child.stderr}`,
    );
    const events = child.stdout
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line));
    const result = events.find((event) => event.type === 'result');
    assert.ok(result, `claude gave no result:\n${child.stdout}\n${child.stderr}`);
    return { code, events, result, text: result.result, stderr: child.stderr };
  } finally {
    child.process.kill('SIGKILL');
    await child.ended;
    await folder.remove();
  }
}

// The blocks of a kind that the client showed, e.g. blocksOf(events, 'assistant', 'text').
export function blocksOf(events, role, type) {
  return events
    .filter((event) => event.type === role && Array.isArray(event.message?.content))
    .flatMap((event) => event.message.content)
    .filter((block) => block.type === type);
}
