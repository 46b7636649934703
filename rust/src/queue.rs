//! The queue in front of threads, and the list of their results. It knows neither Python nor a pipe.
//!
//! A thread puts each result on the list. It wakes the event loop, unless the loop was woken already,
//! so a busy event loop wakes up once for a batch. When more jobs are queued than there are threads,
//! the loop may take one: no thread runs out of work meanwhile.
//!
//! Everybody holds the lock of [`State`] only to move values, and drops no job under it.
//!
//! With `cfg(loom)` the locks are loom's. `fuzz/races` then runs the threads in every order.

use std::collections::VecDeque;
use std::mem::{replace, take};
use std::sync::PoisonError;
#[cfg(not(loom))]
use std::sync::{Condvar, Mutex, MutexGuard};
use std::thread::yield_now;

#[cfg(loom)]
use loom::sync::{Condvar, Mutex, MutexGuard};

struct State<Job, Outcome> {
    jobs: VecDeque<Job>,
    finished: Vec<(Job, Outcome)>,
    /// Threads that wait for a job; without any, `push` saves the system call that wakes one.
    idle: usize,
    /// Whether the event loop was woken, or a thread is about to wake it.
    woken: bool,
    closed: bool,
}

/// Jobs that wait for a thread, and finished ones, each with its outcome.
pub struct Queue<Job, Outcome> {
    state: Mutex<State<Job, Outcome>>,
    job_added: Condvar,
    threads: usize,
}

impl<Job, Outcome> Queue<Job, Outcome> {
    /// Makes the queue for a number of threads, which the caller starts.
    pub fn new(threads: usize) -> Self {
        let state = State {
            jobs: VecDeque::new(),
            finished: Vec::new(),
            idle: 0,
            woken: false,
            closed: false,
        };
        Self { state: Mutex::new(state), job_added: Condvar::new(), threads }
    }

    /// Takes the lock, also after a panic under it: no panic leaves the lists half-changed.
    fn lock(&self) -> MutexGuard<'_, State<Job, Outcome>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells whether more jobs are queued than there are threads.
    fn is_crowded(&self, state: &State<Job, Outcome>) -> bool {
        state.jobs.len() > self.threads
    }

    /// Queues a job, and tells whether more are queued now than there are threads.
    ///
    /// # Errors
    /// The job, once the queue is closed.
    pub fn push(&self, job: Job) -> Result<bool, Job> {
        let mut state = self.lock();
        if state.closed {
            drop(state);
            return Err(job);
        }
        state.jobs.push_back(job);
        let idle = state.idle > 0;
        let crowded = self.is_crowded(&state);
        drop(state);
        if idle {
            self.job_added.notify_one();
        }
        Ok(crowded)
    }

    /// Takes the next job if more are queued than there are threads.
    pub fn take_if_crowded(&self) -> Option<Job> {
        let mut state = self.lock();
        if self.is_crowded(&state) { state.jobs.pop_front() } else { None }
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

    /// Does jobs until the queue is closed and empty; the body of a thread.
    ///
    /// `wake` wakes the event loop, once for each call of `take_finished` that clears it.
    pub fn work(&self, perform: impl Fn(&Job) -> Outcome, wake: impl Fn()) {
        while let Some(job) = self.next_job() {
            let outcome = perform(&job);
            let mut state = self.lock();
            state.finished.push((job, outcome));
            let woken = replace(&mut state.woken, true);
            drop(state);
            if !woken {
                wake();
            }
            // the event loop may be waiting for this core: it need not wait for a time slice to end
            yield_now();
        }
    }

    /// Takes all that is finished.
    ///
    /// `clear_wake` undoes one wake-up: it was sent, or a thread that holds no lock is about to.
    pub fn take_finished(&self, clear_wake: impl FnOnce()) -> Vec<(Job, Outcome)> {
        let mut state = self.lock();
        let finished = take(&mut state.finished);
        let woken = take(&mut state.woken);
        drop(state);
        if woken {
            clear_wake();
        }
        finished
    }

    /// Lets the threads end once the queue is empty; does not wait for them.
    pub fn close(&self) {
        self.lock().closed = true;
        self.job_added.notify_all();
    }
}
