//! Lists of servers, as users write them and brokers advertise them.

use milena_connection::Endpoint;

/// The input is the list.
pub fn endpoints(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    match Endpoint::list(&text) {
        Ok(endpoints) => {
            assert!(!endpoints.is_empty());
            for endpoint in endpoints {
                assert!(endpoint.port > 0 && !endpoint.host.is_empty(), "{endpoint:?} cannot be dialled");
                assert!(!endpoint.host.contains(char::is_control), "{endpoint:?} would spoil a log line");
                assert_eq!(
                    endpoint.to_string().parse(),
                    Ok(endpoint),
                    "it reads as another one when it is shown"
                );
            }
        }
        Err(error) => {
            let said = error.to_string();
            assert!(!said.contains(char::is_control), "{said:?} would spoil a log line");
        }
    }
}
