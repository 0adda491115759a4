//! The configuration as a tree.

use std::collections::HashMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::files::{Files, NoFiles, SystemFiles};
use super::line::{Finality, Tag};
use super::parser::Parser;
use crate::error::{Error, FileKind};

/// The relations of a `krb5.conf`, by the names of their sections.
///
/// Values of one name accumulate in the order of the files and lines; where one value is wanted, the
/// first counts. A `*` after a name makes what stands there final: later ones are ignored.
#[derive(Clone, Debug, Default)]
pub struct Profile {
    /// One per file of the list that `KRB5_CONFIG` holds; includes are part of the including one.
    trees: Vec<Tree>,
}

/// Where a relation stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The file.
    pub file: Arc<Path>,
    /// The line, from 1; 0 for the file as a whole.
    pub line: u32,
}

/// A value and where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Value<'a> {
    /// The value, without quotes.
    pub text: &'a str,
    /// Where it stands.
    pub origin: &'a Origin,
}

impl Profile {
    /// Parses text that includes no files.
    ///
    /// # Errors
    /// [`Error::Config`] with the line; includes cannot be followed and are errors too.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let mut parser = Parser::new(&NoFiles);
        parser.text(Path::new("krb5.conf"), text.as_bytes())?;
        Ok(Self {
            trees: vec![parser.finish()],
        })
    }

    /// Reads files and directories, earlier ones first in weight. Those that do not exist or may not
    /// be read are skipped, unless that leaves none.
    ///
    /// # Errors
    /// [`Error::ConfigMissing`], or what is wrong with the first file that is.
    pub fn load<P: AsRef<Path>>(paths: &[P]) -> Result<Self, Error> {
        Self::load_from(&SystemFiles, paths)
    }

    /// As [`Profile::load`], from other files than those of the operating system.
    ///
    /// # Errors
    /// As [`Profile::load`].
    pub fn load_from<P: AsRef<Path>>(files: &dyn Files, paths: &[P]) -> Result<Self, Error> {
        let mut trees = Vec::new();
        let mut denied = Vec::new();
        for path in paths {
            let mut parser = Parser::new(files);
            match parser.path(path.as_ref()) {
                Ok(()) => trees.push(parser.finish()),
                Err(Error::Io { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => {}
                Err(Error::Io { source, path, .. }) if source.kind() == std::io::ErrorKind::PermissionDenied => {
                    denied.push(path);
                }
                Err(other) => return Err(other),
            }
        }
        if trees.is_empty() {
            let files: Vec<PathBuf> = paths.iter().map(|path| path.as_ref().to_path_buf()).collect();
            return Err(Error::ConfigMissing { files, denied });
        }
        Ok(Self { trees })
    }

    /// All values of a relation: `path` is the section, subsections, and the name.
    #[must_use]
    pub fn values<'a>(&'a self, path: &[&str]) -> Vec<Value<'a>> {
        let Some((name, sections)) = path.split_last() else {
            return Vec::new();
        };
        let mut found = Vec::new();
        for tree in &self.trees {
            let (section, mut end) = tree.descend(sections);
            let items = section.map(|section| section.items.as_slice()).unwrap_or_default();
            for relation in items
                .iter()
                .filter_map(Item::relation)
                .filter(|relation| relation.name == *name)
            {
                found.push(Value {
                    text: &relation.value,
                    origin: &relation.origin,
                });
                end |= relation.is_final;
            }
            if end {
                break;
            }
        }
        found
    }

    /// The first value of a relation.
    #[must_use]
    pub fn value<'a>(&'a self, path: &[&str]) -> Option<Value<'a>> {
        self.values(path).first().copied()
    }

    /// The names and values of all relations of a section, in their order.
    #[must_use]
    pub fn relations<'a>(&'a self, sections: &[&str]) -> Vec<(&'a str, Value<'a>)> {
        let mut found = Vec::new();
        for tree in &self.trees {
            let (section, end) = tree.descend(sections);
            let items = section.map(|section| section.items.as_slice()).unwrap_or_default();
            found.extend(items.iter().filter_map(Item::relation).map(|relation| {
                let value = Value {
                    text: &relation.value,
                    origin: &relation.origin,
                };
                (relation.name.as_str(), value)
            }));
            if end {
                break;
            }
        }
        found
    }

    /// The names of the subsections of a section, each once, in the order of their first appearance.
    #[must_use]
    pub fn subsections<'a>(&'a self, sections: &[&str]) -> Vec<&'a str> {
        let mut found: Vec<&str> = Vec::new();
        let mut seen = std::collections::HashSet::new();
        for tree in &self.trees {
            let (section, end) = tree.descend(sections);
            let items = section.map(|section| section.items.as_slice()).unwrap_or_default();
            for name in items.iter().filter_map(|item| tree.section_name(item)) {
                if seen.insert(name) {
                    found.push(name);
                }
            }
            if end {
                break;
            }
        }
        found
    }
}

