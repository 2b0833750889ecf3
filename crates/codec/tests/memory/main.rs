//! What hostile bytes make the decoders allocate: never more than their size allows, and nothing where the caller only
//! looks. A counting allocator adds up every request, so that what is freed at once counts as well.
//!
//! One test, because the allocator counts for the whole process: two at a time would count each other.

mod compression;
mod hostile;
mod messages;
mod meter;
mod records;

#[test]
fn nothing_allocates_more_than_its_bytes_allow() {
    let frames = messages::owned_messages_stay_below_24_times_their_frame()
        + messages::a_borrowed_response_stays_below_its_frame()
        + records::a_batch_is_read_without_allocating()
        + compression::a_bomb_makes_no_more_than_its_limit();
    println!("{frames} hostile frames");
    assert!(frames > 1_000, "{frames} hostile frames");
    records::a_record_is_encoded_without_allocating();
}
