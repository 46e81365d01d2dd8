// SPDX-License-Identifier: GPL-3.0-or-later

// Why a request is turned away, before it is put into the shape of the endpoint that was asked.
// `errorType` is OpenRouter's own vocabulary ("error_type"), from which both shapes follow.
export class Refusal extends Error {
  constructor(status, errorType, message, headers = {}) {
    super(message);
    this.status = status;
    this.errorType = errorType;
    this.headers = headers;
  }
}

export function invalid(path, message) {
  return new Refusal(400, 'invalid_request', path ? `${path}: ${message}` : message);
}

const anthropicTypes = {
  authentication: 'authentication_error',
  permission_denied: 'permission_error',
  payment_required: 'billing_error',
  not_found: 'not_found_error',
  image_not_found: 'not_found_error',
  rate_limit_exceeded: 'rate_limit_error',
  provider_overloaded: 'overloaded_error',
  timeout: 'timeout_error',
  payload_too_large: 'request_too_large',
  context_length_exceeded: 'invalid_request_error',
  content_policy_violation: 'invalid_request_error',
  invalid_request: 'invalid_request_error',
};

// The error object of the Messages skin; what OpenRouter has no name for is an api_error.
export function messagesErrorBody(errorType, message, requestId = null) {
  return {
    type: 'error',
    error: { type: anthropicTypes[errorType] ?? 'api_error', message, error_type: errorType },
    request_id: requestId,
  };
}

export function chatErrorBody(status, errorType, message, metadata = undefined) {
  return {
    error: { code: status, message, metadata: { error_type: errorType, ...metadata } },
    user_id: 'user_placeholder',
  };
}
