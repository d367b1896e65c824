//! A front door to several proxies, as a load balancer in front of replicas: each connection goes to the next one.

use std::io;
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// The front door. It ends when it is dropped.
pub struct Turns {
    address: SocketAddr,
    over: Arc<AtomicBool>,
}

impl Turns {
    /// Takes turns over `behind`, given as `http://127.0.0.1:PORT`.
    pub fn start(behind: &[&str]) -> Self {
        let behind: Vec<SocketAddr> =
            behind.iter().map(|url| url.trim_start_matches("http://").parse().unwrap()).collect();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let over = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&over);
        std::thread::spawn(move || {
            for (stream, to) in listener.incoming().filter_map(Result::ok).zip(behind.iter().cycle()) {
                if flag.load(Ordering::Relaxed) {
                    return;
                }
                if let Ok(replica) = TcpStream::connect(to) {
                    drop(join(&stream, &replica));
                }
            }
        });
        Self { address, over }
    }

    /// The address of the front door.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Turns {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        drop(TcpStream::connect(self.address)); // wakes the accepting thread
    }
}

/// Copies both ways until both sides have ended.
fn join(one: &TcpStream, other: &TcpStream) -> io::Result<()> {
    for (mut from, mut to) in [(one.try_clone()?, other.try_clone()?), (other.try_clone()?, one.try_clone()?)] {
        std::thread::spawn(move || {
            drop(io::copy(&mut from, &mut to));
            drop(to.shutdown(Shutdown::Write));
        });
    }
    Ok(())
}
