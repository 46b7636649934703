//! The queue of the signing threads, as it is in the extension.

#[path = "../../../rust/src/queue.rs"]
pub mod queue;