impl Value<'_> {
    /// The error that `key` has this value.
    pub(super) fn bad(&self, key: &str, expected: &'static str) -> Error {
        Error::ConfigValue {
            origin: self.origin.clone(),
            key: key.to_owned(),
            value: self.text.to_owned(),
            expected,
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "{} {}", FileKind::Config, self.file.display()),
            line => write!(f, "{}:{line}", self.file.display()),
        }
    }
}

/// The sections of one file and what it includes.
#[derive(Clone, Debug, Default)]
pub(super) struct Tree {
    /// The root is the first.
    sections: Vec<Section>,
}

/// The place of a section in its tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct SectionId(usize);

#[derive(Clone, Debug)]
struct Section {
    name: String,
    finality: Finality,
    items: Vec<Item>,
}

#[derive(Clone, Debug)]
enum Item {
    Relation(Relation),
    Section(SectionId),
}

#[derive(Clone, Debug)]
struct Relation {
    name: String,
    value: String,
    is_final: bool,
    origin: Origin,
}

impl Item {
    fn relation(&self) -> Option<&Relation> {
        match self {
            Self::Relation(relation) => Some(relation),
            Self::Section(_) => None,
        }
    }
}

impl Tree {
    fn get(&self, id: SectionId) -> Option<&Section> {
        self.sections.get(id.0)
    }

    fn section_name(&self, item: &Item) -> Option<&str> {
        match item {
            Item::Section(id) => self.get(*id).map(|section| section.name.as_str()),
            Item::Relation(_) => None,
        }
    }

    /// The section of this path if it exists, and whether one on the way is final.
    fn descend(&self, path: &[&str]) -> (Option<&Section>, bool) {
        let mut end = false;
        let mut current = self.get(ROOT);
        for name in path {
            current = current.and_then(|section| {
                let mut children = section.items.iter().filter_map(|item| match item {
                    Item::Section(id) => self.get(*id),
                    Item::Relation(_) => None,
                });
                children.find(|child| child.name == *name)
            });
            end |= current.is_some_and(|section| section.finality == Finality::Final);
        }
        (current, end)
    }
}

/// Builds a tree; sections of one name and parent are one section.
#[derive(Debug)]
pub(super) struct Builder {
    tree: Tree,
    by_name: HashMap<(SectionId, String), SectionId>,
    final_relations: std::collections::HashSet<(SectionId, String)>,
}

impl Default for Builder {
    fn default() -> Self {
        let root = Section {
            name: String::new(),
            finality: Finality::Open,
            items: Vec::new(),
        };
        Self {
            tree: Tree { sections: vec![root] },
            by_name: HashMap::new(),
            final_relations: std::collections::HashSet::new(),
        }
    }
}

impl Builder {
    pub(super) fn root(&self) -> SectionId {
        ROOT
    }

    pub(super) fn finish(self) -> Tree {
        self.tree
    }

    /// The section of this name, made if need be; `None` if it was final already, so that its new
    /// content is to be discarded.
    pub(super) fn section(&mut self, parent: SectionId, tag: Tag<'_>) -> Option<SectionId> {
        let key = (parent, tag.name.to_owned());
        if let Some(id) = self.by_name.get(&key).copied() {
            let section = self.tree.sections.get_mut(id.0)?;
            let was_open = section.finality == Finality::Open;
            if tag.finality == Finality::Final {
                section.finality = Finality::Final;
            }
            return was_open.then_some(id);
        }
        let id = SectionId(self.tree.sections.len());
        self.tree.sections.push(Section {
            name: tag.name.to_owned(),
            finality: tag.finality,
            items: Vec::new(),
        });
        self.by_name.insert(key, id);
        self.tree.sections.get_mut(parent.0)?.items.push(Item::Section(id));
        Some(id)
    }

    pub(super) fn make_final(&mut self, id: SectionId) {
        if let Some(section) = self.tree.sections.get_mut(id.0) {
            section.finality = Finality::Final;
        }
    }

    pub(super) fn relation(&mut self, section: SectionId, tag: Tag<'_>, value: String, origin: Origin) {
        let key = (section, tag.name.to_owned());
        if self.final_relations.contains(&key) {
            return;
        }
        let is_final = tag.finality == Finality::Final;
        if is_final {
            self.final_relations.insert(key);
        }
        if let Some(section) = self.tree.sections.get_mut(section.0) {
            section.items.push(Item::Relation(Relation {
                name: tag.name.to_owned(),
                value,
                is_final,
                origin,
            }));
        }
    }
}

const ROOT: SectionId = SectionId(0);
