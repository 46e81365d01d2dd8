// SPDX-License-Identifier: GPL-3.0-or-later
import assert from 'node:assert/strict';

// An error as the Messages API shows it, with its id in both places.
export function assertError(answer, status, type, sentence) {
  assert.equal(answer.status, status, answer.text);
  assert.equal(answer.header('content-type'), 'application/json');
  const body = answer.json();
  assert.equal(body.type, 'error');
  assert.equal(body.error.type, type);
  assert.match(body.error.message, sentence);
  assert.equal(body.request_id, answer.header('request-id'));
  assert.match(body.request_id, /^req_[A-Za-z0-9]{10,}$/);
}
