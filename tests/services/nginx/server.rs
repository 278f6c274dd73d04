//! An nginx of this test's own: everything it writes is in one folder that goes with it.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

use super::Format;
use super::generate::Case;
use crate::support::serving::launch;
use crate::support::skip::is_installed;

/// A running nginx; ends with this value.
pub(crate) struct Nginx {
    process: Child,
    port: u16,
    version: String,
    _folder: TempDir,
}

impl Nginx {
    /// One server for each format; the first answers every other host too. `None` where there is no nginx.
    pub(crate) fn start(formats: &[Format]) -> Option<Self> {
        Self::serve(|port| servers(formats, port))
    }

    /// An nginx with what `http` returns for its port inside `http { … }`. `None` where there is no nginx.
    pub(crate) fn serve(http: impl Fn(u16) -> String) -> Option<Self> {
        let program = ["nginx", "/usr/sbin/nginx", "/usr/local/sbin/nginx", "/usr/local/nginx/sbin/nginx"]
            .into_iter()
            .find(|program| Command::new(program).arg("-v").stderr(Stdio::null()).status().is_ok());
        is_installed("nginx", program.is_some());
        let program = program?;
        let version = Command::new(program).arg("-v").output().unwrap().stderr;
        let version = String::from_utf8(version).unwrap().trim().to_owned();
        let folder = TempDir::new().unwrap();
        // Another program may take the port before nginx does.
        for _ in 0..5 {
            let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
            fs::write(folder.path().join("nginx.conf"), configuration(&http(port))).unwrap();
            let mut nginx = Command::new(program);
            nginx.arg("-p").arg(folder.path()).args(["-c", "nginx.conf", "-e", "error.log"]);
            if let Some(process) = launch(&mut nginx, port) {
                return Some(Self { process, port, version, _folder: folder });
            }
        }
        let log = fs::read_to_string(folder.path().join("error.log")).unwrap_or_default();
        panic!("nginx does not start:\n{log}");
    }

    pub(crate) fn version(&self) -> &str {
        &self.version
    }

    pub(crate) const fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn connect(&self) -> Connection {
        Connection { port: self.port, open: None }
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn servers(formats: &[Format], port: u16) -> String {
    let server = |Format { host, location, secure_link, secure_link_md5, .. }: &Format| {
        format!(
            r#"
    server {{
        listen 127.0.0.1:{port};
        server_name {host};
        location {location} {{
            secure_link {secure_link};
            secure_link_md5 "{secure_link_md5}";
            if ($secure_link = "") {{ return 403; }}
            if ($secure_link = "0") {{ return 410; }}
            return 200 "";
        }}
    }}"#
        )
    };
    let realip = "set_real_ip_from 127.0.0.1;\n    real_ip_header X-Forwarded-For;";
    formats.iter().map(server).fold(realip.to_owned(), |all, server| all + &server)
}

fn configuration(http: &str) -> String {
    format!(
        r"daemon off;
master_process off;
pid nginx.pid;
events {{ worker_connections 64; }}
http {{
    access_log off;
    client_body_temp_path temp;
    proxy_temp_path temp;
    fastcgi_temp_path temp;
    uwsgi_temp_path temp;
    scgi_temp_path temp;
    keepalive_requests 1000000;
    large_client_header_buffers 4 64k;
    {http}
}}
"
    )
}

/// Asks one request after the other; nginx closes the connection after a bad one.
pub(crate) struct Connection {
    port: u16,
    open: Option<BufReader<TcpStream>>,
}

impl Connection {
    /// The status of the answer.
    pub(crate) fn ask(&mut self, case: &Case) -> u16 {
        let mut request = b"GET ".to_vec();
        request.extend(&case.target);
        let fields = format!(" HTTP/1.1\r\nHost: {}\r\nX-Forwarded-For: {}\r\n\r\n", case.host, case.client);
        request.extend(fields.as_bytes());
        let port = self.port;
        let stream = self.open.get_or_insert_with(|| {
            let stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
            stream.set_nodelay(true).unwrap();
            stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
            BufReader::new(stream)
        });
        stream.get_ref().write_all(&request).unwrap();
        let (mut status, mut length, mut stays) = (None, 0, true);
        loop {
            let mut line = String::new();
            stream.read_line(&mut line).unwrap();
            let line = line.trim_end();
            if let Some(rest) = line.strip_prefix("HTTP/1.1 ") {
                status = rest.get(..3).and_then(|digits| digits.parse().ok());
            } else if let Some(digits) = line.strip_prefix("Content-Length: ") {
                length = digits.parse().unwrap();
            } else if line == "Connection: close" {
                stays = false;
            } else if line.is_empty() {
                break;
            }
        }
        let mut body = vec![0; length];
        stream.read_exact(&mut body).unwrap();
        if !stays {
            self.open = None;
        }
        status.unwrap_or_else(|| panic!("no answer to {}", case.shown()))
    }
}
