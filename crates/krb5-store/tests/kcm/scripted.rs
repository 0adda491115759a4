//! A daemon that does what a test wants.

use std::collections::VecDeque;
use std::io::{Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, channel};
use std::thread::JoinHandle;

use tempfile::TempDir;

/// What is done with the next request.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// Answers with these octets after the status zero.
    Reply(Vec<u8>),
    /// Refuses with this code.
    Refuse(i32),
    /// Sends these octets and nothing else, and closes the connection.
    Raw(Vec<u8>),
    /// Closes the connection before the request comes.
    CloseFirst,
    /// Reads the request and closes the connection.
    CloseAfter,
    /// Reads the request and says nothing for as long as the client waits.
    Silence,
}

/// A daemon that goes through a list of steps, and then accepts nobody.
pub(crate) struct Scripted {
    directory: TempDir,
    requests: Receiver<Vec<u8>>,
    thread: Option<JoinHandle<()>>,
}

impl Scripted {
    pub(crate) fn start(steps: impl IntoIterator<Item = Step>) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let listener = UnixListener::bind(directory.path().join("socket")).unwrap();
        let steps: VecDeque<Step> = steps.into_iter().collect();
        let (sender, requests) = channel();
        let thread = std::thread::spawn(move || {
            let mut steps = steps;
            while !steps.is_empty() {
                let (stream, _) = listener.accept().unwrap();
                serve(stream, &mut steps, |request| sender.send(request).unwrap());
            }
        });
        Self {
            directory,
            requests,
            thread: Some(thread),
        }
    }

    pub(crate) fn socket(&self) -> PathBuf {
        self.directory.path().join("socket")
    }

    /// The opcodes of the requests that came, once all steps are done.
    pub(crate) fn opcodes(mut self) -> Vec<u16> {
        self.thread.take().unwrap().join().unwrap();
        let opcode = |request: Vec<u8>| u16::from_be_bytes([request[2], request[3]]);
        self.requests.try_iter().map(opcode).collect()
    }
}

/// Goes on until the connection ends.
fn serve(mut stream: UnixStream, steps: &mut VecDeque<Step>, seen: impl Fn(Vec<u8>)) {
    while let Some(step) = steps.front().cloned() {
        if matches!(step, Step::CloseFirst) {
            steps.pop_front();
            return;
        }
        let Some(request) = receive(&mut stream) else { return };
        seen(request);
        steps.pop_front();
        match step {
            Step::Reply(body) => answer(&mut stream, 0, &body),
            Step::Refuse(code) => answer(&mut stream, code, &[]),
            Step::Raw(octets) => {
                let _ = stream.write_all(&octets);
                return;
            }
            Step::Silence => {
                // Ends when the client hangs up.
                let _ = stream.read(&mut [0]);
                return;
            }
            Step::CloseFirst | Step::CloseAfter => return,
        }
    }
}

fn receive(stream: &mut UnixStream) -> Option<Vec<u8>> {
    let mut length = [0; 4];
    stream.read_exact(&mut length).ok()?;
    let mut request = vec![0; u32::from_be_bytes(length) as usize];
    stream.read_exact(&mut request).ok()?;
    Some(request)
}

fn answer(stream: &mut UnixStream, code: i32, body: &[u8]) {
    let length = u32::try_from(4 + body.len()).unwrap();
    let answer = [&length.to_be_bytes()[..], &[0; 4], &code.to_be_bytes(), body].concat();
    stream.write_all(&answer).unwrap();
}
