//! Signing threads, and the hand-over of their signatures to the event loop.
//!
//! A thread pushes each signature on a list. It writes a byte to a pipe, unless a byte is there
//! already, so a busy event loop wakes up once for a batch. When more jobs are queued than there
//! are threads, the loop may sign one: no thread runs out of work meanwhile. The loop's side is
//! `signer/signing/engine.py`.
//!
//! What holds here:
//!
//! * A thread takes the GIL for its set-up and never again.
//! * Everybody holds the lock of [`State`] only to move values. Nobody takes the GIL or drops a
//!   Python object under it, so a caller with the GIL may wait for it.
//! * The threads hand Python objects back in [`Finished`], and a call from Python drops them.
//! * If Python drops a [`SigningThreads`] that is not closed, the last thread drops what is left
//!   without the GIL. `PyO3` releases such objects when some thread takes the GIL again.

use std::collections::VecDeque;
use std::io::{PipeReader, PipeWriter, Read, Write, pipe};
use std::os::fd::AsRawFd;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{Builder, JoinHandle};

use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::bls::SecretKey;
use crate::error::{Error, array};

/// A root to sign; `waiter` is Python's, and goes back to it untouched.
struct Job {
    secret_key: Py<SecretKey>,
    signing_root: [u8; 32],
    waiter: Py<PyAny>,
}

/// A job and its signature; the job goes back too, so that its objects are dropped under the GIL.
type Finished = (Job, [u8; 96]);

/// A waiter and its signature, for Python.
type Signed<'py> = (Py<PyAny>, Bound<'py, PyBytes>);

#[derive(Default)]
struct State {
    jobs: VecDeque<Job>,
    finished: Vec<Finished>,
    /// Threads that wait for a job; without any, `submit` saves the system call that wakes one.
    idle: usize,
    /// Whether a byte is in the pipe, or a thread is about to write it.
    woken: bool,
    closed: bool,
}

struct Shared {
    state: Mutex<State>,
    job_added: Condvar,
    wake: PipeWriter,
    threads: usize,
}

impl Shared {
    /// Takes the lock, also after a panic under it: no panic leaves the lists half-changed.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for a job; `None` once the queue is closed and empty.
    fn next_job(&self) -> Option<Job> {
        let mut state = self.lock();
        loop {
            if let Some(job) = state.jobs.pop_front() {
                return Some(job);
            }
            if state.closed {
                return None;
            }
            state.idle += 1;
            state = self.job_added.wait(state).unwrap_or_else(PoisonError::into_inner);
            state.idle -= 1;
        }
    }

    /// Tells whether more jobs are queued than there are threads.
    fn is_crowded(&self, state: &State) -> bool {
        state.jobs.len() > self.threads
    }

    /// Lets the threads end once the queue is empty; does not wait for them.
    fn close(&self) {
        self.lock().closed = true;
        self.job_added.notify_all();
    }

    /// Signs until the queue is closed and empty; the body of a thread.
    fn work(&self) {
        while let Some(job) = self.next_job() {
            let signature = job.secret_key.get().sign_root(&job.signing_root);
            let mut state = self.lock();
            state.finished.push((job, signature));
            let woken = std::mem::replace(&mut state.woken, true);
            drop(state);
            if !woken {
                // fails only when the reader is closed, and then there is no loop to wake
                let _ = (&self.wake).write(&[0]);
            }
            // the event loop may be waiting for this core: it need not wait for a time slice to end
            std::thread::yield_now();
        }
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
        let state = Mutex::default();
        let job_added = Condvar::new();
        let shared = Arc::new(Shared { state, job_added, wake, threads });
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
        let mut state = self.shared.lock();
        if state.closed {
            return Err(Error::Closed.into());
        }
        state.jobs.push_back(Job { secret_key, signing_root, waiter });
        let idle = state.idle > 0;
        let crowded = self.shared.is_crowded(&state);
        drop(state);
        if idle {
            self.shared.job_added.notify_one();
        }
        Ok(crowded)
    }

    /// Does the next job on the calling thread; returns its waiter and signature (96 bytes).
    ///
    /// Takes as long as a signature, without the GIL. Returns None at once when each queued job
    /// has a thread: no more are queued than there are threads.
    fn help<'py>(&self, py: Python<'py>) -> Option<Signed<'py>> {
        let mut state = self.shared.lock();
        if !self.shared.is_crowded(&state) {
            return None;
        }
        let job = state.jobs.pop_front()?;
        drop(state);
        let signature = py.detach(|| job.secret_key.get().sign_root(&job.signing_root));
        Some((job.waiter, PyBytes::new(py, &signature)))
    }

    /// The waiters of the jobs done since the last call, each with its signature (96 bytes).
    fn finished<'py>(&self, py: Python<'py>) -> Vec<Signed<'py>> {
        let mut state = self.shared.lock();
        let finished = std::mem::take(&mut state.finished);
        let woken = std::mem::take(&mut state.woken);
        drop(state);
        if woken {
            // reads the one byte: it is there, or a thread that holds no lock is about to write it
            let _ = (&self.ready).read(&mut [0]);
        }
        finished
            .into_iter()
            .map(|(job, signature)| (job.waiter, PyBytes::new(py, &signature)))
            .collect()
    }

    /// Lets the threads finish the queue, and waits for their end without the GIL.
    fn close(&self, py: Python<'_>) {
        self.shared.close();
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
        self.shared.close();
    }
}
