//! The simulated provider, from outside: by raw HTTP, with no client of ours.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod api;
mod client;
mod code;
mod device;
mod faults;
mod login;
mod metadata;

#[test]
fn the_codes_of_errors_are_stable() {
    use configflow_testkit::simulated::{LogInError, StartError};
    let io = || std::io::Error::from(std::io::ErrorKind::Other);
    let page = LogInError::ErrorPage { aadsts: None, text: String::new() };
    let log_in =
        [LogInError::NotAUrl, page, LogInError::NoRedirect(200), LogInError::Unreachable(io())].map(|error| error.code());
    assert_eq!(log_in, ["simulated.not_a_url", "simulated.error_page", "simulated.no_redirect", "simulated.unreachable"]);
    assert_eq!([StartError::Port(io()), StartError::Keys].map(|error| error.code()), ["simulated.no_port", "simulated.keys"]);
}
