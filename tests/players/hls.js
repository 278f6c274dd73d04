// Reads the playlist on standard input with hls.js's own parser: node hls.js <url of the playlist>.
'use strict';

globalThis.self = globalThis;
const { readFileSync } = require('node:fs');
const { lines } = require('./lines.js');

const text = readFileSync(0, 'utf8');
const url = process.argv[2];

import('hls.js').then(({ M3U8Parser }) => {
  for (const line of lines(read(M3U8Parser))) console.log(line);
});

function read(M3U8Parser) {
  if (!M3U8Parser.isMediaPlaylist(text)) {
    const multivariant = M3U8Parser.parseMasterPlaylist(text, url);
    return { multivariant, media: M3U8Parser.parseMasterPlaylistMedia(text, url, multivariant) };
  }
  const details = M3U8Parser.parseLevelPlaylist(text, url, 0, 'main', 0, null);
  // What is worked out when it is asked for.
  const resolved = details.fragments.filter(Boolean).map((fragment) => ({
    url: fragment.url,
    init: fragment.initSegment?.url,
    key: fragment.decryptdata?.uri,
    range: fragment.byteRange,
  }));
  const parts = (details.partList ?? []).map((part) => part.url);
  return { resolved, parts, details: { ...details, m3u8: undefined, url: undefined } };
}
