#!/bin/sh
# Fetches the players that the page embeds, from npm, and packs them under players/ as they are served. Needs npm, and runs from
# any directory:
#
#   crates/cli/demo/vendor-players.sh
#
# hls.js is under the Apache License 2.0, dash.js under a BSD licence of three clauses. Their licences are packed beside them.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

npm pack --silent hls.js@1.7.4 dashjs@5.2.1
for archive in hls.js dashjs; do
    mkdir "$archive"
    tar xzf "$archive"-*.tgz -C "$archive"
done

players=$here/players
rm -rf "$players"
mkdir -p "$players"
gzip -9nc hls.js/package/dist/hls.min.js > "$players/hls.js.gz"
gzip -9nc dashjs/package/dist/modern/umd/dash.mediaplayer.min.js > "$players/dash.js.gz"
{
    echo '# hls.js 1.7.4'
    cat hls.js/package/LICENSE
    printf '\n# dash.js 5.2.1\n'
    cat dashjs/package/LICENSE.md
    printf '\n# Contained in dash.js\n'
    cat dashjs/package/dist/modern/umd/dash.mediaplayer.min.js.LICENSE.txt
} > "$players/LICENSES"
ls -l "$players"
