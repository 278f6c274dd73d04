// Reads an MPD with Shaka Player's own parser: node shaka.js <url> [how many updates]. What it asks for is answered
// from the JSON object on standard input, by URL without query, or else fetched. Prints what it asked for, and what it
// read as lines.
'use strict';

globalThis.window = globalThis.self = globalThis;
globalThis.navigator ??= { userAgent: 'node', vendor: '', platform: '', languages: ['en'] };
globalThis.location ??= new URL('https://page.example/');
globalThis.document ??= {
  createElement: () => ({ canPlayType: () => '' }),
  addEventListener() {},
  removeEventListener() {},
};
// Newer than the Node that the tests ask for; the player brings them along only where there is a page.
Map.prototype.getOrInsertComputed ??= function (key, compute) {
  if (!this.has(key)) this.set(key, compute(key));
  return this.get(key);
};
Uint8Array.fromBase64 ??= (text, { alphabet = 'base64' } = {}) => new Uint8Array(Buffer.from(text, alphabet));
// The build that keeps the names of properties.
const shaka = require('shaka-player/dist/shaka-player.dash-es2021.debug.js');
shaka.log.setLevel(shaka.log.Level.NONE);
const { readFileSync } = require('node:fs');
const { lines } = require('./lines.js');

const [, , url, updates = '0'] = process.argv;
const stored = JSON.parse(readFileSync(0, 'utf8') || '{}');
const asked = [];

async function answer(uri) {
  const kept = stored[uri.split('?')[0]];
  const response = kept === undefined ? await fetch(uri) : undefined;
  const [, base64] = kept?.match(/^base64,(.*)/) ?? [];
  const data = response ? new Uint8Array(await response.arrayBuffer()) : new Uint8Array(Buffer.from(base64 ?? kept, base64 ? 'base64' : 'utf8'));
  asked.push(`asked ${response ? response.status : 'stored'} ${uri}`);
  return { uri, originalUri: uri, data: data.buffer, headers: {}, status: response?.status ?? 200 };
}

for (const scheme of ['http', 'https']) {
  shaka.net.NetworkingEngine.registerScheme(
    scheme,
    (uri) => new shaka.util.AbortableOperation(answer(uri), () => Promise.resolve()),
    shaka.net.NetworkingEngine.PluginPriority.APPLICATION,
  );
}

async function read(manifest) {
  const streams = manifest.variants.flatMap((variant) => [variant.video, variant.audio]);
  for (const stream of new Set([...streams, ...manifest.textStreams].filter(Boolean))) {
    await stream.createSegmentIndex();
    console.log(`stream ${stream.originalId} ${stream.mimeType} ${stream.codecs}`);
    for (const line of lines(stream.drmInfos ?? [], 'drm')) console.log(line);
    for (const reference of stream.segmentIndex ?? []) {
      const init = reference.initSegmentReference;
      console.log(`from ${reference.startTime} to ${reference.endTime}`);
      for (const part of [reference, init].filter(Boolean)) {
        for (const uri of new Set(part.getUris())) console.log(`bytes ${part.startByte}-${part.endByte} of ${uri}`);
      }
    }
  }
}

async function main() {
  const defaults = shaka.util.PlayerConfiguration.createDefault();
  const networking = new shaka.net.NetworkingEngine();
  networking.configure(defaults.networking);
  const parser = new shaka.dash.DashParser();
  defaults.manifest.retryParameters.maxAttempts = 1;
  parser.configure(defaults.manifest, () => false);
  // What a player offers its parser; all but errors is left out.
  const offered = {
    networkingEngine: networking,
    onError: (error) => { throw error; },
    getConfiguration: () => defaults,
    getBandwidthEstimate: () => 1e6,
    filter: async () => {},
  };
  const manifest = await parser.start(url, new Proxy(offered, { get: (it, name) => it[name] ?? (() => false) }));
  for (let done = 0; done < Number(updates); done++) await parser.update();
  await read(manifest);
  for (const line of asked) console.log(line);
  await parser.stop();
}

main().then(() => process.exit(0), (error) => { console.error(error); process.exit(1); });
