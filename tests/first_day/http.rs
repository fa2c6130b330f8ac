//! A small HTTP/1.1 client: what a load generator needs to know is whether a request was answered, and the tests keep
//! no dependency for it.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// A connection, kept open between requests.
pub struct Connection {
    port: u16,
    open: Option<BufReader<TcpStream>>,
}

impl Connection {
    pub fn new(port: u16) -> Self {
        Self { port, open: None }
    }

    /// Asks; an error is a connection refused, cut or silent, and leaves nothing open.
    pub fn ask(&mut self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> std::io::Result<(u16, String)> {
        let answered = self.try_ask(method, path, headers, body);
        if answered.is_err() {
            self.open = None;
        }
        answered
    }

    fn try_ask(&mut self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> std::io::Result<(u16, String)> {
        if self.open.is_none() {
            let stream = TcpStream::connect_timeout(&SocketAddr::from(([127, 0, 0, 1], self.port)), Duration::from_secs(5))?;
            stream.set_read_timeout(Some(Duration::from_secs(30)))?;
            stream.set_nodelay(true)?;
            self.open = Some(BufReader::new(stream));
        }
        let reader = self.open.as_mut().ok_or(std::io::ErrorKind::NotConnected)?;
        let mut request = format!("{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nContent-Length: {}\r\n", self.port, body.len());
        for (name, value) in headers {
            request.push_str(name);
            request.push_str(": ");
            request.push_str(value);
            request.push_str("\r\n");
        }
        request.push_str("\r\n");
        request.push_str(body);
        reader.get_mut().write_all(request.as_bytes())?;
        let bad = |what: &str| std::io::Error::new(std::io::ErrorKind::InvalidData, what.to_owned());
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        let status = line.split(' ').nth(1).and_then(|s| s.parse().ok()).ok_or_else(|| bad("status"))?;
        let (mut length, mut close, mut chunked) = (None, false, false);
        loop {
            line.clear();
            if reader.read_line(&mut line)? == 0 {
                return Err(std::io::ErrorKind::UnexpectedEof.into());
            }
            let header = line.trim_end().to_ascii_lowercase();
            if header.is_empty() {
                break;
            }
            match header.split_once(':').map(|(n, v)| (n, v.trim())) {
                Some(("content-length", value)) => length = value.parse::<usize>().ok(),
                Some(("connection", "close")) => close = true,
                Some(("transfer-encoding", "chunked")) => chunked = true,
                _ => {}
            }
        }
        let mut answer = Vec::new();
        if chunked {
            loop {
                line.clear();
                reader.read_line(&mut line)?;
                let size = usize::from_str_radix(line.trim(), 16).map_err(|_| bad("chunk"))?;
                let mut chunk = vec![0; size + 2];
                reader.read_exact(&mut chunk)?;
                if size == 0 {
                    break;
                }
                answer.extend_from_slice(&chunk[..size]);
            }
        } else {
            answer = vec![0; length.ok_or_else(|| bad("length"))?];
            reader.read_exact(&mut answer)?;
        }
        if close {
            self.open = None;
        }
        Ok((status, String::from_utf8_lossy(&answer).into_owned()))
    }
}

/// One request of its own.
pub fn get(port: u16, path: &str, headers: &[(&str, &str)]) -> (u16, String) {
    Connection::new(port).ask("GET", path, headers, "").unwrap_or_else(|e| panic!("GET {path}: {e}"))
}
