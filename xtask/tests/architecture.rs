//! The crates depend on each other as `docs/architecture.md` draws it, and on nothing else of ours.

use std::collections::{BTreeMap, BTreeSet};

use cargo_metadata::{CargoOpt, DependencyKind, MetadataCommand};

const PAGE: &str = include_str!("../../docs/architecture.md");

type Graph = BTreeMap<String, BTreeSet<String>>;

/// The block that starts with ```` ```text edges ````: a line a crate, `name -> dependency dependency`.
fn drawn() -> Graph {
    let (_, rest) = PAGE
        .split_once("```text edges\n")
        .expect("docs/architecture.md has a block of edges");
    let (block, _) = rest.split_once("```").expect("the block of edges ends");
    let line = |line: &str| {
        let (name, dependencies) = line.split_once("->").expect("an arrow on each line");
        (
            name.trim().to_owned(),
            dependencies.split_whitespace().map(str::to_owned).collect(),
        )
    };
    block.lines().map(line).collect()
}

fn built(kind: DependencyKind) -> Graph {
    let metadata = MetadataCommand::new()
        .manifest_path(concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml"))
        .features(CargoOpt::AllFeatures)
        .no_deps()
        .exec()
        .expect("cargo metadata runs");
    let ours: BTreeSet<String> = metadata
        .packages
        .iter()
        .map(|package| package.name.to_string())
        .collect();
    let edges = |package: &cargo_metadata::Package| {
        let dependencies = package.dependencies.iter();
        dependencies
            .filter(|d| d.kind == kind && ours.contains(&d.name))
            .map(|d| d.name.clone())
            .collect()
    };
    metadata
        .packages
        .iter()
        .map(|package| (package.name.to_string(), edges(package)))
        .collect()
}

#[test]
fn the_edges_are_those_of_the_page() {
    assert_eq!(built(DependencyKind::Normal), drawn());
}

#[test]
fn arrows_point_downward() {
    let graph = drawn();
    let mut done: BTreeSet<&str> = BTreeSet::new();
    while done.len() < graph.len() {
        let ready = graph.iter().find(|(name, below)| {
            !done.contains(name.as_str()) && below.iter().all(|dependency| done.contains(dependency.as_str()))
        });
        done.insert(ready.expect("no cycle is left").0);
    }
}

#[test]
fn the_test_crate_is_used_from_tests_only() {
    for (name, dependencies) in built(DependencyKind::Normal) {
        assert!(
            !dependencies.contains("gss-test"),
            "{name} depends on gss-test outside its tests"
        );
    }
}

#[test]
fn no_mechanism_depends_on_another() {
    for (name, dependencies) in drawn().iter().filter(|(name, _)| name.starts_with("gss-mech-")) {
        let mechanism = dependencies
            .iter()
            .find(|dependency| dependency.starts_with("gss-mech-"));
        assert_eq!(mechanism, None, "{name} depends on another mechanism");
    }
}

#[test]
fn kerberos_knows_nothing_of_gss() {
    for (name, dependencies) in drawn().iter().filter(|(name, _)| name.starts_with("krb5-")) {
        let gss = dependencies
            .iter()
            .find(|d| d.starts_with("gss") && d.as_str() != "gss-crypto");
        assert_eq!(gss, None, "{name} depends on the GSS-API");
    }
}

#[test]
fn gss_core_has_five_dependencies_at_most() {
    let manifest = include_str!("../../crates/gss-core/Cargo.toml");
    let (_, rest) = manifest.split_once("[dependencies]").expect("a table of dependencies");
    let table = rest.split_once("\n[").map_or(rest, |(table, _)| table);
    let count = table.lines().filter(|line| line.contains('=')).count();
    assert!(count <= 5, "gss-core has {count} dependencies");
}

/// Decoders that free the wrong arm (CVE-2022-44640) cannot be written then.
#[test]
fn a3_every_crate_of_ours_forbids_unsafe_code() {
    let metadata = MetadataCommand::new()
        .manifest_path(concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml"))
        .no_deps()
        .exec()
        .expect("cargo metadata runs");
    let targets = metadata.packages.iter().flat_map(|package| &package.targets);
    let libraries: Vec<_> = targets
        .filter(|target| target.is_lib() || target.is_bin() && target.src_path.ends_with("src/main.rs"))
        .collect();
    assert!(libraries.len() > 10, "{} roots", libraries.len());
    for target in libraries {
        let text = std::fs::read_to_string(&target.src_path).expect("the root of a crate");
        assert!(text.contains("#![forbid(unsafe_code)]"), "{}", target.src_path);
    }
}
