// SPDX-License-Identifier: GPL-3.0-or-later

// `GET /api/v1/models` and `GET /api/v1/key`.

function model(id, name, contextLength) {
  return {
    id,
    canonical_slug: id,
    name,
    created: 1780000000,
    description: `${name}, a placeholder.`,
    context_length: contextLength,
    architecture: {
      modality: 'text+image->text',
      input_modalities: ['text', 'image', 'file'],
      output_modalities: ['text'],
      tokenizer: 'Claude',
      instruct_type: null,
    },
    pricing: {
      prompt: '0.000002',
      completion: '0.00001',
      request: '0',
      image: '0',
      web_search: '0',
      internal_reasoning: '0',
      input_cache_read: '0.0000002',
      input_cache_write: '0.0000025',
    },
    top_provider: {
      context_length: contextLength,
      max_completion_tokens: 128000,
      is_moderated: false,
    },
    per_request_limits: null,
    supported_parameters: [
      'max_tokens',
      'tools',
      'tool_choice',
      'reasoning',
      'stop',
      'response_format',
    ],
    default_parameters: {},
    expiration_date: null,
    links: { details: `/api/v1/models/${id}/endpoints` },
  };
}

export function modelList() {
  return {
    data: [
      model('anthropic/claude-opus-5.5', 'Anthropic: Claude Opus 5.5', 1_000_000),
      model('anthropic/claude-sonnet-5.5', 'Anthropic: Claude Sonnet 5.5', 1_000_000),
      model('anthropic/claude-haiku-4.5', 'Anthropic: Claude Haiku 4.5', 200_000),
      model('openai/gpt-4o', 'OpenAI: GPT-4o', 128_000),
    ],
  };
}

export function keyInfo() {
  return {
    data: {
      label: 'sk-or-v1-pla...der',
      limit: 100,
      limit_remaining: 74.5,
      limit_reset: 'monthly',
      usage: 25.5,
      usage_daily: 1,
      usage_weekly: 5,
      usage_monthly: 25.5,
      byok_usage: 0,
      is_free_tier: false,
      is_management_key: false,
      is_provisioning_key: false,
      include_byok_in_limit: false,
      creator_user_id: 'user_placeholder',
    },
  };
}
