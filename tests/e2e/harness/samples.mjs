// SPDX-License-Identifier: GPL-3.0-or-later

// Material for requests.
export const pngData =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
export const png = {
  type: 'image',
  source: { type: 'base64', media_type: 'image/png', data: pngData },
};

const pdfText = '%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n';
export const pdfData = Buffer.from(pdfText, 'latin1').toString('base64');
export const pdf = {
  type: 'document',
  source: { type: 'base64', media_type: 'application/pdf', data: pdfData },
  title: 'page.pdf',
};

export const weatherTool = {
  name: 'get_weather',
  description: 'The weather of a place.',
  input_schema: { type: 'object', properties: { place: { type: 'string' } }, required: ['place'] },
};

export const user = (content) => ({ role: 'user', content });
export const assistant = (content) => ({ role: 'assistant', content });

export const text = (words, more) => ({ type: 'text', text: words, ...more });
export const mark = { cache_control: { type: 'ephemeral' } };
export const toolUse = (id, input = {}, name = 'get_weather') => ({
  type: 'tool_use',
  id,
  name,
  input,
});
export const toolResult = (id, content, more) => ({
  type: 'tool_result',
  tool_use_id: id,
  content,
  ...more,
});
