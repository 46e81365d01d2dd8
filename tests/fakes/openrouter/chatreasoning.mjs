// SPDX-License-Identifier: GPL-3.0-or-later
import { invalid } from './refusal.mjs';
import { claudeModel } from './sharedrules.mjs';

// "You cannot rearrange or modify the sequence": what came as reasoning_details goes back as it was.
export function checkReasoning(body, issued) {
  const claude = claudeModel(body.model) !== undefined;
  body.messages.forEach((message, i) => {
    (message.reasoning_details ?? []).forEach((detail, j) =>
      checkDetail(detail, `messages.${i}.reasoning_details.${j}`, issued, claude),
    );
  });

  const latest = body.messages.findLastIndex((m) => m.role === 'assistant');
  if (latest < 0 || reasoningIsOff(body)) return;
  const message = body.messages[latest];
  const original = issued.turnWithTool((message.tool_calls ?? []).map((call) => call.id));
  if (!original) return;
  const before = original
    .filter((b) => b.type === 'thinking' || b.type === 'redacted_thinking')
    .map(fingerprintOfBlock);
  const now = (message.reasoning_details ?? []).map(fingerprintOfDetail);
  if (JSON.stringify(now) !== JSON.stringify(before)) {
    throw invalid(
      `messages.${latest}.reasoning_details`,
      '`thinking` or `redacted_thinking` blocks in the latest assistant message cannot be modified',
    );
  }
}

function reasoningIsOff({ reasoning, reasoning_effort: shorthand }) {
  if (!reasoning) return shorthand === undefined || shorthand === 'none';
  return reasoning.enabled === false || reasoning.effort === 'none';
}

function checkDetail(detail, path, issued, claude) {
  if (detail.type === 'reasoning.text') {
    // Text that nobody signed is thrown away by a model that does not sign, and refused by Claude.
    const signed = detail.signature != null && detail.signature !== '';
    if (!signed && !claude) return;
    if (!signed || !issued.signed(detail.text ?? '', detail.signature))
      throw invalid(path, 'Invalid `signature` in `thinking` block');
  }
  if (detail.type === 'reasoning.encrypted' && !issued.redacted(detail.data))
    throw invalid(path, 'Invalid `data` in `redacted_thinking` block');
  if (claude && detail.format != null && detail.format !== 'anthropic-claude-v1')
    throw invalid(`${path}.format`, 'does not belong to this model');
}

const fingerprintOfBlock = (block) =>
  block.type === 'thinking'
    ? JSON.stringify(['reasoning.text', block.thinking, block.signature])
    : JSON.stringify(['reasoning.encrypted', block.data]);

const fingerprintOfDetail = (detail) =>
  detail.type === 'reasoning.text'
    ? JSON.stringify([detail.type, detail.text ?? '', detail.signature])
    : JSON.stringify([detail.type, detail.data]);
