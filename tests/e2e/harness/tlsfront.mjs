// SPDX-License-Identifier: GPL-3.0-or-later
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { Child, deadline, freePort, temporaryFolder } from './process.mjs';

const environment = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' };

async function openssl(folder, ...args) {
  const child = new Child('openssl', args, { env: environment, cwd: folder });
  const { code } = await child.ended;
  assert.equal(code, 0, `openssl ${args[0]}: ${child.stderr}`);
}

// A private CA and a certificate of its own for this machine.
async function makeCertificates(folder) {
  await writeFile(join(folder, 'names'), 'subjectAltName=IP:127.0.0.1,DNS:localhost\n');
  await openssl(
    folder,
    'req',
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:P-256',
    '-nodes',
    '-days',
    '2',
    '-subj',
    '/CN=Placeholder CA',
    '-keyout',
    'ca.key',
    '-out',
    'ca.pem',
  );
  await openssl(
    folder,
    'req',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:P-256',
    '-nodes',
    '-subj',
    '/CN=localhost',
    '-keyout',
    'server.key',
    '-out',
    'server.csr',
  );
  await openssl(
    folder,
    'x509',
    '-req',
    '-in',
    'server.csr',
    '-CA',
    'ca.pem',
    '-CAkey',
    'ca.key',
    '-CAcreateserial',
    '-days',
    '2',
    '-extfile',
    'names',
    '-out',
    'server.pem',
  );
}

// nginx with TLS in front of the fake upstream. The protocol the client spoke arrives there as the
// header `x-front-protocol`.
export class TlsFront {
  static async start(upstream, { http2 = true } = {}) {
    const folder = await temporaryFolder('tls');
    await makeCertificates(folder.path);
    const port = await freePort();
    await writeFile(
      join(folder.path, 'nginx.conf'),
      `
      daemon off; worker_processes 1; pid ${folder.path}/pid; error_log stderr warn;
      events { worker_connections 256; }
      http {
        access_log off; client_max_body_size 64m;
        client_body_temp_path ${folder.path}/body; proxy_temp_path ${folder.path}/proxy; fastcgi_temp_path ${folder.path}/f;
        uwsgi_temp_path ${folder.path}/u; scgi_temp_path ${folder.path}/s;
        server {
          listen 127.0.0.1:${port} ssl ${http2 ? 'http2' : ''};
          ssl_certificate ${folder.path}/server.pem; ssl_certificate_key ${folder.path}/server.key;
          location / {
            proxy_pass http://127.0.0.1:${upstream.port}; proxy_http_version 1.1; proxy_buffering off; proxy_request_buffering off;
            proxy_set_header Connection ""; proxy_set_header Host 127.0.0.1:${upstream.port};
            proxy_set_header X-Front-Protocol $server_protocol;
          }
        }
      }`,
    );
    const child = new Child(
      'nginx',
      ['-p', folder.path, '-e', 'stderr', '-c', join(folder.path, 'nginx.conf')],
      { env: environment },
    );
    child.ended.catch(() => {});
    await deadline(reachable(port, child), 10_000, 'nginx');
    return new TlsFront(child, folder, port);
  }

  constructor(child, folder, port) {
    Object.assign(this, { child, folder, port });
    this.caFile = join(folder.path, 'ca.pem');
    this.base = `https://127.0.0.1:${port}/api/v1`;
  }

  async stop() {
    await this.child.stop('SIGTERM');
    await this.folder.remove();
  }
}

async function reachable(port, child) {
  for (;;) {
    const open = await new Promise((resolve) => {
      const socket = connect(port, '127.0.0.1');
      socket
        .on('connect', () => resolve(true))
        .on('error', () => resolve(false))
        .on('connect', () => socket.destroy());
    });
    if (open) return;
    const running = Symbol('running');
    const state = await Promise.race([
      child.ended,
      new Promise((resolve) => setImmediate(resolve, running)),
    ]);
    assert.equal(state, running, `nginx ended: ${child.stderr}`);
  }
}
