use super::*;

#[test]
fn a_folder_finds_video_and_key_in_whole_segments() {
    let token = "0123456789abcdef".repeat(2);
    let below_token = format!("/embed/{token}/v/1/7-5c0de7e1.key");
    for (name, folder, path, video) in [
        ("a key", "/videos/{video}/keys/", "/videos/1/keys/7-5c0de7e1.key", Some("1")),
        ("beside the segments", "/{video}/", "/vidéo 1/7-5c0de7e1.key", Some("vidéo 1")),
        ("below a token", "/embed/{token}/v/{video}/", &below_token, Some("1")),
        ("no token", "/embed/{token}/v/{video}/", "/embed/x/v/1/7-5c0de7e1.key", None),
        ("another folder", "/videos/{video}/keys/", "/videos/1/key/7-5c0de7e1.key", None),
        ("another root", "/videos/{video}/keys/", "/video/1/keys/7-5c0de7e1.key", None),
        ("in another case", "/videos/{video}/keys/", "/Videos/1/keys/7-5c0de7e1.key", None),
        ("above it", "/videos/{video}/keys/", "/videos/1/7-5c0de7e1.key", None),
        ("below it", "/videos/{video}/keys/", "/videos/1/keys/a/7-5c0de7e1.key", None),
        ("two segments for a video", "/videos/{video}/keys/", "/videos/1/2/keys/7-5c0de7e1.key", None),
        ("the folder", "/videos/{video}/keys/", "/videos/1/keys/", None),
        ("a slash too many", "/videos/{video}/keys/", "/videos/1/keys/7-5c0de7e1.key/", None),
        ("no key", "/videos/{video}/keys/", "/videos/1/keys/7.key", None),
    ] {
        let found = Folder::parse(folder).unwrap();
        let found = found.read(path);
        assert_eq!(found.map(|wanted| wanted.video), video, "{name}");
        let key = found.map(|wanted| wanted.name.to_string());
        assert_eq!(key.as_deref(), video.map(|_| "7-5c0de7e1.key"), "{name}");
    }
}

#[test]
fn a_folder_that_means_nothing_is_refused_with_the_remedy() {
    for (name, folder, said) in [
        ("nothing", "", "is not a path in its normal form"),
        ("no leading slash", "videos/{video}/", "is not a path in its normal form"),
        ("an empty segment", "/a//{video}/", "is not a path in its normal form"),
        ("percent-encoded", "/a%20b/{video}/", "is not a path in its normal form"),
        ("no slash at its end", "/videos/{video}", "does not end in a slash"),
        ("the root", "/", "does not end in a slash"),
        ("no video", "/videos/", "has no {video}, or several"),
        ("two videos", "/{video}/{video}/", "has no {video}, or several"),
        ("a video in part of a segment", "/v{video}/", "has braces"),
        ("another name", "/{bucket}/{video}/", "has braces"),
    ] {
        let error = Folder::parse(folder).unwrap_err().to_string();
        assert!(error.contains(said), "{name}: {error}");
        assert!(error.ends_with("write one such as \"/videos/{video}/keys/\""), "{name}: {error}");
    }
}
