//! BLS libraries in Rust: answers operations from standard input, as `../sides.py` asks for them.
//!
//! The only argument names the library. A line in and a line out is a JSON object each.

mod blstrs;
mod raw_blst;
mod request;
mod zkcrypto;

use std::io::{BufRead, Write, stdin, stdout};
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::request::{Answer, Operation, Request};

/// Prepares an operation of the library; `None` for one that it does not have.
type Prepare = fn(&Request) -> Option<Result<Operation, String>>;

/// Runs an operation as often as the request says, and returns the last result.
fn answer(prepare: Prepare, request: &Request) -> Answer {
    let Some(operation) = prepare(request) else {
        return Answer::Absent(true);
    };
    let run = || {
        let operation = operation?;
        for _ in 1..request.repeat {
            let _ = operation();
        }
        operation()
    };
    match catch_unwind(AssertUnwindSafe(run)) {
        Ok(Ok(value)) => Answer::Ok(value),
        Ok(Err(error)) => Answer::Error(error),
        Err(_) => Answer::Error("panic".into()),
    }
}

fn main() {
    let prepare: Prepare = match std::env::args().nth(1).as_deref() {
        Some("raw_blst") => raw_blst::prepare,
        Some("blstrs") => blstrs::prepare,
        Some("zkcrypto") => zkcrypto::prepare,
        other => panic!("expected raw_blst, blstrs or zkcrypto, found {other:?}"),
    };
    for line in stdin().lock().lines() {
        let line = line.expect("standard input is readable");
        let request = serde_json::from_str(&line).expect("a line is a request");
        let text = serde_json::to_string(&answer(prepare, &request)).expect("an answer is JSON");
        writeln!(stdout(), "{text}").expect("standard output is writable");
    }
}
