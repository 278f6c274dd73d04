#!/bin/sh
# Makes the files under media/: a zoom into the Mandelbrot set with a clock, a soft chord and captions, as one set of CMAF
# segments with an HLS and an MPEG-DASH manifest. Everything is generated, so nobody else holds rights in it. Needs ffmpeg with
# libx264 and the font DejaVu Sans Mono, and runs from any directory:
#
#   crates/cli/demo/make-media.sh
#
# All files are in one directory, because a secure link covers the files of one directory.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
media=$here/media
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

rm -rf "$media"
mkdir -p "$media"

ff() { ffmpeg -nostdin -v error -y "$@"; }
exact='-fflags +bitexact -flags:v +bitexact -flags:a +bitexact -map_metadata -1'
seconds=24

# The point that the zoom ends at is in the valley of the seahorses. The picture is drawn larger than it is shown, and blurred a
# little, so that its finest parts do not flicker and cost no bits. The colours of a palette replace ffmpeg's own.
ff -f lavfi -i "mandelbrot=size=960x540:rate=25:start_x=-0.743643887037158704752191506114774:start_y=-0.131825904205311970493132056385139:start_scale=0.12:end_scale=0.0006:end_pts=$((seconds * 25)):maxiter=900:inner=black:outer=normalized_iteration_count" \
   -t "$seconds" -vf 'format=gray,gblur=sigma=1.5,format=yuv444p,pseudocolor=preset=plasma' -c:v ffv1 "$work/zoom.mkv"

# A key frame every 4 seconds and no others, so that both renditions are cut at the same places. One thread, because the output
# of x264 depends on the number of threads. Main profile and yuv420p play in every browser.
encode() { # height, width, level, quality, font size
    # shellcheck disable=SC2086 # the option lists are meant to be split
    ff -i "$work/zoom.mkv" \
       -vf "scale=$2:$1:flags=area:in_color_matrix=bt601:out_color_matrix=bt709,drawtext=font='DejaVu Sans Mono':text='%{pts\\:gmtime\\:0\\:%M\\\\\\:%S}  $1p':x=w-tw-h/18:y=h-th-h/18:fontsize=$5:fontcolor=white:box=1:boxcolor=black@0.45:boxborderw=$(($5 / 3)),format=yuv420p" \
       -c:v libx264 -preset veryslow -profile:v main -level:v "$3" -crf "$4" -bf 0 -g 100 -keyint_min 100 -sc_threshold 0 -threads 1 \
       -colorspace bt709 -color_primaries bt709 -color_trc bt709 -color_range tv $exact "$work/$1p.mp4"
}
encode 360 640 3.0 31 20
encode 180 320 1.3 33 12

# A chord that swells and fades.
chord='0.10*(0.6+0.4*sin(2*PI*t/8))*(sin(2*PI*110*t)+0.7*sin(2*PI*164.81*t)+0.5*sin(2*PI*220*t)+0.35*sin(2*PI*277.18*t))'
# shellcheck disable=SC2086
ff -f lavfi -i "aevalsrc=$chord:s=44100:d=23.9" -af "afade=in:d=1,afade=out:st=$((seconds - 2)):d=2" \
   -c:a aac -b:a 40k -ac 1 $exact "$work/audio.mp4"

# The DASH muxer writes the HLS playlists over the same segments.
# shellcheck disable=SC2086
(cd "$media" &&
 ff -i "$work/360p.mp4" -i "$work/180p.mp4" -i "$work/audio.mp4" -map 0:v -map 1:v -map 2:a -c copy $exact \
    -f dash -seg_duration 4 -use_template 1 -use_timeline 0 -hls_playlist 1 -hls_master_name master.m3u8 \
    -adaptation_sets 'id=0,streams=v id=1,streams=a' \
    -init_seg_name 'init-$RepresentationID$.mp4' \
    -media_seg_name 'seg-$RepresentationID$-$Number$.m4s' manifest.mpd)

# One file, with the index in front, for players without HLS and DASH.
# shellcheck disable=SC2086
ff -i "$work/180p.mp4" -i "$work/audio.mp4" -map 0:v -map 1:a -c copy $exact -movflags +faststart "$media/movie.mp4"

# The dates of a recording have no meaning here, and the peak rate of a rendition is that of its largest segment.
sed -i '/^#EXT-X-PROGRAM-DATE-TIME/d' "$media"/media_*.m3u8
peak() { # number of the rendition
    wc -c "$media/seg-$1-"*.m4s "$media"/seg-2-1.m4s |
    awk '$2 ~ /seg-2-1/ { sound = $1 } $2 !~ /total|seg-2-1/ && $1 > most { most = $1 } END { print int((most + sound) * 8 / 4) + 1 }'
}
sed -i -e "/RESOLUTION=640/s/BANDWIDTH=[0-9]*/BANDWIDTH=$(peak 0)/" -e "/RESOLUTION=320/s/BANDWIDTH=[0-9]*/BANDWIDTH=$(peak 1)/" \
    -e 's/NAME="audio_2"/NAME="Chord"/' -e '/^$/d' "$media/master.m3u8"

# Captions: one WebVTT file for both manifests.
cat > "$media/captions.vtt" <<'END'
WEBVTT
X-TIMESTAMP-MAP=MPEGTS:0,LOCAL:00:00:00.000

00:00.500 --> 00:05.000
Every second of this film is requested with a credential.

00:06.000 --> 00:11.000
Take the credential away, and the next segment is refused.

00:12.000 --> 00:17.000
The player keeps what it has buffered, then it stops.

00:18.000 --> 00:23.500
The list beside the player shows which rule refused it.
END
cat > "$media/captions.m3u8" <<END
#EXTM3U
#EXT-X-VERSION:6
#EXT-X-TARGETDURATION:$seconds
#EXT-X-MEDIA-SEQUENCE:1
#EXT-X-PLAYLIST-TYPE:VOD
#EXTINF:$seconds.0,
captions.vtt
#EXT-X-ENDLIST
END
sed -i -e '/^#EXT-X-VERSION/a #EXT-X-INDEPENDENT-SEGMENTS\n#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="captions",NAME="English",LANGUAGE="en",DEFAULT=NO,AUTOSELECT=YES,URI="captions.m3u8"' \
    -e '/^#EXT-X-STREAM-INF/s/$/,SUBTITLES="captions"/' "$media/master.m3u8"
sed -i 's|^\t</Period>|\t\t<AdaptationSet id="2" contentType="text" mimeType="text/vtt" lang="en">\n\t\t\t<Representation id="captions" bandwidth="256">\n\t\t\t\t<BaseURL>captions.vtt</BaseURL>\n\t\t\t</Representation>\n\t\t</AdaptationSet>\n&|' \
    "$media/manifest.mpd"

find "$media" -type f -exec cat {} + | wc -c | awk '{ print "media: " $1 " bytes" }'
