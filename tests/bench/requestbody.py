# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests as Claude Code shapes them, made of seeded pseudo words: no text in them is anyone's.

The small one is a first turn (about 48 kB: 13 tools, a system prompt, a system message). The large
one is the same conversation after many turns of reading files with tools.
"""

import json
import random

WORDS = (
    "the parser reads a buffer and returns the next frame when it is complete otherwise it keeps "
    "what it has until more bytes arrive a caller must not assume that one read is one event set "
    "the flag before the include check every index against the bound write the file again run the "
    "tests of this folder only never change the order of the fields without a reason in the note"
).split()

TOOLS = ["Bash", "Read", "Write", "Edit", "Glob", "Grep", "WebFetch", "WebSearch", "TodoWrite",
         "Task", "NotebookEdit", "mcp__tracker__list_issues", "mcp__tracker__comment_issue"]


class Writer:
    def __init__(self, seed):
        self.random = random.Random(seed)

    def prose(self, size):
        lines, length = [], 0
        while length < size:
            words = self.random.choices(WORDS, k=self.random.randint(6, 18))
            line = " ".join(words).capitalize() + "."
            if self.random.random() < 0.15:
                line = f'- `{words[0]}_{words[1]}("{words[2]}")` — {line}'
            lines.append(line)
            length += len(line) + 1
        return "\n".join(lines)[:size]

    def source(self, size):
        """Code as the Read tool shows it; one escaped character in about 17, as in real sources."""
        lines, length, number = [], 0, 1
        while length < size:
            a, b, c, d = self.random.choices(WORDS, k=4)
            indent = "    " * self.random.randint(0, 3)
            kind = self.random.random()
            if kind < 0.14:
                code = ""
            elif kind < 0.30:
                code = f'{indent}{a}.{b}("{c} {d}");'
            elif kind < 0.40:
                code = f"{indent}// {' '.join(self.random.choices(WORDS, k=10))}"
            else:
                code = f"{indent}if ({a}_{b}({c}) != {self.random.randint(0, 999)})"
            line = f"{number:6}\t{code}"
            lines.append(line)
            length += len(line) + 1
            number += 1
        return "\n".join(lines)[:size]

    def tool(self, name):
        properties = {
            word: {"type": "string", "description": self.prose(120)}
            for word in self.random.sample(sorted(set(WORDS)), 5)
        }
        properties["limit"] = {"type": "integer", "minimum": 1, "maximum": 2000, "default": 100}
        return {
            "name": name,
            "description": self.prose(1550),
            "input_schema": {
                "$schema": "https://json-schema.org/draft/2020-12/schema",
                "type": "object",
                "properties": properties,
                "required": sorted(properties)[:2],
                "additionalProperties": False,
            },
        }


def first_turn(stream):
    writer = Writer(7)
    return {
        "model": "claude-sonnet-4-20250514",
        "messages": [
            {"role": "user", "content": [{"type": "text", "text": writer.prose(900)}]},
            {"role": "system", "content": writer.prose(6000)},
            {"role": "user", "content": [
                {"type": "text", "text": "Why does the build fail?",
                 "cache_control": {"type": "ephemeral"}}]},
        ],
        "system": [
            {"type": "text", "text": writer.prose(80)},
            {"type": "text", "text": writer.prose(7200), "cache_control": {"type": "ephemeral"}},
        ],
        "tools": [writer.tool(name) for name in TOOLS],
        "metadata": {"user_id": json.dumps({"device_id": "0" * 64, "account_uuid": "",
                                            "session_id": "00000000-0000-4000-8000-000000000000"})},
        "max_tokens": 32000,
        "stream": stream,
    }


def long_conversation(size, stream):
    body = first_turn(stream)
    writer = Writer(11)
    length, turn = len(encode(body)), 0
    while length < size:
        call = f"toolu_{turn:024}"
        turns = [
            {"role": "assistant", "content": [
                {"type": "text", "text": writer.prose(200)},
                {"type": "tool_use", "id": call, "name": "Read",
                 "input": {"file_path": f"/project/src/part{turn}.cpp", "limit": 400}}]},
            {"role": "user", "content": [
                {"type": "tool_result", "tool_use_id": call, "is_error": False,
                 "content": [{"type": "text",
                              "text": writer.source(min(12000, max(200, size - length)))}]}]},
        ]
        body["messages"] += turns
        length += len(encode(turns))
        turn += 1
    return body


def encode(body):
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
