// SPDX-License-Identifier: GPL-3.0-or-later
import { invalid } from './refusal.mjs';

// A schema is a function (value, path) that throws a Refusal at the first fault. Members of an
// object are optional unless wrapped in required().

const join = (path, key) => (path === '' ? String(key) : `${path}.${key}`);

export const any = () => {};

export function string({ min = 0, max = Infinity, pattern, oneOf } = {}) {
  return (value, path) => {
    if (typeof value !== 'string') throw invalid(path, 'Input should be a valid string');
    if (oneOf && !oneOf.includes(value))
      throw invalid(path, `Input should be ${oneOf.map((v) => `'${v}'`).join(' or ')}`);
    if (value.length < min) throw invalid(path, `String should have at least ${min} character(s)`);
    if (value.length > max) throw invalid(path, `String should have at most ${max} character(s)`);
    if (pattern && !pattern.test(value))
      throw invalid(path, `String should match pattern '${pattern.source}'`);
  };
}

export function number({ min = -Infinity, max = Infinity, integer = false } = {}) {
  return (value, path) => {
    if (typeof value !== 'number') throw invalid(path, 'Input should be a valid number');
    if (integer && !Number.isInteger(value)) throw invalid(path, 'Input should be a valid integer');
    if (value < min) throw invalid(path, `Input should be greater than or equal to ${min}`);
    if (value > max) throw invalid(path, `Input should be less than or equal to ${max}`);
  };
}

export const integer = (limits = {}) => number({ ...limits, integer: true });

export function boolean(value, path) {
  if (typeof value !== 'boolean') throw invalid(path, 'Input should be a valid boolean');
}

export function array(item, { min = 0, max = Infinity } = {}) {
  return (value, path) => {
    if (!Array.isArray(value)) throw invalid(path, 'Input should be a valid list');
    if (value.length < min) throw invalid(path, `List should have at least ${min} item(s)`);
    if (value.length > max) throw invalid(path, `List should have at most ${max} item(s)`);
    value.forEach((element, index) => item(element, join(path, index)));
  };
}

export function isObject(value) {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const needed = Symbol('required');
export function required(schema) {
  const wrapped = (value, path) => schema(value, path);
  wrapped[needed] = true;
  return wrapped;
}

// `open` lets members pass that the schema does not name.
export function object(members = {}, { open = false } = {}) {
  return (value, path) => {
    if (!isObject(value)) throw invalid(path, 'Input should be a valid dictionary');
    for (const [key, schema] of Object.entries(members)) {
      if (Object.hasOwn(value, key)) schema(value[key], join(path, key));
      else if (schema[needed]) throw invalid(join(path, key), 'Field required');
    }
    if (open) return;
    for (const key of Object.keys(value)) {
      if (!Object.hasOwn(members, key))
        throw invalid(join(path, key), 'Extra inputs are not permitted');
    }
  };
}

export function record(schema, { max = Infinity } = {}) {
  return (value, path) => {
    if (!isObject(value)) throw invalid(path, 'Input should be a valid dictionary');
    if (Object.keys(value).length > max) throw invalid(path, `at most ${max} pairs are allowed`);
    for (const [key, member] of Object.entries(value)) schema(member, join(path, key));
  };
}

export function nullable(schema) {
  return (value, path) => {
    if (value !== null) schema(value, path);
  };
}

// One schema for each JSON type that is allowed: {string, array, object}.
export function byType(schemas) {
  return (value, path) => {
    const type = Array.isArray(value) ? 'array' : typeof value;
    const schema = value === null ? undefined : schemas[type];
    if (!schema)
      throw invalid(path, `Input should be a valid ${Object.keys(schemas).join(' or ')}`);
    schema(value, path);
  };
}

// The member `tag` says which schema applies. `otherwise` takes tags that are not listed.
export function tagged(tag, schemas, otherwise) {
  return (value, path) => {
    if (!isObject(value)) throw invalid(path, 'Input should be a valid dictionary');
    if (!Object.hasOwn(value, tag)) throw invalid(join(path, tag), 'Field required');
    const schema = Object.hasOwn(schemas, value[tag]) ? schemas[value[tag]] : otherwise;
    if (!schema) {
      throw invalid(
        path,
        `Input tag '${value[tag]}' found using '${tag}' does not match any of the ` +
          `expected tags: ${Object.keys(schemas)
            .map((v) => `'${v}'`)
            .join(', ')}`,
      );
    }
    schema(value, path);
  };
}

export function oneOf(...values) {
  return (value, path) => {
    if (!values.includes(value))
      throw invalid(path, `Input should be ${values.map((v) => JSON.stringify(v)).join(' or ')}`);
  };
}
