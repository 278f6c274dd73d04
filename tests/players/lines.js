// What a parser made of a manifest, as lines `path: value`, so that two readings can be compared line by line.
'use strict';

/* Every leaf of a value, in order; objects that were met before are not entered again. */
function* lines(value, path = '', met = new Set(), leave = () => false) {
  if (value === null || typeof value !== 'object') {
    if (value !== undefined && typeof value !== 'function') yield `${path}: ${JSON.stringify(value)}`;
    return;
  }
  if (ArrayBuffer.isView(value)) {
    yield `${path}: ${Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('hex')}`;
    return;
  }
  if (value instanceof Date) {
    yield `${path}: ${value.toISOString()}`;
    return;
  }
  if (met.has(value)) return;
  met.add(value);
  const entries = value instanceof Map ? value.entries() : Object.entries(value);
  for (const [name, child] of entries) {
    if (!leave(name, child)) yield* lines(child, `${path}/${name}`, met, leave);
  }
}

module.exports = { lines };
