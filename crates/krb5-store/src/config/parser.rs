//! Files to trees.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::files::Files;
use super::line::{Directive, Finality, Line, Tag};
use super::profile::{Builder, Origin, SectionId};
use crate::error::Error;

/// What is wrong with a line of `krb5.conf`.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigFault {
    /// The file starts with a byte order mark.
    #[error("the file starts with a byte order mark; save it without")]
    ByteOrderMark,
    /// A `}` without a `{`.
    #[error("}} closes nothing")]
    ExtraBrace,
    /// An included file or directory cannot be used.
    #[error("cannot include {}: {cause}", path.display())]
    Include {
        /// What was to be included.
        path: PathBuf,
        /// Why it cannot be.
        cause: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Too many files include each other.
    #[error("more than {MAX_INCLUDE_DEPTH} files include each other")]
    IncludeDepth,
    /// A file includes itself, perhaps by way of others.
    #[error("{} includes itself", path.display())]
    IncludeLoop {
        /// The file.
        path: PathBuf,
    },
    /// The argument of `include` or `includedir` is not an absolute path.
    #[error("include needs an absolute path, not {path:?}")]
    IncludeRelative {
        /// What stands there.
        path: String,
    },
    /// `name =` is followed neither by a value nor by `{` on the next line.
    #[error("the line above has no value, and this one is not {{")]
    MissingValue,
    /// `module` asks for a shared library that interprets the configuration.
    #[error("profile modules (shared libraries) are not supported")]
    Module,
    /// Braces are nested too deeply.
    #[error("braces are nested more than {MAX_BRACES} deep")]
    Nesting,
    /// A NUL octet.
    #[error("a NUL octet")]
    Nul,
    /// Neither a section, nor a relation, nor a comment.
    #[error("neither [section], nor name = value, nor a comment")]
    RelationSyntax,
    /// A section within braces.
    #[error("a [section] within braces: a }} is missing above")]
    SectionInBraces,
    /// A section that is not closed, or followed by something.
    #[error("a [section] must stand alone on its line, with ] or ]* at its end")]
    SectionSyntax,
    /// The included files are too many or too large together.
    #[error("the configuration has more than {MAX_FILES} files or {MAX_OCTETS} octets")]
    TooMuch,
}

/// Reads files into one tree.
pub(super) struct Parser<'f> {
    files: &'f dyn Files,
    tree: Builder,
    /// The files being read, outermost first, by identity.
    active: Vec<PathBuf>,
    files_left: usize,
    octets_left: usize,
}

/// Where in one file the reader stands.
struct Position {
    file: Arc<Path>,
    /// Open sections, outermost first; `None` where the content is discarded.
    sections: Vec<Option<SectionId>>,
    expects: Expects,
}

enum Expects {
    /// The first section: until then, lines mean nothing.
    FirstSection,
    /// Anything.
    Line,
    /// The brace that a relation without value asks for.
    Brace,
}

impl<'f> Parser<'f> {
    pub(super) fn new(files: &'f dyn Files) -> Self {
        Self {
            files,
            tree: Builder::default(),
            active: Vec::new(),
            files_left: MAX_FILES,
            octets_left: MAX_OCTETS,
        }
    }

    pub(super) fn finish(self) -> super::profile::Tree {
        self.tree.finish()
    }

    /// Reads a file, or the files of a directory.
    pub(super) fn path(&mut self, path: &Path) -> Result<(), Error> {
        if self.files.is_directory(path) {
            let names = self
                .files
                .list(path)
                .map_err(|source| crate::error::FileKind::Config.io(crate::error::Action::Read, path, source))?;
            return self.directory(path, names);
        }
        let octets = self.files.read(path, MAX_FILE)?;
        tracing::debug!(file = %path.display(), "read a configuration");
        self.active.push(self.files.identity(path));
        let result = self.text(path, &octets);
        self.active.pop();
        result
    }

    pub(super) fn text(&mut self, path: &Path, octets: &[u8]) -> Result<(), Error> {
        let file: Arc<Path> = path.into();
        let at = |line| Origin {
            file: file.clone(),
            line,
        };
        let fail = |line, fault| Error::Config {
            origin: at(line),
            fault,
        };
        self.spend(octets.len()).map_err(|fault| fail(1, fault))?;
        if octets.starts_with(b"\xef\xbb\xbf") || octets.starts_with(b"\xff\xfe") || octets.starts_with(b"\xfe\xff") {
            return Err(fail(1, ConfigFault::ByteOrderMark));
        }
        let mut position = Position {
            file: file.clone(),
            sections: Vec::new(),
            expects: Expects::FirstSection,
        };
        for (number, line) in (1_u32..).zip(octets.split(|octet| *octet == b'\n')) {
            if line.contains(&0) {
                return Err(fail(number, ConfigFault::Nul));
            }
            let line = String::from_utf8_lossy(line);
            self.line(&mut position, number, &line)
                .map_err(|fault| fail(number, fault))?;
        }
        Ok(())
    }

