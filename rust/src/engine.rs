//! Signing threads, which never take the GIL but to be set up, and the hand-over of what they finished.
//!
//! A thread pushes each signature on a list, and writes a byte to a pipe unless one is in it
//! already: an event loop that is busy pays one wake-up for a batch. While more jobs wait than
//! there are threads, the loop may sign one itself: none of them runs out of work meanwhile. The
//! loop's side is `signer/engine.py`.

use std::collections::VecDeque;
use std::io::{PipeReader, PipeWriter, Read, Write, pipe};
use std::os::fd::AsRawFd;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{Builder, JoinHandle};

use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::bls::SecretKey;
use crate::error::{Error, array};

/// What was asked, carried through untouched: `waiter` is whatever Python wants back.
struct Job {
    secret_key: Py<SecretKey>,
    signing_root: [u8; 32],
    waiter: Py<PyAny>,
}

/// A job and its signature; the job comes along so that Python objects die under the GIL.
type Finished = (Job, [u8; 96]);

/// The same for Python: the waiter, and its signature.
type Signed<'py> = (Py<PyAny>, Bound<'py, PyBytes>);

#[derive(Default)]
struct State {
    jobs: VecDeque<Job>,
    finished: Vec<Finished>,
    /// Threads that wait for a job: waking nobody would cost a system call too.
    idle: usize,
    /// Whether a byte is in the pipe, or about to be.
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
    /// No thread panics while it holds the lock; if one did, the lists are still whole.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

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

    /// Whether each thread has a job to go on with, and one is left.
    fn is_crowded(&self, state: &State) -> bool {
        state.jobs.len() > self.threads
    }

    fn close(&self) {
        self.lock().closed = true;
        self.job_added.notify_all();
    }

    fn work(&self) {
        while let Some(job) = self.next_job() {
            let signature = job.secret_key.get().sign_root(&job.signing_root);
            let mut state = self.lock();
            state.finished.push((job, signature));
            let asleep = !std::mem::replace(&mut state.woken, true);
            drop(state);
            if asleep {
                // fails only when the reader is gone, and nobody is left to wake
                let _ = (&self.wake).write(&[0]);
            }
            // who waits for this core, such as the loop, need not wait for the end of a time slice
            std::thread::yield_now();
        }
    }
}

/// See `_core.pyi`.
#[pyclass(frozen, module = "signer._core")]
pub struct SigningThreads {
    shared: Arc<Shared>,
    ready: PipeReader,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

#[pymethods]
impl SigningThreads {
    #[new]
    #[pyo3(signature = (threads, set_up = None))]
    fn new(py: Python<'_>, threads: usize, set_up: Option<Py<PyAny>>) -> PyResult<Self> {
        let (ready, wake) = pipe()?;
        let (state, job_added) = (Mutex::default(), Condvar::new());
        let shared = Arc::new(Shared { state, job_added, wake, threads });
        let threads = (0..threads)
            .map(|index| {
                let shared = Arc::clone(&shared);
                let set_up = set_up.as_ref().map(|set_up| set_up.clone_ref(py));
                Builder::new().name(format!("sign-{index}")).spawn(move || {
                    if let Some(set_up) = set_up {
                        Python::attach(|py| {
                            let _ = set_up.call0(py).inspect_err(|error| error.print(py));
                        });
                    }
                    shared.work();
                })
            })
            .collect::<Result<_, _>>()?;
        Ok(Self { shared, ready, threads: Mutex::new(threads) })
    }

    fn fileno(&self) -> i32 {
        self.ready.as_raw_fd()
    }

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
        let (idle, crowded) = (state.idle > 0, self.shared.is_crowded(&state));
        drop(state);
        if idle {
            self.shared.job_added.notify_one();
        }
        Ok(crowded)
    }

    fn help<'py>(&self, py: Python<'py>) -> Option<Signed<'py>> {
        let mut state = self.shared.lock();
        if !self.shared.is_crowded(&state) {
            return None;
        }
        let job = state.jobs.pop_front()?;
        drop(state);
        let (secret_key, signing_root) = (job.secret_key.get(), &job.signing_root);
        let signature = py.detach(|| secret_key.sign_root(signing_root));
        Some((job.waiter, PyBytes::new(py, &signature)))
    }

    fn finished<'py>(&self, py: Python<'py>) -> Vec<Signed<'py>> {
        let mut state = self.shared.lock();
        let finished = std::mem::take(&mut state.finished);
        let woken = std::mem::take(&mut state.woken);
        drop(state);
        if woken {
            // the one byte: it is there, or on its way from a thread that holds no lock
            let _ = (&self.ready).read(&mut [0]);
        }
        finished
            .into_iter()
            .map(|(job, signature)| (job.waiter, PyBytes::new(py, &signature)))
            .collect()
    }

    fn close(&self, py: Python<'_>) {
        self.shared.close();
        let threads =
            std::mem::take(&mut *self.threads.lock().unwrap_or_else(PoisonError::into_inner));
        py.detach(|| {
            for thread in threads {
                // a thread that panicked has nothing more to finish
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
