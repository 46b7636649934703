//! Starts py3signer for a test. Copy this file into your project.
#![allow(dead_code)] // each file of tests uses a part of it

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

/// A running signer. It stops when it is dropped, or when the process of the test ends.
pub struct Signer {
    pub url: String,       // of Web3Signer's API, such as http://127.0.0.1:41234
    pub keys: Vec<String>, // public keys, as hex
    process: Child,
}

impl Signer {
    /// Starts a signer with flags of `signer serve`, such as "--interop", "4".
    /// SIGNER_COMMAND replaces the command `signer`; it is split at spaces.
    pub fn start(flags: &[&str]) -> Signer {
        let program = std::env::var("SIGNER_COMMAND").unwrap_or("signer".into());
        let own = "serve --control --port 0 --ready-json --exit-with-parent --no-metrics --quiet";
        let mut words = program.split_whitespace().chain(own.split(' '));
        let mut process = Command::new(words.next().unwrap())
            .args(words)
            .args(flags)
            .stdin(Stdio::piped()) // the signer stops when it closes
            .stdout(Stdio::piped()) // and its errors go to the test's
            .spawn()
            .unwrap_or_else(|e| panic!("{program}: {e}: install py3signer, or set SIGNER_COMMAND"));
        let mut line = String::new();
        let output = process.stdout.as_mut().unwrap();
        BufReader::new(output).read_line(&mut line).unwrap();
        let url = member(&line, "url").expect("the signer ended: its error is above");
        let keys = control(&url, "GET", "/keys", "");
        let keys = keys.split('"').skip(1).step_by(2); // between the quotes
        let keys = keys.map(String::from).collect();
        Signer { url, keys, process }
    }

    /// Sets a fault, such as {"type": "ATTESTATION", "status": 412}, and returns its id.
    pub fn fault(&self, fault: &str) -> String {
        let answer = control(&self.url, "POST", "/faults", fault);
        member(&answer, "id").unwrap()
    }

    /// Returns the requests that a query selects, each as JSON: "type=ATTESTATION&status=412".
    /// With "&n=1&wait=5" it waits up to 5 seconds for one.
    pub fn records(&self, query: &str) -> Vec<String> {
        let records = control(&self.url, "GET", &format!("/requests?{query}"), "");
        items(&records).into_iter().map(String::from).collect()
    }

    /// Forgets records, faults and signing histories.
    pub fn reset(&self) {
        control(&self.url, "POST", "/reset", "");
    }
}

impl Drop for Signer {
    fn drop(&mut self) {
        let status = self.process.wait().unwrap(); // closes its standard input
        assert!(status.success() || std::thread::panicking(), "{status}");
    }
}

/// Sends a request over HTTP/1.0, which has no chunks, and returns the body of the response.
fn control(url: &str, method: &str, path: &str, body: &str) -> String {
    let length = body.len();
    let head = format!("{method} /_signer{path} HTTP/1.0\r\nContent-Length: {length}\r\n\r\n");
    let mut stream = TcpStream::connect(url.trim_start_matches("http://")).unwrap();
    stream.write_all((head + body).as_bytes()).unwrap();
    let mut response = String::new();
    stream.read_to_string(&mut response).unwrap();
    assert_eq!("200", &response[9..12], "{method} {path}: {response}");
    response.split_once("\r\n\r\n").unwrap().1.to_string()
}

/// Splits a JSON list or object into its items, which are JSON too.
pub fn items(json: &str) -> Vec<&str> {
    let (mut depth, mut quoted, mut escaped) = (0, false, false);
    let is_end = |letter: char| {
        quoted ^= letter == '"' && !escaped;
        escaped = letter == '\\' && !escaped;
        let nesting = "[{".contains(letter) as i32 - "]}".contains(letter) as i32;
        depth += if quoted { 0 } else { nesting };
        letter == ',' && depth == 0 && !quoted
    };
    let json = json.trim();
    let inner = json.get(1..json.len().max(1) - 1).unwrap_or("");
    let items = inner.split(is_end).map(str::trim);
    items.filter(|item| !item.is_empty()).collect()
}

/// Returns a member of a JSON object: a text without its quotes, other values as JSON.
pub fn member(object: &str, name: &str) -> Option<String> {
    let start = format!("\"{name}\":");
    let mut items = items(object).into_iter();
    let value = items.find_map(|item| item.strip_prefix(&start))?;
    Some(value.trim().trim_matches('"').to_string())
}
