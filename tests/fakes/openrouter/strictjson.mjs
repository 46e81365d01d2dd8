// SPDX-License-Identifier: GPL-3.0-or-later
import { invalid } from './refusal.mjs';

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const deepest = 200;

// JSON as RFC 8259 has it: valid UTF-8, no byte order mark, no member twice in one object. A proxy
// that inserts a member must not leave two of them: servers disagree on which one counts.
export function parseStrict(bytes) {
  let text;
  try {
    text = decoder.decode(bytes);
  } catch {
    throw invalid('', 'The request body is not valid UTF-8');
  }
  if (text.startsWith('\ufeff'))
    throw invalid('', 'The request body starts with a byte order mark');
  let value;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw invalid('', `The request body is not valid JSON: ${error.message}`);
  }
  refuseDuplicates(text);
  return value;
}

// Walks text that is already known to be JSON.
function refuseDuplicates(text) {
  const levels = [];
  let expectKey = false;
  for (let i = 0; i < text.length; ++i) {
    switch (text[i]) {
      case '{':
        levels.push(new Set());
        expectKey = true;
        break;
      case '[':
        levels.push(null);
        expectKey = false;
        break;
      case '}':
      case ']':
        levels.pop();
        expectKey = false;
        break;
      case ',':
        expectKey = levels[levels.length - 1] !== null;
        break;
      case ':':
        expectKey = false;
        break;
      case '"': {
        const start = i++;
        while (text[i] !== '"') i += text[i] === '\\' ? 2 : 1;
        if (!expectKey) break;
        const key = JSON.parse(text.slice(start, i + 1));
        const keys = levels[levels.length - 1];
        if (keys.has(key)) throw invalid(key, 'this member stands twice in one object');
        keys.add(key);
        break;
      }
    }
    if (levels.length > deepest) throw invalid('', 'The request body is nested too deeply');
  }
}