    fn line(&mut self, position: &mut Position, number: u32, line: &str) -> Result<(), ConfigFault> {
        match Directive::parse(line) {
            Some(Directive::Include(path)) => return self.include(path),
            Some(Directive::IncludeDir(path)) => return self.include_directory(path),
            Some(Directive::Module) if matches!(position.expects, Expects::FirstSection) => {
                return Err(ConfigFault::Module);
            }
            Some(Directive::Module) | None => {}
        }
        match position.expects {
            Expects::FirstSection if !line.starts_with('[') => return Ok(()),
            Expects::Brace if line.trim_start_matches(super::line::is_space).starts_with('{') => {
                position.expects = Expects::Line;
                return Ok(());
            }
            Expects::Brace => return Err(ConfigFault::MissingValue),
            Expects::FirstSection | Expects::Line => position.expects = Expects::Line,
        }
        self.within_section(position, number, Line::parse(line)?)
    }

    fn within_section(&mut self, position: &mut Position, number: u32, line: Line<'_>) -> Result<(), ConfigFault> {
        match line {
            Line::Blank => Ok(()),
            Line::Section(tag) => {
                if position.sections.len() > 1 {
                    return Err(ConfigFault::SectionInBraces);
                }
                position.sections = vec![self.tree.section(self.tree.root(), tag)];
                Ok(())
            }
            Line::Open(tag) => self.open(position, tag),
            Line::OpenBelow(tag) => {
                position.expects = Expects::Brace;
                self.open(position, tag)
            }
            Line::Close(finality) => self.close(position, finality),
            Line::Relation(tag, value) => {
                if let Some(Some(section)) = position.sections.last() {
                    let origin = Origin {
                        file: position.file.clone(),
                        line: number,
                    };
                    self.tree.relation(*section, tag, value, origin);
                }
                Ok(())
            }
        }
    }

    fn open(&mut self, position: &mut Position, tag: Tag<'_>) -> Result<(), ConfigFault> {
        if position.sections.len() > MAX_BRACES {
            return Err(ConfigFault::Nesting);
        }
        let parent = position.sections.last().copied().flatten();
        let section = parent.and_then(|parent| self.tree.section(parent, tag));
        position.sections.push(section);
        Ok(())
    }

    fn close(&mut self, position: &mut Position, finality: Finality) -> Result<(), ConfigFault> {
        if position.sections.len() < 2 {
            return Err(ConfigFault::ExtraBrace);
        }
        if let (Some(Some(section)), Finality::Final) = (position.sections.pop(), finality) {
            self.tree.make_final(section);
        }
        Ok(())
    }

    fn include(&mut self, path: &str) -> Result<(), ConfigFault> {
        let path = absolute(path)?;
        let identity = self.files.identity(path);
        if self.active.contains(&identity) {
            return Err(ConfigFault::IncludeLoop {
                path: path.to_path_buf(),
            });
        }
        if self.active.len() > MAX_INCLUDE_DEPTH {
            return Err(ConfigFault::IncludeDepth);
        }
        let octets = self.files.read(path, MAX_FILE).map_err(|cause| unusable(path, cause))?;
        self.active.push(identity);
        let result = self.text(path, &octets);
        self.active.pop();
        result.map_err(|cause| unusable(path, cause))
    }

    fn include_directory(&mut self, path: &str) -> Result<(), ConfigFault> {
        let path = absolute(path)?;
        let names = self.files.list(path).map_err(|cause| unusable(path, cause))?;
        self.directory(path, names).map_err(|cause| unusable(path, cause))
    }

    /// Reads those of the named files that look like configuration, in the order of their names.
    fn directory(&mut self, path: &Path, mut names: Vec<String>) -> Result<(), Error> {
        names.sort_unstable();
        for name in names.iter().filter(|name| is_configuration(name)) {
            let file = path.join(name);
            if self.files.is_directory(&file) {
                continue;
            }
            let Some(file) = file.to_str() else { continue };
            let origin = Origin {
                file: path.into(),
                line: 0,
            };
            self.include(file).map_err(|fault| Error::Config { origin, fault })?;
        }
        Ok(())
    }

    fn spend(&mut self, octets: usize) -> Result<(), ConfigFault> {
        self.files_left = self.files_left.checked_sub(1).ok_or(ConfigFault::TooMuch)?;
        self.octets_left = self.octets_left.checked_sub(octets).ok_or(ConfigFault::TooMuch)?;
        Ok(())
    }
}

/// Whether a file in an included directory is read: letters, digits, `-` and `_` alone, or any name
/// that ends in `.conf` and does not start with a dot.
fn is_configuration(name: &str) -> bool {
    let plain = |octet: u8| octet.is_ascii_alphanumeric() || octet == b'-' || octet == b'_';
    !name.starts_with('.') && (name.ends_with(".conf") || name.bytes().all(plain))
}

fn absolute(path: &str) -> Result<&Path, ConfigFault> {
    let as_path = Path::new(path);
    if as_path.has_root() {
        Ok(as_path)
    } else {
        Err(ConfigFault::IncludeRelative { path: path.to_owned() })
    }
}

/// The innermost fault of a chain of includes is the one to tell, with its own file and line.
fn unusable(path: &Path, cause: impl std::error::Error + Send + Sync + 'static) -> ConfigFault {
    ConfigFault::Include {
        path: path.to_path_buf(),
        cause: Box::new(cause),
    }
}

/// Octets read of one file.
const MAX_FILE: u64 = 1 << 20;
/// Files on the way from the first to the innermost included one.
const MAX_INCLUDE_DEPTH: usize = 16;
/// Braces within braces.
const MAX_BRACES: usize = 32;
/// Files read for one tree: including one file from many could otherwise take for ever.
const MAX_FILES: usize = 1024;
/// Octets read for one tree.
const MAX_OCTETS: usize = 16 << 20;

#[cfg(test)]
mod tests;
