mod signer;

use std::io::{Read, Write};
use std::net::TcpStream;

use signer::{member, Signer};

const ATTESTATION: &str = r#"{
    "type": "ATTESTATION",
    "fork_info": {
        "fork": {"previous_version": "0x05000000", "current_version": "0x06000000", "epoch": "0"},
        "genesis_validators_root": "0x3333333333333333333333333333333333333333333333333333333333333333"
    },
    "attestation": {
        "slot": "32",
        "index": "0",
        "beacon_block_root": "0x1111111111111111111111111111111111111111111111111111111111111111",
        "source": {"epoch": "0", "root": "0x2222222222222222222222222222222222222222222222222222222222222222"},
        "target": {"epoch": "1", "root": "0x1111111111111111111111111111111111111111111111111111111111111111"}
    }
}"#;

/// Stands for your client: asks once more if the signer is unavailable, and returns the status.
fn attest(url: &str, key: &str) -> u16 {
    match post(url, key) {
        503 => post(url, key),
        status => status,
    }
}

fn post(url: &str, key: &str) -> u16 {
    let host = url.trim_start_matches("http://");
    let length = ATTESTATION.len();
    let head = format!("POST /api/v1/eth2/sign/{key} HTTP/1.0\r\nContent-Length: {length}");
    let mut stream = TcpStream::connect(host).unwrap();
    write!(stream, "{head}\r\n\r\n{ATTESTATION}").unwrap();
    let mut response = String::new();
    stream.read_to_string(&mut response).unwrap();
    response[9..12].parse().unwrap()
}

#[test]
fn a_client_attests() {
    let signer = Signer::start(&["--interop", "2"]);
    let key = &signer.keys[1];

    assert_eq!(200, attest(&signer.url, key));

    let records = signer.records("type=ATTESTATION");
    assert_eq!(1, records.len());
    assert_eq!(Some(key), member(&records[0], "pubkey").as_ref());
    assert!(member(&records[0], "signature").is_some());
}

#[test]
fn a_client_does_not_retry_a_refusal() {
    let signer = Signer::start(&["--interop", "2"]);
    let fault = signer.fault(r#"{"type": "ATTESTATION", "status": 412, "times": 1}"#);

    assert_eq!(412, attest(&signer.url, &signer.keys[0]));

    let records = signer.records("type=ATTESTATION");
    assert_eq!(1, records.len());
    assert_eq!(Some(fault), member(&records[0], "fault"));
}

#[test]
fn a_client_retries_an_unavailable_signer() {
    let signer = Signer::start(&["--interop", "2"]);
    signer.fault(r#"{"type": "ATTESTATION", "status": 503, "times": 1}"#);

    assert_eq!(200, attest(&signer.url, &signer.keys[0]));

    let records = signer.records("type=ATTESTATION");
    assert_eq!(2, records.len());
    assert_eq!(Some("503"), member(&records[0], "status").as_deref());
    assert_eq!(Some("200"), member(&records[1], "status").as_deref());
}
