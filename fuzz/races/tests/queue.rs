//! Runs the queue with a model of a pipe and of an event loop.
//!
//! With `--cfg loom` each test runs once for every order of its threads' steps, and a thread that is
//! never woken is a deadlock, which loom reports. Without it the threads are real ones, for Miri and
//! ThreadSanitizer. `make races` runs the first.

use std::collections::BTreeSet;

#[cfg(loom)]
use loom::{
    sync::{Arc, Condvar, Mutex},
    thread::{self, JoinHandle},
};
use py3signer_races::queue::Queue;
#[cfg(not(loom))]
use std::{
    sync::{Arc, Condvar, Mutex},
    thread::{self, JoinHandle},
};

/// Context switches that loom adds where no thread has to wait, in one run. More would find races
/// that need more of them, and take hours: `LOOM_MAX_PREEMPTIONS` says another number.
#[cfg(loom)]
const PREEMPTIONS: usize = 3;

/// Runs a test in every order, or with real threads a few times.
fn every_order(test: impl Fn() + Sync + Send + 'static) {
    #[cfg(loom)]
    {
        let mut model = loom::model::Builder::new();
        model.preemption_bound = model.preemption_bound.or(Some(PREEMPTIONS));
        model.check(test);
    }
    #[cfg(not(loom))]
    for _ in 0..if cfg!(miri) { 20 } else { 1000 } {
        test();
    }
}

/// A pipe: reading waits for a byte.
#[derive(Default)]
struct Pipe {
    bytes: Mutex<usize>,
    written: Condvar,
}

impl Pipe {
    fn write(&self) {
        *self.bytes.lock().unwrap() += 1;
        self.written.notify_all();
    }

    fn read(&self) {
        self.wait_until_readable();
        *self.bytes.lock().unwrap() -= 1; // there is one reader, so the byte is still there
    }

    fn wait_until_readable(&self) {
        let mut bytes = self.bytes.lock().unwrap();
        while *bytes == 0 {
            bytes = self.written.wait(bytes).unwrap();
        }
    }
}

/// A job that tells when it is dropped. No two have the same number.
struct Job {
    number: usize,
    dropped: Arc<Mutex<Vec<usize>>>,
}

impl Drop for Job {
    fn drop(&mut self) {
        self.dropped.lock().unwrap().push(self.number);
    }
}

/// The queue, its pipe, and its threads, as `engine.rs` puts them together.
struct Engine {
    queue: Arc<Queue<Job, usize>>,
    pipe: Arc<Pipe>,
    threads: Vec<JoinHandle<()>>,
    dropped: Arc<Mutex<Vec<usize>>>,
}

impl Engine {
    fn start(threads: usize) -> Self {
        let queue = Arc::new(Queue::new(threads));
        let pipe = Arc::new(Pipe::default());
        let mut handles = Vec::new();
        for _ in 0..threads {
            let (queue, pipe) = (Arc::clone(&queue), Arc::clone(&pipe));
            let work = move || queue.work(|job: &Job| job.number + 100, || pipe.write());
            handles.push(thread::spawn(work));
        }
        Self { queue, pipe, threads: handles, dropped: Arc::default() }
    }

    fn job(&self, number: usize) -> Job {
        Job { number, dropped: Arc::clone(&self.dropped) }
    }

    /// Takes what is finished, whose outcomes must belong to their jobs.
    fn finished(&self) -> Vec<usize> {
        let mut numbers = Vec::new();
        for (job, outcome) in self.queue.take_finished(|| self.pipe.read()) {
            assert_eq!(job.number + 100, outcome);
            numbers.push(job.number);
        }
        numbers
    }

    /// Waits for jobs as an event loop does: it looks only when the pipe is readable.
    fn wait_for(&self, count: usize) -> Vec<usize> {
        let mut numbers = Vec::new();
        while numbers.len() < count {
            self.pipe.wait_until_readable();
            numbers.extend(self.finished());
        }
        numbers
    }

    fn close(&mut self) {
        self.queue.close();
        for thread in self.threads.drain(..) {
            thread.join().unwrap();
        }
    }
}

/// The numbers, of which none may be there twice.
fn each_once(numbers: Vec<usize>) -> BTreeSet<usize> {
    let count = numbers.len();
    let set: BTreeSet<usize> = numbers.into_iter().collect();
    assert_eq!(count, set.len());
    set
}

#[test]
fn the_loop_is_woken_for_each_job() {
    every_order(|| {
        let mut engine = Engine::start(1);
        for number in 0..2 {
            assert!(engine.queue.push(engine.job(number)).is_ok());
        }
        assert_eq!(BTreeSet::from([0, 1]), each_once(engine.wait_for(2)));
        engine.close();
    });
}

#[test]
fn the_loop_is_woken_again_for_a_later_job() {
    every_order(|| {
        let mut engine = Engine::start(1);
        for number in 0..2 {
            assert!(engine.queue.push(engine.job(number)).is_ok());
            assert_eq!(vec![number], engine.wait_for(1));
        }
        engine.close();
        assert_eq!(Vec::<usize>::new(), engine.finished());
    });
}

#[test]
fn two_threads_finish_each_job_once() {
    every_order(|| {
        let mut engine = Engine::start(2);
        for number in 0..2 {
            assert!(engine.queue.push(engine.job(number)).is_ok());
        }
        assert_eq!(BTreeSet::from([0, 1]), each_once(engine.wait_for(2)));
        engine.close();
    });
}

#[test]
fn the_loop_helps_while_a_thread_works() {
    every_order(|| {
        let mut engine = Engine::start(1);
        let mut helped = Vec::new();
        for number in 0..3 {
            let crowded = engine.queue.push(engine.job(number)).ok().unwrap();
            if crowded && let Some(job) = engine.queue.take_if_crowded() {
                helped.push(job.number);
            }
        }
        let mut numbers = engine.wait_for(3 - helped.len());
        numbers.extend(helped);
        assert_eq!(BTreeSet::from([0, 1, 2]), each_once(numbers));
        engine.close();
    });
}

#[test]
fn closing_finishes_the_queue() {
    every_order(|| {
        let mut engine = Engine::start(2);
        for number in 0..2 {
            assert!(engine.queue.push(engine.job(number)).is_ok());
        }
        engine.close();
        assert_eq!(BTreeSet::from([0, 1]), each_once(engine.finished()));
        assert!(engine.queue.push(engine.job(2)).is_err());
    });
}

#[test]
fn a_job_is_finished_or_refused_when_it_comes_with_the_end() {
    every_order(|| {
        let mut engine = Engine::start(1);
        let queue = Arc::clone(&engine.queue);
        let job = engine.job(0);
        let pushing = thread::spawn(move || queue.push(job).is_ok());
        engine.close();
        let accepted = pushing.join().unwrap();
        assert_eq!(usize::from(accepted), engine.finished().len());
    });
}

#[test]
fn a_queue_without_an_owner_finishes_and_drops_each_job_once() {
    every_order(|| {
        let mut engine = Engine::start(1);
        for number in 0..2 {
            assert!(engine.queue.push(engine.job(number)).is_ok());
        }
        let threads: Vec<_> = engine.threads.drain(..).collect();
        let dropped = Arc::clone(&engine.dropped);
        engine.queue.close(); // as `Drop` of the threads' object does, which waits for nobody
        drop(engine);
        for thread in threads {
            thread.join().unwrap();
        }
        assert_eq!(BTreeSet::from([0, 1]), each_once(dropped.lock().unwrap().clone()));
    });
}
