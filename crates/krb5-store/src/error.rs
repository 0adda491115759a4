//! What can be wrong with stored credentials and configuration.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::ccache::kcm::Opcode;
use crate::config::{ConfigFault, Origin};
use crate::local::RuleFault;

/// Why a store or the configuration cannot be used. Each message names the file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The system does not tell the addresses that a ticket shall be bound to.
    #[error("cannot find out the addresses of this machine, which the ticket shall be bound to (noaddresses): {0}")]
    Addresses(#[source] io::Error),
    /// A cache or keytab file is not what it should be; whoever wrote it is at fault.
    #[error("{what} {}: {fault}", path.display())]
    BadFile {
        /// The kind of file.
        what: FileKind,
        /// The file.
        path: PathBuf,
        /// What is wrong.
        #[source]
        fault: FormatFault,
    },
    /// The name of a cache has a type that is known, and something after it that means nothing.
    #[error("{name:?}: {expected}")]
    BadName {
        /// The name.
        name: String,
        /// What its type requires.
        expected: &'static str,
    },
    /// The configuration file is not well formed.
    #[error("{origin}: {fault}")]
    Config {
        /// File and line.
        origin: Origin,
        /// What is wrong.
        fault: ConfigFault,
    },
    /// None of the configuration files exists, or none can be read.
    #[error("no Kerberos configuration: cannot read {}{}", list(.files), denied_hint(.denied))]
    ConfigMissing {
        /// The files looked for.
        files: Vec<PathBuf>,
        /// Those that exist but may not be read.
        denied: Vec<PathBuf>,
    },
    /// A setting has a value that cannot be understood.
    #[error("{origin}: {key} is {value:?}, but must be {expected}")]
    ConfigValue {
        /// File and line.
        origin: Origin,
        /// The setting.
        key: String,
        /// What stands there.
        value: String,
        /// What could stand there.
        expected: &'static str,
    },
    /// The file belongs to another user, who may have put it there on purpose.
    #[error("{what} {} belongs to another user (uid {owner}) and is not used{}", path.display(), foreign_hint(*.what))]
    Foreign {
        /// The kind of file.
        what: FileKind,
        /// The file.
        path: PathBuf,
        /// The number of the user it belongs to.
        owner: u32,
    },
    /// The file has records of times to come, which have taken the place of others.
    #[error(
        "{what} {} has a record of a time to come: the clock was set back, or another acceptor has a far larger \
         clockskew; whether the authenticator was seen before is not known; if the clock is right now, stop the \
         acceptors, remove the file, and start them again after twice the clock skew", path.display()
    )]
    FromTheFuture {
        /// The kind of file.
        what: FileKind,
        /// The file.
        path: PathBuf,
    },
    /// The operating system refused an operation on a file.
    #[error("cannot {action} {what} {}{}: {source}", path.display(), io_hint(.source, *.what))]
    Io {
        /// What was attempted.
        action: Action,
        /// The kind of file.
        what: FileKind,
        /// The file.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// The file has further names (hard links) under which it may be something else.
    #[error("{what} {} has {names} names (hard links) and is not removed; remove the others first", path.display())]
    Linked {
        /// The kind of file.
        what: FileKind,
        /// The file.
        path: PathBuf,
        /// How many names it has.
        names: u64,
    },
    /// The daemon that manages credential caches cannot be used.
    #[error("the credential manager (KCM) at {}: {fault}", socket.display())]
    Kcm {
        /// Where it listens.
        socket: PathBuf,
        /// What went wrong.
        #[source]
        fault: KcmFault,
    },
    /// The kernel's keyrings cannot be used.
    #[error("{name}: {fault}")]
    Keyring {
        /// The name of the cache or of the collection, with the type.
        name: String,
        /// What went wrong.
        #[source]
        fault: KeyringFault,
    },
    /// A rule of `auth_to_local` makes no sense.
    #[error("{origin}: auth_to_local = {rule}: {fault}")]
    LocalRule {
        /// File and line.
        origin: Origin,
        /// The rule.
        rule: String,
        /// What is wrong with it.
        #[source]
        fault: RuleFault,
    },
    /// Another process kept the file locked for too long.
    #[error("{what} {} is locked by another process (waited {} s)", path.display(), .waited.as_secs())]
    Locked {
        /// The kind of file.
        what: FileKind,
        /// The file.
        path: PathBuf,
        /// How long the lock was waited for.
        waited: Duration,
    },
    /// There is no such credential cache.
    #[error("no credential cache {name}; get a ticket first, for instance with kinit")]
    NoCache {
        /// Its name, with the type.
        name: String,
    },
    /// The name means one cache, so that no further caches can be made beside it.
    #[error("{name} is a single cache, to which no others can be added; {}", collection_hint(.name))]
    NoCollection {
        /// The name, with the type.
        name: String,
    },
    /// There is no such keytab.
    #[error("no keytab {}", path.display())]
    NoKeytab {
        /// The file.
        path: PathBuf,
    },
    /// The cache belongs to no collection whose primary cache it could become.
    #[error("{name} belongs to no collection, so nothing can be switched to it; set KRB5CCNAME to it instead")]
    NotInCollection {
        /// The name of the cache, with the type.
        name: String,
    },
    /// The path names a directory, device, pipe, socket or symbolic link.
    #[error("{what} {} is not a regular file", path.display())]
    NotRegular {
        /// The kind of file expected.
        what: FileKind,
        /// The path.
        path: PathBuf,
    },
    /// Others may write to the file, and so learn or exchange what is put into it.
    #[error("{what} {0} may be written to by others and is not used; first: chmod go-w {0}", path.display())]
    OthersWrite {
        /// The kind of file.
        what: FileKind,
        /// The file.
        path: PathBuf,
    },
    /// The file is larger than what is read.
    #[error("{what} {} is larger than {limit} octets", path.display())]
    TooLarge {
        /// The kind of file.
        what: FileKind,
        /// The file.
        path: PathBuf,
        /// The limit, in octets.
        limit: u64,
    },
    /// The name of a cache or keytab starts with a type that is not supported.
    #[error("{name:?}: the type {scheme:?} is not supported here; {supported} are")]
    UnknownType {
        /// The name.
        name: String,
        /// Its type.
        scheme: String,
        /// The types that are.
        supported: &'static str,
    },
    /// A name in a setting contains a `%{…}` that means nothing.
    #[error("{template:?}: %{{{token}}} is not known; %{{uid}}, %{{euid}}, %{{username}}, %{{TEMP}} and %{{null}} are")]
    UnknownToken {
        /// The whole name.
        template: String,
        /// What stands between the braces.
        token: String,
    },
    /// The value cannot be written in this format.
    #[error("{what}: {fault}")]
    Unwritable {
        /// The kind of file.
        what: FileKind,
        /// What does not fit.
        #[source]
        fault: FormatFault,
    },
    /// The database of users cannot be asked.
    #[error("cannot find out whether there is a user {name}: {source}")]
    Users {
        /// The user.
        name: String,
        /// The system's answer.
        source: io::Error,
    },
}

