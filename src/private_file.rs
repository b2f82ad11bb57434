//! Files that only the service's own user may read: comments have e-mail and network addresses in them.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, fchown};
use std::path::Path;

/// Makes a new file that only its owner can read and write.
///
/// # Errors
///
/// When it exists already or cannot be made.
pub(crate) fn create(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

/// The same in a data directory: what root makes there belongs to whom the directory belongs to, or the service could not open it.
///
/// # Errors
///
/// When it exists already or cannot be made.
pub(crate) fn create_as_data(path: &Path) -> io::Result<File> {
    let file = create(path)?;
    let dir = path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new(".")).metadata()?;
    if file.metadata()?.uid() == 0 && dir.uid() != 0 {
        fchown(&file, Some(dir.uid()), Some(dir.gid()))?;
    }
    Ok(file)
}

/// The same, but leaves a file alone that is there already.
///
/// # Errors
///
/// When it cannot be made.
pub(crate) fn create_as_data_if_missing(path: &Path) -> io::Result<()> {
    match create_as_data(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_else_can_read_it_and_nothing_is_overwritten() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let path = dir.path().join("secret");
        create_as_data_if_missing(&path).expect("made");
        assert_eq!(std::fs::metadata(&path).expect("it is there").mode() & 0o777, 0o600);
        std::fs::write(&path, "kept").expect("written");
        create_as_data_if_missing(&path).expect("left alone");
        assert_eq!(std::fs::read_to_string(&path).expect("read"), "kept");
        assert_eq!(create(&path).expect_err("refused").kind(), io::ErrorKind::AlreadyExists);
    }
}
