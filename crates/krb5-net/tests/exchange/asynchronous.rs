//! By sockets of a tokio runtime.

use krb5_net::{Destination, Error, KdcClient, Reply};

#[path = "cases.rs"]
mod cases;
mod futures;

fn by_driver(client: &KdcClient, to: &Destination, message: &[u8]) -> Result<Reply, Error> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(client.exchange_async(to, message))
}
