#!/bin/sh
# Makes every sample file under media/ from ffmpeg's own test pictures and a
# sine tone, so the repository carries nobody's film. Needs ffmpeg, nothing
# else, and runs from any directory:
#
#   examples/make-media.sh
#
# The same ffmpeg build gives the same bytes on every run.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
media=$here/media
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Start clean, so that no segment of an older, longer version is left behind.
rm -rf "$media"
mkdir -p "$media/videos/1/360p" "$media/videos/1/180p" "$media/videos/1/dash"

# -bitexact drops version strings and creation times from what is written.
ff() { ffmpeg -nostdin -v error -y "$@"; }
exact='-fflags +bitexact -flags:v +bitexact -flags:a +bitexact -map_metadata -1'

# Main profile and yuv420p play in every browser. A key frame exactly every
# 3 seconds (75 frames) and no others lets all renditions be cut at the same
# places; no B-frames keeps decode order and display order the same, so the
# muxers need no edit lists. One thread, because x264's output depends on the
# number of threads and so on the machine. ffmpeg draws its test pictures
# in BT.601 colours; converted to BT.709 and labelled so, they look the same in
# MP4 and in transport streams, where some players assume BT.709.
video='-c:v libx264 -preset veryslow -profile:v main -pix_fmt yuv420p -bf 0
       -g 75 -keyint_min 75 -sc_threshold 0 -threads 1
       -vf scale=in_color_matrix=bt601:out_color_matrix=bt709
       -colorspace bt709 -color_primaries bt709 -color_trc bt709 -color_range tv'
audio='-c:a aac -b:a 32k -ac 1 -ar 44100'

# 12 seconds with a clock and a frame counter.
# Encoded once per size; everything below only repackages these two files.
encode() { # height, width, level, quality
    # shellcheck disable=SC2086 # the option lists are meant to be split
    ff -f lavfi -i "testsrc2=size=${2}x$1:rate=25:duration=12" \
       -f lavfi -i "sine=frequency=440:sample_rate=44100:duration=12" \
       $video -level:v "$3" -crf "$4" $audio $exact "$work/$1p.mp4"
}
encode 360 640 3.0 35
encode 180 320 1.3 35

# MP4, with the index in front so that playback starts before the last byte.
# shellcheck disable=SC2086
ff -i "$work/360p.mp4" -c copy $exact -movflags +faststart "$media/videos/1/movie.mp4"

# HLS, two renditions of four segments each. Every URI is relative: the token
# belongs to the request, never to the playlist.
for size in 360p 180p; do
    # shellcheck disable=SC2086
    ff -i "$work/$size.mp4" -c copy $exact -f hls -hls_time 3 \
       -hls_playlist_type vod -hls_flags independent_segments \
       -hls_segment_filename "$media/videos/1/$size/seg-%d.ts" \
       "$media/videos/1/$size/index.m3u8"
done

# The bit rates of a rendition as its segments really are: the highest of any
# segment (BANDWIDTH) and the mean over all of them (AVERAGE-BANDWIDTH).
rates() { # folder of the rendition
    sed -n -e 's/^#EXTINF:\([0-9.]*\).*/\1/p' -e '/^seg-/p' "$1/index.m3u8" |
    while read -r seconds && read -r segment; do
        echo "$seconds $(wc -c < "$1/$segment")"
    done |
    awk '{ rate = $2 * 8 / $1; if (rate > peak) peak = rate; time += $1; size += $2 }
         END { printf "BANDWIDTH=%d,AVERAGE-BANDWIDTH=%d", peak + 1, size * 8 / time + 1 }'
}

# Written by hand, because ffmpeg does not know the bit rates of streams it
# copies. avc1.4d401e is Main profile level 3.0, avc1.4d400d is level 1.3 and
# mp4a.40.2 is AAC-LC.
cat > "$media/videos/1/master.m3u8" <<END
#EXTM3U
#EXT-X-VERSION:6
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-STREAM-INF:$(rates "$media/videos/1/360p"),RESOLUTION=640x360,FRAME-RATE=25.000,CODECS="avc1.4d401e,mp4a.40.2"
360p/index.m3u8
#EXT-X-STREAM-INF:$(rates "$media/videos/1/180p"),RESOLUTION=320x180,FRAME-RATE=25.000,CODECS="avc1.4d400d,mp4a.40.2"
180p/index.m3u8
END

# DASH: both sizes share one audio track. The muxer puts its files next to the
# manifest, so it is run from there.
# shellcheck disable=SC2086
(cd "$media/videos/1/dash" &&
 ff -i "$work/360p.mp4" -i "$work/180p.mp4" -map 0:v -map 1:v -map 0:a -c copy $exact \
    -f dash -seg_duration 3 -use_template 1 -use_timeline 1 \
    -adaptation_sets 'id=0,streams=v id=1,streams=a' \
    -init_seg_name 'init-$RepresentationID$.mp4' \
    -media_seg_name 'seg-$RepresentationID$-$Number$.m4s' manifest.mpd)

find "$media" -type f -exec cat {} + | wc -c | awk '{ print "media: " $1 " bytes" }'
