// SPDX-License-Identifier: GPL-3.0-or-later
import { createHash } from 'node:crypto';

// What this server has handed out and can recognise when it comes back: signatures with the text
// they were given for, encrypted thinking, and the turn each tool call belonged to.
export class Issued {
  #pairs = new Set();
  #redacted = new Set();
  #turns = new Map();
  #count = 0;

  nextId(prefix, length = 24) {
    return (
      prefix +
      this.#random()
        .replace(/[^A-Za-z0-9]/g, '')
        .slice(0, length)
    );
  }

  // Full of +, / and =, as real ones are: what escapes them anew breaks them.
  nextSignature() {
    return `Eq+/${this.#random()}${this.#random()}==`;
  }

  #random() {
    return createHash('sha512').update(`placeholder ${++this.#count}`).digest('base64');
  }

  remember(blocks) {
    for (const block of blocks) {
      if (block.type === 'thinking')
        this.#pairs.add(JSON.stringify([block.thinking, block.signature]));
      if (block.type === 'redacted_thinking') this.#redacted.add(block.data);
      if (block.type === 'tool_use') this.#turns.set(block.id, blocks);
    }
  }

  signed(text, signature) {
    return this.#pairs.has(JSON.stringify([text, signature]));
  }

  redacted(data) {
    return this.#redacted.has(data);
  }

  // The blocks of the answer that one of these tool calls came with.
  turnWithTool(ids) {
    const known = ids.find((id) => this.#turns.has(id));
    return known === undefined ? undefined : this.#turns.get(known);
  }
}
