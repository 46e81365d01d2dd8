// SPDX-License-Identifier: GPL-3.0-or-later

// One scripted message, independent of the endpoint that will carry it.
//
// script: {content: text or blocks, stop_reason?, stop_sequence?, usage?}
// block:  {type:"text", text, pieces?}
//         {type:"thinking", thinking, pieces?, omitted?: no text is shown, splitSignature?: the
//          signature arrives in an empty block of its own}
//         {type:"redacted_thinking"}
//         {type:"tool_use", name, input, id?}
// usage:  {input, output, cacheRead, cacheWrite, reasoning, cost}
export function makeAnswer(script, issued) {
  const listed =
    typeof script.content === 'string' ? [{ type: 'text', text: script.content }] : script.content;
  const blocks = listed.flatMap((block) => completed(block, issued));
  issued.remember(blocks);
  const hasTool = blocks.some((block) => block.type === 'tool_use');
  return {
    id: issued.nextId('gen-1790000000-', 20),
    blocks,
    stopReason: script.stop_reason ?? (hasTool ? 'tool_use' : 'end_turn'),
    stopSequence: script.stop_sequence ?? null,
    usage: {
      input: 1231,
      output: 21,
      cacheRead: 0,
      cacheWrite: 0,
      reasoning: 0,
      cost: 0.002672,
      ...script.usage,
    },
  };
}

function completed(block, issued) {
  switch (block.type) {
    case 'text':
      return [{ ...block, pieces: block.pieces ?? words(block.text) }];
    case 'thinking': {
      const signature = issued.nextSignature();
      const thinking = block.omitted ? '' : block.thinking;
      const shown = {
        type: 'thinking',
        thinking,
        pieces: block.omitted ? [] : (block.pieces ?? words(thinking)),
      };
      if (!block.splitSignature) return [{ ...shown, signature }];
      return [
        { ...shown, signature: '' },
        { type: 'thinking', thinking: '', pieces: [], signature },
      ];
    }
    case 'redacted_thinking':
      return [{ type: 'redacted_thinking', data: issued.nextSignature() }];
    case 'tool_use':
      return [
        {
          ...block,
          id: block.id ?? issued.nextId('toolu_'),
          pieces: chunks(JSON.stringify(block.input), 7),
        },
      ];
    default:
      return [block];
  }
}

// Words with the white space that follows them; joined they are the text again.
function words(text) {
  return text.match(/\s*\S+\s*/g) ?? (text === '' ? [] : [text]);
}

function chunks(text, length) {
  const found = [];
  for (let i = 0; i < text.length; i += length) found.push(text.slice(i, i + length));
  return found;
}