/// Why a credential manager cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KcmFault {
    /// The configuration wants none.
    #[error("kcm_socket is \"-\", so there is none; use another type of cache, or set kcm_socket")]
    Disabled,
    /// It did not answer in time.
    #[error("it did not answer within {} s", .0.as_secs_f32())]
    Deadline(Duration),
    /// The connection broke.
    #[error("the connection broke: {0}")]
    Io(#[source] io::Error),
    /// Its answer makes no sense.
    #[error("its answer makes no sense: {0}")]
    Malformed(#[source] FormatFault),
    /// Nobody listens there.
    #[error("{0}; is the daemon running? kcm_socket in krb5.conf says where it listens")]
    NoServer(#[source] io::Error),
    /// It refused, with an error code of Kerberos or of the operating system.
    #[error("it refused {opcode:?} with the code {code}")]
    Refused {
        /// What was asked for.
        opcode: Opcode,
        /// The code.
        code: i32,
    },
    /// The request cannot be written.
    #[error("the request cannot be written: {0}")]
    Request(#[source] FormatFault),
    /// Its answer is longer than what is read.
    #[error("its answer has {length} octets, and {limit} are read at most")]
    TooLarge {
        /// The length that it announced.
        length: u32,
        /// The limit.
        limit: u32,
    },
}

/// Why the kernel's keyrings cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyringFault {
    /// The kernel refused.
    #[error("the kernel refuses: {0}")]
    Kernel(#[source] io::Error),
    /// A key holds what makes no sense, or cannot hold what shall be written.
    #[error("a key in it is damaged: {0}")]
    Malformed(#[source] FormatFault),
    /// The kernel has no keyrings, or a container keeps them away.
    #[error(
        "this kernel has no keyrings, or the container is not allowed to use them: {source}; use another type of cache"
    )]
    NoKeyrings {
        /// The system's answer.
        source: io::Error,
    },
    /// The user's keys take as much room as they may.
    #[error(
        "the user's quota for keys is used up: {source}; remove old caches with kdestroy, or raise \
         /proc/sys/kernel/keys/maxbytes and maxkeys; in kernels with big_key, tickets take next to nothing of it"
    )]
    Quota {
        /// The system's answer.
        source: io::Error,
    },
    /// An entry is longer than a key may be.
    #[error(
        "an entry has {length} octets, and a key holds {limit} at most; kernels with big_key hold more, others need \
         another type of cache for such tickets"
    )]
    TooLarge {
        /// Octets in the entry.
        length: usize,
        /// The limit.
        limit: usize,
    },
}

