//! What the same check costs nginx: CPU time of its worker per request, with and without `secure_link`.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use md5::Digest as _;

use super::SECRET;

const PATH: &str = "/videos/8f14e45f/720p/segment-00042.ts";
const REQUESTS: u32 = 20_000;
const ROUNDS: usize = 9;

/// Prints a line, or says that nginx is not there.
pub(crate) fn print() {
    let Some((_child, folder, port)) = start() else {
        println!("\nnginx is not installed: what `secure_link` costs there is not measured.");
        return;
    };
    let hash = md5::Md5::digest(format!("4102444800{PATH} {SECRET}"));
    let hash = base64_simd::URL_SAFE_NO_PAD.encode_to_string(hash);
    let query = format!("?md5={hash}&expires=4102444800");
    let (mut with, mut without) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        without.push(cpu_per_request(&folder, port, &format!("/open{PATH}{query}")));
        with.push(cpu_per_request(&folder, port, &format!("{PATH}{query}")));
    }
    let median = |samples: &mut Vec<f64>| {
        samples.sort_by(f64::total_cmp);
        samples[samples.len() / 2]
    };
    let (with, without) = (median(&mut with), median(&mut without));
    println!(
        "\nnginx, CPU time per request (`return 200`, keep-alive, medians of {ROUNDS} interleaved rounds): {without:.1} µs, \
         with `secure_link` {with:.1} µs."
    );
}

struct Nginx(Child);

impl Drop for Nginx {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn start() -> Option<(Nginx, tempfile::TempDir, u16)> {
    let folder = tempfile::tempdir().ok()?;
    let port = TcpListener::bind("127.0.0.1:0").ok()?.local_addr().ok()?.port();
    let here = folder.path().display();
    let config = format!(
        "daemon off; master_process off; pid {here}/pid; error_log {here}/error.log;\n\
         events {{}}\nhttp {{ access_log off; keepalive_requests 1000000000; client_body_temp_path {here};\n\
         proxy_temp_path {here}; fastcgi_temp_path {here}; uwsgi_temp_path {here}; scgi_temp_path {here};\n\
         server {{ listen 127.0.0.1:{port};\n\
         location /open {{ return 200; }}\n\
         location / {{ secure_link $arg_md5,$arg_expires; secure_link_md5 \"$secure_link_expires$uri {SECRET}\";\n\
         if ($secure_link = \"\") {{ return 403; }} if ($secure_link = \"0\") {{ return 410; }} return 200; }} }} }}\n"
    );
    let file = folder.path().join("nginx.conf");
    fs::write(&file, config).ok()?;
    let child = ["nginx", "/usr/sbin/nginx"].iter().find_map(|program| {
        let mut command = Command::new(program);
        command.arg("-c").arg(&file).arg("-p").arg(folder.path()).stderr(Stdio::null()).spawn().ok()
    })?;
    let child = Nginx(child);
    for _ in 0..100 {
        if TcpStream::connect(("127.0.0.1", port)).is_ok() {
            return Some((child, folder, port));
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    None
}

/// Microseconds of CPU time, from the kernel's count of the process.
fn cpu_per_request(folder: &tempfile::TempDir, port: u16, target: &str) -> f64 {
    let pid = fs::read_to_string(folder.path().join("pid")).unwrap();
    let ticks = || {
        let stat = fs::read_to_string(format!("/proc/{}/stat", pid.trim())).unwrap();
        let fields: Vec<&str> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
        fields[11].parse::<f64>().unwrap() + fields[12].parse::<f64>().unwrap()
    };
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    let request = format!("GET {target} HTTP/1.1\r\nHost: cdn.example.com\r\n\r\n");
    let mut answer = [0; 4096];
    let before = ticks();
    for _ in 0..REQUESTS {
        stream.write_all(request.as_bytes()).unwrap();
        let len = stream.read(&mut answer).unwrap();
        assert!(answer[..len].starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&answer[..len]));
    }
    (ticks() - before) * 10_000.0 / f64::from(REQUESTS) // a tick is a hundredth of a second
}
