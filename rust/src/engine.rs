//! Signing threads, and the hand-over of their signatures to the event loop.
//!
//! `queue.rs` has the order of things. Here is what a job is: a signature; and what wakes the event
//! loop: a byte in a pipe. The loop's side is `signer/signing/engine.py`.
//!
//! What holds here:
//!
//! * A thread takes the GIL for its set-up and never again.
//! * Nobody takes the GIL or drops a Python object under the queue's lock, so a caller with the GIL
//!   may wait for it.
//! * The threads hand jobs back with their signatures, and a call from Python drops their objects.
//! * If Python drops a [`SigningThreads`] that is not closed, the last thread drops what is left
//!   without the GIL. `PyO3` releases such objects when some thread takes the GIL again.

use std::io::{PipeReader, PipeWriter, Read, Write, pipe};
use std::os::fd::AsRawFd;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{Builder, JoinHandle};

use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::bls::SecretKey;
use crate::error::{Error, array};
use crate::queue::Queue;

/// A root to sign; `waiter` is Python's, and goes back to it untouched.
struct Job {
    secret_key: Py<SecretKey>,
    signing_root: [u8; 32],
    waiter: Py<PyAny>,
}

/// A waiter and its signature, for Python.
type Signed<'py> = (Py<PyAny>, Bound<'py, PyBytes>);

struct Shared {
    queue: Queue<Job, [u8; 96]>,
    wake: PipeWriter,
}

impl Shared {
    /// Signs until the queue is closed and empty; the body of a thread.
    fn work(&self) {
        let sign = |job: &Job| job.secret_key.get().sign_root(&job.signing_root);
        let wake = || {
            // fails only when the reader is closed, and then there is no loop to wake
            let _ = (&self.wake).write(&[0]);
        };
        self.queue.work(sign, wake);
    }
}

/// Threads that sign without the GIL and hand signatures back in batches.
///
/// No method but `help` and `close` takes long. An object that is dropped before `close` finishes
/// its queue, and then its threads end.
#[pyclass(frozen, module = "signer._core")]
pub struct SigningThreads {
    shared: Arc<Shared>,
    ready: PipeReader,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

#[pymethods]
impl SigningThreads {
    /// Starts the threads; each calls `set_up` first, and holds the GIL for this call only.
    ///
    /// An exception of `set_up` is printed and ignored. Raises OSError when the system refuses a
    /// pipe or a thread.
    #[new]
    #[pyo3(signature = (threads, set_up = None))]
    fn new(py: Python<'_>, threads: usize, set_up: Option<Py<PyAny>>) -> PyResult<Self> {
        let (ready, wake) = pipe()?;
        let shared = Arc::new(Shared { queue: Queue::new(threads), wake });
        // made before the threads: if one of them cannot start, dropping it ends the others
        let mut signing_threads = Self { shared, ready, threads: Mutex::default() };
        for index in 0..threads {
            let shared = Arc::clone(&signing_threads.shared);
            let set_up = set_up.as_ref().map(|set_up| set_up.clone_ref(py));
            let thread = Builder::new().name(format!("sign-{index}")).spawn(move || {
                if let Some(set_up) = set_up {
                    // moved in, so that it is dropped under the GIL
                    Python::attach(move |py| {
                        let _ = set_up.call0(py).inspect_err(|error| error.print(py));
                    });
                }
                shared.work();
            })?;
            signing_threads.threads.get_mut().unwrap_or_else(PoisonError::into_inner).push(thread);
        }
        Ok(signing_threads)
    }

    /// A file descriptor that is readable when `finished` has something new.
    ///
    /// It is for an event loop's add_reader, and stays open as long as the object lives.
    fn fileno(&self) -> i32 {
        self.ready.as_raw_fd()
    }

    /// Queues the signature over a root of 32 bytes; `finished` or `help` returns the waiter.
    ///
    /// Returns True when more jobs are queued than there are threads, and `help` would do one.
    /// Raises BLSError once closed.
    fn submit(
        &self,
        secret_key: Py<SecretKey>,
        signing_root: &[u8],
        waiter: Py<PyAny>,
    ) -> PyResult<bool> {
        let signing_root = array("signing_root", signing_root)?;
        let job = Job { secret_key, signing_root, waiter };
        self.shared.queue.push(job).map_err(|_| Error::Closed.into())
    }

    /// Does the next job on the calling thread; returns its waiter and signature (96 bytes).
    ///
    /// Takes as long as a signature, without the GIL. Returns None at once when each queued job
    /// has a thread: no more are queued than there are threads.
    fn help<'py>(&self, py: Python<'py>) -> Option<Signed<'py>> {
        let job = self.shared.queue.take_if_crowded()?;
        let signature = py.detach(|| job.secret_key.get().sign_root(&job.signing_root));
        Some((job.waiter, PyBytes::new(py, &signature)))
    }

    /// The waiters of the jobs done since the last call, each with its signature (96 bytes).
    fn finished<'py>(&self, py: Python<'py>) -> Vec<Signed<'py>> {
        let clear_wake = || {
            // reads the one byte, which is there or about to be written
            let _ = (&self.ready).read(&mut [0]);
        };
        self.shared
            .queue
            .take_finished(clear_wake)
            .into_iter()
            .map(|(job, signature)| (job.waiter, PyBytes::new(py, &signature)))
            .collect()
    }

    /// Lets the threads finish the queue, and waits for their end without the GIL.
    fn close(&self, py: Python<'_>) {
        self.shared.queue.close();
        let threads =
            std::mem::take(&mut *self.threads.lock().unwrap_or_else(PoisonError::into_inner));
        py.detach(|| {
            for thread in threads {
                // an error means that the thread panicked, and it has nothing more to finish
                let _ = thread.join();
            }
        });
    }
}

impl Drop for SigningThreads {
    fn drop(&mut self) {
        self.shared.queue.close();
    }
}
