//! By sockets that a thread waits for.

use krb5_net::{Destination, Error, KdcClient, Reply};

#[path = "cases.rs"]
mod cases;

fn by_driver(client: &KdcClient, to: &Destination, message: &[u8]) -> Result<Reply, Error> {
    client.exchange(to, message)
}
