//! A trace of each request reaches a collector. The program needs the feature: `cargo test --features otel --test traces`.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

/// Takes what is exported over HTTP, and sends path and body of each request on.
fn collector() -> (String, Receiver<(String, Vec<u8>)>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = format!("http://{}", listener.local_addr().expect("an address"));
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let sender = sender.clone();
            std::thread::spawn(move || take(&stream, &sender));
        }
    });
    (address, receiver)
}

fn take(stream: &TcpStream, sender: &Sender<(String, Vec<u8>)>) {
    let mut reader = BufReader::new(stream);
    loop {
        let (mut path, mut length) = (String::new(), 0);
        for line in (&mut reader).lines().map_while(Result::ok).take_while(|line| !line.is_empty()) {
            match line.split_once(": ") {
                Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                    length = value.parse().expect("a length")
                }
                Some(_) => {}
                None => path = line.split(' ').nth(1).expect("a path").to_owned(),
            }
        }
        let mut body = vec![0; length];
        if path.is_empty() || reader.read_exact(&mut body).is_err() || sender.send((path, body)).is_err() {
            return;
        }
        let mut stream = stream;
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").expect("it listens");
    }
}

fn contains(body: &[u8], part: &[u8]) -> bool {
    body.windows(part.len()).any(|window| window == part)
}

#[test]
fn a_request_is_a_span_of_its_callers_trace() {
    let (collector, arrived) = collector();
    let data = tempfile::tempdir().expect("a directory");
    let mut service = Command::new(env!("CARGO_BIN_EXE_moderato"))
        .args(["serve", "--listen", "127.0.0.1:0", "--data-dir"])
        .arg(data.path())
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", &collector)
        .current_dir(data.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("it starts");
    let mut line = String::new();
    BufReader::new(service.stdout.take().expect("piped")).read_line(&mut line).expect("a line");
    let address = line.trim().strip_prefix("listening on http://").expect("an address");

    let mut stream = TcpStream::connect(address).expect("it listens");
    let head = format!(
        "POST /v1/comments HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\ncontent-length: 2\r\n\
         content-type: application/json\r\ntraceparent: 00-{TRACE}-00f067aa0ba902b7-01\r\n\r\n{{}}"
    );
    stream.write_all(head.as_bytes()).expect("written");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 401 "), "{answer}");

    // What was not sent yet is sent when the process ends.
    let told = Command::new("kill").arg(service.id().to_string()).status().expect("kill runs");
    assert!(told.success() && service.wait().expect("it ends").success());
    let (path, body) = arrived.recv().expect("something was exported");
    assert_eq!(path, "/v1/traces");
    let trace: Vec<u8> = (0..16).map(|i| u8::from_str_radix(&TRACE[2 * i..2 * i + 2], 16).expect("hex")).collect();
    for part in [trace.as_slice(), b"POST /v1/comments", b"moderato", b"http.response.status_code"] {
        assert!(contains(&body, part), "{:?} is missing", String::from_utf8_lossy(part));
    }
}
