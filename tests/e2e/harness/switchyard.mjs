// SPDX-License-Identifier: GPL-3.0-or-later
import assert from 'node:assert/strict';
import { access, constants, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { upstreamKey } from './fakeupstream.mjs';
import { Child, temporaryFolder } from './process.mjs';

export const localToken = 'local-token-placeholder-4f1c';

const passedOn = ['ASAN_OPTIONS', 'UBSAN_OPTIONS', 'LSAN_OPTIONS', 'LD_LIBRARY_PATH'];

async function programPath() {
  const path = process.env.SWITCHYARD_PROGRAM;
  assert.ok(path, 'SWITCHYARD_PROGRAM names no program; it is the path of the built switchyard');
  await access(path, constants.X_OK);
  return path;
}

// `switchyard serve` with a home, a configuration and data of its own. `args` and `env` come on top;
// `settings` is the settings file.
export class Switchyard {
  static async start({
    upstream,
    lane = 'native',
    backend = 'OPENROUTER',
    key = upstreamKey,
    token = localToken,
    env = {},
    args = [],
    settings,
  } = {}) {
    const program = await programPath();
    const folder = await temporaryFolder('e2e');
    const dirs = {
      config: join(folder.path, 'config'),
      data: join(folder.path, 'data'),
      home: join(folder.path, 'home'),
    };
    if (settings) {
      await mkdir(dirs.config);
      await writeFile(
        join(dirs.config, 'settings.json'),
        JSON.stringify({ version: 1, ...settings }),
      );
    }
    const environment = {
      PATH: '/usr/bin:/bin',
      LANG: 'C.UTF-8',
      HOME: dirs.home,
      TMPDIR: folder.path,
      XDG_RUNTIME_DIR: folder.path,
      QT_FATAL_WARNINGS: '1',
      PROXY_BACKEND: backend,
    };
    for (const name of passedOn) if (process.env[name]) environment[name] = process.env[name];
    if (upstream)
      Object.assign(environment, { OPENROUTER_API_BASE: upstream.base, OPENROUTER_WIRE: lane });
    if (key) environment.OPENROUTER_API_KEY = key;
    Object.assign(environment, env);
    const child = new Child(
      program,
      [
        'serve',
        '--port',
        '0',
        '--config-dir',
        dirs.config,
        '--data-dir',
        dirs.data,
        ...(token === null ? [] : ['--token', token]),
        ...args,
      ],
      { env: environment, cwd: folder.path },
    );
    try {
      const line = await child.firstLine();
      const match = /^listening on http:\/\/127\.0\.0\.1:(\d+)$/.exec(line);
      assert.ok(match, `the ready line is ${JSON.stringify(line)}`);
      return new Switchyard(child, Number(match[1]), folder, dirs, environment, program);
    } catch (error) {
      child.process.kill('SIGKILL');
      await folder.remove();
      throw error;
    }
  }

  constructor(child, port, folder, dirs, env, program) {
    Object.assign(this, { child, port, folder, dirs, env, program });
    this.url = `http://127.0.0.1:${port}`;
  }

  // A subcommand that speaks to this instance.
  async command(...args) {
    const child = new Child(this.program, [...args, '--config-dir', this.dirs.config], {
      env: this.env,
      cwd: this.folder.path,
    });
    const { code } = await child.ended;
    return { code, stdout: child.stdout, stderr: child.stderr };
  }

  // SIGTERM ends it with 0; one line on standard output is all it ever wrote there.
  async stop({ keepFiles = false } = {}) {
    const { code, signal } = await this.child.stop();
    if (!keepFiles) await this.folder.remove();
    assert.equal(signal ?? code, 0, `switchyard ended badly:\n${this.child.stderr}`);
    assert.equal(this.child.stdout, `listening on ${this.url}\n`);
  }
}
