//! Manifests as packagers write them.

use std::fmt::Write as _;

/// A media playlist of so many segments, with a map.
pub(crate) fn hls(segments: usize) -> String {
    let mut text = "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:4\n#EXT-X-MEDIA-SEQUENCE:0\n\
                    #EXT-X-PLAYLIST-TYPE:VOD\n#EXT-X-MAP:URI=\"init.mp4\"\n"
        .to_owned();
    for number in 0..segments {
        write!(text, "#EXTINF:4.004000,\n720p/segment-{number:06}.m4s\n").unwrap();
    }
    text + "#EXT-X-ENDLIST\n"
}

fn mpd(inside: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n\
         <MPD xmlns=\"urn:mpeg:dash:schema:mpd:2011\" profiles=\"urn:mpeg:dash:profile:isoff-live:2011\" \
         type=\"static\" mediaPresentationDuration=\"PT1H6M40S\" minBufferTime=\"PT4S\">\n<Period id=\"0\">\n\
         <AdaptationSet contentType=\"video\" mimeType=\"video/mp4\" segmentAlignment=\"true\">\n\
         <Representation id=\"720p\" bandwidth=\"1500000\" codecs=\"avc1.4d401f\" width=\"1280\" height=\"720\">\n\
         {inside}\n</Representation>\n</AdaptationSet>\n</Period>\n</MPD>\n"
    )
}

/// An MPD that lists its segments.
pub(crate) fn segment_list(segments: usize) -> String {
    let mut text =
        "<SegmentList timescale=\"1000\" duration=\"4000\">\n<Initialization sourceURL=\"init.mp4\"/>\n"
            .to_owned();
    for number in 0..segments {
        writeln!(text, "<SegmentURL media=\"720p/segment-{number:06}.m4s\"/>").unwrap();
    }
    mpd(&(text + "</SegmentList>"))
}

/// An MPD with a template and so many entries in its timeline.
pub(crate) fn timeline(segments: usize) -> String {
    let mut text =
        "<SegmentTemplate timescale=\"90000\" media=\"720p/$Time$.m4s\" initialization=\"720p/init.mp4\">\n\
                    <SegmentTimeline>\n"
            .to_owned();
    for number in 0..segments {
        writeln!(text, "<S t=\"{}\" d=\"{}\" r=\"0\"/>", number * 360_360, 360_360).unwrap();
    }
    mpd(&(text + "</SegmentTimeline>\n</SegmentTemplate>"))
}
