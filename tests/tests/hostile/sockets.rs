//! Peers on sockets, by the real clock.

use milena_tests::hostile::{Door, Peer, assert_all, one_record, peers};

#[tokio::test]
async fn peer_that_resets_or_closes_its_window_is_named_in_the_error() {
    assert_all(&peers::sockets(), async |peer: &Peer| {
        let door = Door::open(peer).await;
        one_record(door.producer()).await.fault(peer.ends, door.address())
    })
    .await;
}
