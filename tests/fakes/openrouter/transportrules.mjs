// SPDX-License-Identifier: GPL-3.0-or-later
import { Refusal } from './refusal.mjs';

// What must not arrive from a proxy, whatever the body says. Each finding is one sentence.

// RFC 9110 section 7.6.1, and what belongs to one connection or one browser.
const notForwarded = [
  'keep-alive',
  'proxy-authorization',
  'proxy-authenticate',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'cookie',
  'origin',
  'x-api-key',
  'content-encoding',
  'forwarded',
  'x-forwarded-for',
  'x-forwarded-host',
  'via',
];
const onlyOnce = [
  'authorization',
  'content-type',
  'content-length',
  'host',
  'user-agent',
  'accept',
  'accept-encoding',
  'anthropic-version',
  'http-referer',
  'x-title',
  'x-openrouter-title',
];

// config: {forbidden: secrets that must not be seen, ownClients: the client itself is connected, so
// what its HTTP library says about the connection is its own business}
export function findLeaks(record, config, address) {
  const leaks = [];
  const names = record.headers.map(([name]) => name.toLowerCase());
  for (const name of onlyOnce) {
    if (names.filter((n) => n === name).length > 1)
      leaks.push(`header ${name} stands more than once`);
  }
  for (const [name, value] of record.headers) {
    const lower = name.toLowerCase();
    if (!config.ownClients && notForwarded.includes(lower))
      leaks.push(`header ${lower} was passed on`);
    if (!config.ownClients && lower === 'connection' && value.toLowerCase() !== 'keep-alive')
      leaks.push(`header connection: ${value}`);
    if (lower === 'expect') leaks.push('header expect: the body waits for a permission');
    if (lower.startsWith('x-switchyard')) leaks.push(`header ${lower} is for the client only`);
    if (lower === 'host' && !config.ownClients && !address.includes(value))
      leaks.push(`header host is ${value}`);
  }
  const whole = JSON.stringify(record.headers) + record.target + record.body.toString('latin1');
  for (const secret of config.forbidden) {
    if (whole.includes(secret)) leaks.push('a credential of the client arrived here');
  }
  return leaks;
}

export function headerOf(record, name) {
  return record.headers.find(([n]) => n.toLowerCase() === name)?.[1];
}

// Throws a Refusal as OpenRouter words it: other sentences for a missing and for a wrong key.
export function checkKey(record, key, messagesSkin) {
  const value = headerOf(record, 'authorization');
  if (value === undefined)
    throw new Refusal(
      401,
      'authentication',
      messagesSkin ? 'Missing Authentication header' : 'No auth credentials found',
    );
  const match = /^Bearer (\S+)$/.exec(value);
  if (!match)
    throw new Refusal(
      401,
      'authentication',
      messagesSkin ? 'Invalid credentials' : 'No auth credentials found',
    );
  if (match[1] !== key)
    throw new Refusal(
      401,
      'authentication',
      messagesSkin ? 'Invalid credentials' : 'User not found.',
    );
}

export function checkContentType(record) {
  const value = headerOf(record, 'content-type') ?? '';
  if (!/^application\/json(;\s*charset=utf-8)?$/i.test(value))
    throw new Refusal(415, 'invalid_request', `Unsupported content type: ${value || 'none'}`);
}
