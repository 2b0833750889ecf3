//! Failures as a user meets them, each compared with its row of `docs/errors.md`.
//!
//! The texts come from every crate. After a text has changed, `just errors` writes the tables of the page anew; the
//! difference is then read and committed.

mod cluster;
mod page;
mod settings;
mod tls;

use page::Page;

#[tokio::test(flavor = "multi_thread")]
async fn documented_failures_are_those_of_the_binary() {
    let mut page = Page::default();
    settings::failures(&mut page).await;
    cluster::connecting(&mut page).await;
    tls::failures(&mut page).await;
    cluster::authenticating(&mut page).await;
    cluster::topics(&mut page).await;
    cluster::records(&mut page).await;
    assert!(page.failures() >= 20, "{}", page.failures());
    page.compare();
}
