// SPDX-License-Identifier: GPL-3.0-or-later
import { invalid } from './refusal.mjs';
import { refusesPrefill } from './sharedrules.mjs';

// The order of turns, tool calls and thinking in a Messages API conversation.

const blocks = (message) =>
  typeof message.content === 'string' ? [{ type: 'text', text: message.content }] : message.content;

// Neighbours of the same role are one turn; a system message never joins.
function turnsOf(messages) {
  const turns = [];
  messages.forEach((message, index) => {
    const last = turns[turns.length - 1];
    const entries = blocks(message).map((block, j) => ({
      block,
      path: `messages.${index}.content.${j}`,
    }));
    if (last && last.role === message.role && message.role !== 'system')
      last.entries.push(...entries);
    else turns.push({ role: message.role, index, entries });
  });
  return turns;
}

export function checkTurns(body, issued) {
  const { messages } = body;
  if (messages[0].role !== 'user')
    throw invalid('messages', 'first message must use the "user" role');
  checkEmpty(messages);
  const turns = turnsOf(messages);
  checkSystemPlaces(turns);
  checkToolIds(turns);
  turns.forEach((turn, i) => {
    if (turn.role === 'assistant') checkAnswered(turn, turns[i + 1]);
    if (turn.role === 'user') checkResults(turn, turns[i - 1]);
  });
  checkLast(body, turns);
  checkSignatures(turns, issued);
  checkLatestThinking(body, turns, issued);
}

function checkEmpty(messages) {
  messages.forEach((message, i) => {
    const empty = message.content.length === 0;
    const last = i === messages.length - 1 && message.role === 'assistant';
    // An empty list is what Claude itself sometimes answers; an empty string never is.
    if (empty && !(message.role === 'assistant' && (last || Array.isArray(message.content))))
      throw invalid(
        `messages.${i}`,
        'all messages must have non-empty content except for the optional final assistant message',
      );
  });
}

function checkSystemPlaces(turns) {
  turns.forEach((turn, i) => {
    if (turn.role !== 'system') return;
    const previous = turns[i - 1];
    const next = turns[i + 1];
    const afterServerTool =
      previous.role === 'assistant' && previous.entries.at(-1)?.block.type.endsWith('_tool_result');
    if (previous.role !== 'user' && !afterServerTool)
      throw invalid(`messages.${turn.index}`, "role 'system' must follow a 'user' message");
    if (next && next.role !== 'assistant')
      throw invalid(
        `messages.${turn.index}`,
        "role 'system' must precede an 'assistant' message or end the array",
      );
  });
}

const idsOf = (turn, type, member) =>
  turn.entries.filter(({ block }) => block.type === type).map(({ block }) => block[member]);

function checkToolIds(turns) {
  const seen = new Set();
  for (const turn of turns) {
    for (const id of idsOf(turn, 'tool_use', 'id')) {
      if (seen.has(id)) throw invalid('messages', '`tool_use` ids must be unique');
      seen.add(id);
    }
  }
}

function checkAnswered(turn, next) {
  const asked = idsOf(turn, 'tool_use', 'id');
  if (asked.length === 0) return;
  const answered = next?.role === 'user' ? idsOf(next, 'tool_result', 'tool_use_id') : [];
  const open = asked.filter((id) => !answered.includes(id));
  if (open.length > 0) {
    throw invalid(
      `messages.${turn.index}`,
      `\`tool_use\` ids were found without \`tool_result\` blocks immediately after: ${open.join(', ')}. ` +
        'Each `tool_use` block must have a corresponding `tool_result` block in the next message.',
    );
  }
}

function checkResults(turn, previous) {
  const asked = previous?.role === 'assistant' ? idsOf(previous, 'tool_use', 'id') : [];
  const seen = new Set();
  let otherSeen = false;
  for (const { block, path } of turn.entries) {
    if (block.type !== 'tool_result') {
      otherSeen = true;
      continue;
    }
    if (!asked.includes(block.tool_use_id))
      throw invalid(
        path,
        `unexpected \`tool_use_id\` found in \`tool_result\` blocks: ${block.tool_use_id}. ` +
          'Each `tool_result` block must have a corresponding `tool_use` block in the previous message.',
      );
    if (seen.has(block.tool_use_id)) throw invalid(path, 'each tool_use must have a single result');
    if (otherSeen) throw invalid(path, '`tool_result` blocks must come first in the content');
    seen.add(block.tool_use_id);
  }
}

function checkLast(body, turns) {
  const last = turns.at(-1);
  if (last.role !== 'assistant') return;
  if (refusesPrefill(body.model) || (body.thinking && body.thinking.type !== 'disabled'))
    throw invalid(
      '',
      'This model does not support assistant message prefill. The conversation must end with a user message.',
    );
  const block = last.entries.at(-1)?.block;
  if (block?.type === 'text' && /\s$/.test(block.text))
    throw invalid('messages', 'final assistant content cannot end with trailing whitespace');
}

function checkSignatures(turns, issued) {
  for (const turn of turns) {
    for (const { block, path } of turn.entries) {
      if (block.type === 'thinking' && !issued.signed(block.thinking, block.signature))
        throw invalid(path, 'Invalid `signature` in `thinking` block');
      if (block.type === 'redacted_thinking' && !issued.redacted(block.data))
        throw invalid(path, 'Invalid `data` in `redacted_thinking` block');
    }
  }
}

const protectedTypes = ['thinking', 'redacted_thinking'];
const fingerprint = (block) =>
  JSON.stringify([block.type, block.thinking ?? block.data, block.signature ?? null]);

// A turn whose tool calls are being answered goes back to the model with its thinking as it was.
function checkLatestThinking(body, turns, issued) {
  if (!body.thinking || body.thinking.type === 'disabled') return;
  const turn = turns.findLast((t) => t.role === 'assistant');
  if (!turn) return;
  const original = issued.turnWithTool(idsOf(turn, 'tool_use', 'id'));
  if (!original) return;
  const before = original.filter((block) => protectedTypes.includes(block.type)).map(fingerprint);
  if (before.length === 0) return;
  const first = turn.entries[0];
  if (protectedTypes.includes(original[0].type) && !protectedTypes.includes(first.block.type)) {
    throw invalid(
      `${first.path}.type`,
      `Expected \`thinking\` or \`redacted_thinking\`, but found \`${first.block.type}\`. ` +
        'When `thinking` is enabled, a final `assistant` message must start with a thinking block.',
    );
  }
  const now = turn.entries
    .map(({ block }) => block)
    .filter((b) => protectedTypes.includes(b.type))
    .map(fingerprint);
  if (JSON.stringify(now) !== JSON.stringify(before)) {
    throw invalid(
      `messages.${turn.index}.content`,
      '`thinking` or `redacted_thinking` blocks in the latest assistant message cannot be modified. ' +
        'These blocks must remain as they were in the original response.',
    );
  }
}
