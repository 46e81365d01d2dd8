// SPDX-License-Identifier: GPL-3.0-or-later
import { spawn } from 'node:child_process';
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';

// What a failed test leaves behind would keep the whole file from ending.
const leftovers = new Set();
after(async () => {
  for (const clear of leftovers) await clear();
});

export class DeadlineError extends Error {}

export function deadline(promise, ms, what) {
  let timer;
  const late = new Promise((_resolve, reject) => {
    timer = setTimeout(() => reject(new DeadlineError(`${what}: not within ${ms} ms`)), ms);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

// A process with its output kept. It is ended by its own pid and by nothing else.
export class Child {
  constructor(program, args, { env, cwd, stdin = 'ignore' } = {}) {
    this.name = program.split('/').at(-1);
    this.stdout = '';
    this.stderr = '';
    this.process = spawn(program, args, { env, cwd, stdio: [stdin, 'pipe', 'pipe'] });
    this.pid = this.process.pid;
    this.process.stdout.setEncoding('utf8').on('data', (text) => (this.stdout += text));
    this.process.stderr.setEncoding('utf8').on('data', (text) => (this.stderr += text));
    // A program that ends before it has read everything is judged by its end.
    this.process.stdin?.on('error', () => {});
    this.ended = new Promise((resolve, reject) => {
      this.process.on('error', (error) =>
        reject(new Error(`cannot start ${program}: ${error.message}`)),
      );
      this.process.on('close', (code, signal) => resolve({ code, signal }));
    });
    const kill = () => this.process.kill('SIGKILL');
    leftovers.add(kill);
    this.ended.finally(() => leftovers.delete(kill)).catch(() => {});
  }

  // The first line on standard output.
  async firstLine(ms = 15_000) {
    const line = new Promise((resolve) => {
      const look = () => {
        const end = this.stdout.indexOf('\n');
        if (end >= 0) resolve(this.stdout.slice(0, end));
      };
      look();
      this.process.stdout.on('data', look);
    });
    const early = this.ended.then(({ code, signal }) => {
      throw new Error(
        `${this.name} ended (${signal ?? code}) before it was ready:\n${this.stderr}`,
      );
    });
    early.catch(() => {});
    return deadline(
      Promise.race([line, early]),
      ms,
      `first line of ${this.name}; stderr:\n${this.stderr}`,
    );
  }

  // Resolves when what it printed so far is enough.
  printed(isEnough) {
    return new Promise((resolve) => {
      const look = () => isEnough() && resolve();
      look();
      this.process.stdout.on('data', look);
    });
  }

  // Asks it to end; what does not obey is killed, and that is a failure.
  async stop(signal = 'SIGTERM', ms = 15_000) {
    this.process.kill(signal);
    try {
      return await deadline(this.ended, ms, `${this.name} after ${signal}`);
    } catch (error) {
      this.process.kill('SIGKILL');
      await this.ended;
      throw error;
    }
  }
}

export async function temporaryFolder(purpose) {
  const path = await mkdtemp(join(tmpdir(), `switchyard-${purpose}-`));
  const remove = () => {
    leftovers.delete(remove);
    return rm(path, { recursive: true, force: true });
  };
  leftovers.add(remove);
  return { path, remove };
}

// For programs that must be told their port before they start.
export async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

// Asks again until it holds.
export async function eventually(holds, ms = 10_000) {
  const end = performance.now() + ms;
  while (!(await holds())) assert.ok(performance.now() < end, `not within ${ms} ms`);
}