/// What is wrong with the octets of a cache or keytab.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FormatFault {
    /// A length or count leads past the end of the file or record.
    #[error("damaged: octet {offset} announces more than there is")]
    Truncated {
        /// Where, from the start of the file.
        offset: usize,
    },
    /// It does not start with octet 5.
    #[error("it does not start with the octet 5 of a Kerberos 5 file")]
    Magic,
    /// The version in the second octet is not known.
    #[error("version {0} is not known")]
    Version(u8),
    /// A record has a length that no record can have.
    #[error("damaged: the record at octet {offset} has the length {length}")]
    RecordLength {
        /// Where, from the start of the file.
        offset: usize,
        /// The length it announces.
        length: i32,
    },
    /// A field has a value that the format has no meaning for.
    #[error("damaged: octet {offset} is {found}, which means nothing there")]
    Value {
        /// Where, from the start of the file.
        offset: usize,
        /// What stands there.
        found: u32,
    },
    /// The file that names the primary cache of a directory does not hold one line that starts with `tkt`.
    #[error("it does not name a cache: one line that starts with \"tkt\" and has no slash")]
    PrimaryName,
    /// A name is not UTF-8, or does not end where it should.
    #[error("damaged: octet {offset} belongs to no name")]
    Text {
        /// Where, from the start.
        offset: usize,
    },
    /// There are octets after the last field.
    #[error("damaged: more follows at octet {offset}, where it should end")]
    Trailing {
        /// Where, from the start.
        offset: usize,
    },
    /// There are more octets or entries than this implementation handles.
    #[error("more than {limit} {what}")]
    Limit {
        /// What there is too much of.
        what: &'static str,
        /// The limit.
        limit: usize,
    },
}

/// The kind of a file, for messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FileKind {
    /// A directory of credential caches.
    CacheDirectory,
    /// A configuration file.
    Config,
    /// A credential cache.
    CredentialCache,
    /// The rules that choose a client by the service.
    Identities,
    /// The principals who may log in as a user.
    K5Login,
    /// A keytab.
    Keytab,
    /// The file that names the primary cache of a directory.
    PrimaryName,
    /// A replay cache.
    ReplayCache,
}

/// What was attempted on a file, for messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Action {
    /// Creating it, or its temporary predecessor.
    Create,
    /// Locking it.
    Lock,
    /// Reading it.
    Read,
    /// Removing it.
    Remove,
    /// Putting the new version in its place.
    Replace,
    /// Writing to it.
    Write,
}

impl FileKind {
    pub(crate) fn io(self, action: Action, path: &Path, source: io::Error) -> Error {
        Error::Io {
            action,
            what: self,
            path: path.to_path_buf(),
            source,
        }
    }
}

impl fmt::Display for FileKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::CacheDirectory => "directory of credential caches",
            Self::Config => "configuration file",
            Self::CredentialCache => "credential cache",
            Self::Identities => "file of identities",
            Self::K5Login => "file of principals who may log in",
            Self::Keytab => "keytab",
            Self::PrimaryName => "file that names the primary cache",
            Self::ReplayCache => "replay cache",
        })
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Create => "create",
            Self::Lock => "lock",
            Self::Read => "read",
            Self::Remove => "remove",
            Self::Replace => "replace",
            Self::Write => "write to",
        })
    }
}

fn io_hint(source: &io::Error, what: FileKind) -> &'static str {
    if source.kind() != io::ErrorKind::PermissionDenied {
        return "";
    }
    match what {
        FileKind::Config => " (set KRB5_CONFIG to a file that you may read)",
        FileKind::CacheDirectory | FileKind::CredentialCache | FileKind::PrimaryName => {
            " (if it is another user's, set KRB5CCNAME to a cache of your own)"
        }
        FileKind::Identities | FileKind::K5Login => "",
        FileKind::Keytab => " (run as a user who may read it, or set KRB5_KTNAME to a keytab that you may read)",
        FileKind::ReplayCache => " (set KRB5RCACHENAME to file2: and a file of your own)",
    }
}

fn foreign_hint(what: FileKind) -> &'static str {
    match what {
        FileKind::Config => "; set KRB5_CONFIG to a file of your own",
        FileKind::CacheDirectory | FileKind::CredentialCache | FileKind::PrimaryName => {
            "; set KRB5CCNAME to a cache of your own"
        }
        FileKind::Identities | FileKind::K5Login => "",
        FileKind::Keytab => "; run as that user, or name a keytab of your own",
        FileKind::ReplayCache => "; set KRB5RCACHENAME to file2: and a file of your own",
    }
}

fn collection_hint(name: &str) -> &'static str {
    if name.starts_with("KCM:") || name.starts_with("KEYRING:") {
        return "name the collection instead of one of its caches";
    }
    "use a collection, such as DIR:/home/me/tickets"
}

fn denied_hint(denied: &[PathBuf]) -> String {
    if denied.is_empty() {
        return String::new();
    }
    format!(" (permission denied: {})", list(denied))
}

fn list(files: &[PathBuf]) -> String {
    let names: Vec<String> = files.iter().map(|file| file.display().to_string()).collect();
    names.join(", ")
}
