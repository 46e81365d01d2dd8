// SPDX-License-Identifier: GPL-3.0-or-later
import { chatBody, chatErrorFrame, chatFrames } from './chatanswer.mjs';
import { checkChatRequest } from './chatrules.mjs';
import { messagesBody, messagesFrames } from './messagesanswer.mjs';
import { checkMessagesRequest } from './messagesrules.mjs';
import { chatErrorBody, messagesErrorBody } from './refusal.mjs';

// The two ways into OpenRouter: what each checks, and the shape of its answers.

export const messagesLane = {
  skin: true,
  check: checkMessagesRequest,
  body: (answer, model) => messagesBody(answer, model),
  frames: (answer, model, script) =>
    messagesFrames(answer, model, { trailing: script.trailing ?? true }),
  errorBody: (_status, errorType, message, requestId) =>
    messagesErrorBody(errorType, message, requestId),
  errorFrame: (_answer, _model, error) => ({
    event: 'error',
    data: JSON.stringify({
      type: 'error',
      error: messagesErrorBody(error.error_type, error.message).error,
    }),
  }),
};

export const chatLane = {
  skin: false,
  check: checkChatRequest,
  body: (answer, model, script) => chatBody(answer, model, script.quirks),
  frames: (answer, model, script) => chatFrames(answer, model, script.quirks),
  errorBody: (status, errorType, message, _requestId, metadata) =>
    chatErrorBody(status, errorType, message, metadata),
  errorFrame: (answer, model, error, script) =>
    chatErrorFrame(answer.id, model, error, script.quirks?.emptyUsageChoice),
};
