//! Whose files are read, and whose are written to.
//!
//! Who lays a file in wait where another looks for its own lends that other his tickets, or is given
//! the keys that are written into it.

use std::fs::File;
use std::os::unix::fs::MetadataExt;

use nix::unistd::Uid;

use crate::error::{Action, Error};
use crate::system::{Open, directory};

/// Who can put files into a directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Directory {
    /// Its owner, and perhaps a group.
    Owned,
    /// Everybody, as into `/tmp`.
    Shared,
}

/// Refuses a file of another user. Root's files may be read by all; root may use everybody's, except
/// where everybody could have put them.
pub(crate) fn refuse_foreign(open: &Open<'_>, file: &File) -> Result<(), Error> {
    let action = open.action();
    let metadata = file
        .metadata()
        .map_err(|source| open.what.io(action, open.path, source))?;
    let owner = Uid::from_raw(metadata.uid());
    if is_trusted(owner, Uid::effective(), action, || around(open)) {
        return Ok(());
    }
    Err(Error::Foreign {
        what: open.what,
        path: open.path.to_path_buf(),
        owner: owner.as_raw(),
    })
}

fn is_trusted(owner: Uid, us: Uid, action: Action, around: impl Fn() -> Directory) -> bool {
    owner == us || owner.is_root() && action == Action::Read || us.is_root() && around() == Directory::Owned
}

fn around(open: &Open<'_>) -> Directory {
    match std::fs::metadata(directory(open.path)) {
        Ok(metadata) if metadata.mode() & (STICKY | OTHERS_WRITE) == 0 => Directory::Owned,
        _ => Directory::Shared,
    }
}

const STICKY: u32 = 0o1000;
const OTHERS_WRITE: u32 = 0o002;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_used_by_its_owner_and_by_root_where_not_everybody_could_put_it() {
        const ALICE: u32 = 1000;
        const BOB: u32 = 1001;
        const ROOT: u32 = 0;
        use Directory::{Owned, Shared};
        // Owner, user, directory; may read, may write.
        let cases = [
            (ALICE, ALICE, Shared, true, true),
            (ALICE, ALICE, Owned, true, true),
            (BOB, ALICE, Shared, false, false),
            (BOB, ALICE, Owned, false, false),
            (ROOT, ALICE, Shared, true, false),
            (ROOT, ALICE, Owned, true, false),
            (ROOT, ROOT, Shared, true, true),
            (ROOT, ROOT, Owned, true, true),
            (ALICE, ROOT, Shared, false, false),
            (ALICE, ROOT, Owned, true, true),
        ];
        for (owner, us, around, read, write) in cases {
            let found = [Action::Read, Action::Write]
                .map(|action| is_trusted(Uid::from_raw(owner), Uid::from_raw(us), action, || around));
            assert_eq!(found, [read, write], "{owner}'s file, {us}, {around:?}");
        }
    }
}
