//! What SQLite says, in the words of a store.

use configflow_engine::StoreError;
use rusqlite::ErrorCode;

/// The error of a store. Nothing of what was to be stored is in it: SQLite's own texts may quote statements.
pub(crate) fn of(error: &rusqlite::Error) -> StoreError {
    let failed = |reason: &str| StoreError::Failed { reason: reason.to_owned() };
    if matches!(error, rusqlite::Error::InvalidColumnType(..) | rusqlite::Error::FromSqlConversionFailure(..)) {
        // Somebody wrote what this program does not write.
        return StoreError::Unreadable;
    }
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => StoreError::Unreadable,
        Some(ErrorCode::DiskFull) => failed("the disk is full"),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => failed("another process keeps the database locked"),
        Some(ErrorCode::ReadOnly) => failed("the database cannot be written"),
        Some(ErrorCode::CannotOpen) => failed("the database cannot be opened"),
        Some(ErrorCode::SystemIoFailure) => failed("the disk cannot be read or written"),
        Some(ErrorCode::ConstraintViolation) => failed("the database refuses what is inconsistent"),
        Some(ErrorCode::OutOfMemory) => failed("the machine has no memory left"),
        Some(code) => failed(&format!("the database failed ({code:?})")),
        None => failed("the database answered what was not expected"),
    }
}

/// The error where a thread of the store is gone.
pub(crate) fn closed() -> StoreError {
    StoreError::Failed { reason: "the store is closed".to_owned() }
}
