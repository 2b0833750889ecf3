//! The graph of crates as cargo resolves it: names, versions, and the kinds of dependencies.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::LazyLock;

use cargo_metadata::cargo_platform::Platform;
use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Package, PackageId};

/// A package, with the properties that the rules read.
#[derive(Clone, Debug, Default)]
pub(crate) struct Crate {
    pub(crate) name: String,
    /// The version, as in `1.2.3`.
    pub(crate) version: String,
    pub(crate) licence: Option<String>,
    /// Major, minor and patch of the required Rust.
    pub(crate) rust: Option<[u64; 3]>,
    /// The native library of its `links` key.
    pub(crate) links: Option<String>,
    /// Whether it is one of ours.
    pub(crate) ours: bool,
    /// Whether a command without `-p` builds it.
    pub(crate) by_default: bool,
    pub(crate) uses: Vec<(Use, String)>,
}

/// The kind of a dependency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Use {
    Normal,
    Build,
    Dev,
}

/// All crates, by an identity that holds name and version.
pub(crate) type Graph = BTreeMap<String, Crate>;

/// The graph of the workspace, on all platforms, with the features that are on by default.
pub(crate) fn graph() -> &'static Graph {
    static GRAPH: LazyLock<Graph> = LazyLock::new(|| {
        let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("../Cargo.toml");
        let metadata = MetadataCommand::new().manifest_path(manifest).exec();
        graph_of(&metadata.expect("cargo describes the workspace"))
    });
    &GRAPH
}

fn graph_of(metadata: &Metadata) -> Graph {
    let nodes = &metadata.resolve.as_ref().expect("a resolved graph").nodes;
    let packages: BTreeMap<&PackageId, &Package> =
        metadata.packages.iter().map(|package| (&package.id, package)).collect();
    let uses: BTreeMap<&PackageId, Vec<(Use, String)>> = nodes
        .iter()
        .map(|node| {
            let kinds = node.deps.iter().flat_map(|dep| dep.dep_kinds.iter().map(move |kind| (dep, kind)));
            let built = kinds.filter(|(_, kind)| !kind.target.as_ref().is_some_and(is_never_built));
            let user = packages[&node.id];
            let built = built.filter(|(dep, _)| is_on(user, &node.features, &packages[&dep.pkg].name));
            let uses = built.filter_map(|(dep, kind)| Some((use_of(kind.kind)?, dep.pkg.repr.clone())));
            (&node.id, uses.collect())
        })
        .collect();
    let packages = metadata.packages.iter();
    packages
        .map(|package| (package.id.repr.clone(), crate_of(metadata, package, uses.get(&package.id))))
        .collect()
}

fn crate_of(metadata: &Metadata, package: &Package, uses: Option<&Vec<(Use, String)>>) -> Crate {
    Crate {
        name: package.name.to_string(),
        version: package.version.to_string(),
        licence: package.license.clone(),
        rust: package.rust_version.as_ref().map(|rust| [rust.major, rust.minor, rust.patch]),
        links: package.links.clone(),
        ours: metadata.workspace_members.contains(&package.id),
        by_default: metadata.workspace_default_members.contains(&package.id),
        uses: uses.cloned().unwrap_or_default(),
    }
}

/// `cfg(any())` is never true; `cfg(loom)` is true in the build of the models only.
fn is_never_built(target: &Platform) -> bool {
    ["cfg(any())", "cfg(loom)"].contains(&target.to_string().as_str())
}

/// Whether a package is used with these features. The graph of `cargo metadata` contains more than the build: `a?/b`, which
/// enables a feature of an optional package without enabling the package, adds the package there.
fn is_on(user: &Package, features: &[impl AsRef<str>], used: &str) -> bool {
    let mut declared = user.dependencies.iter().filter(|dependency| dependency.name == used).peekable();
    let is_enabled = |name: &str| {
        let enables = |entry: &String| {
            entry.strip_prefix("dep:") == Some(name)
                || entry.split_once('/').is_some_and(|(dep, _)| dep == name)
        };
        features.iter().filter_map(|feature| user.features.get(feature.as_ref())).flatten().any(enables)
    };
    declared.peek().is_none()
        || declared.any(|one| !one.optional || is_enabled(one.rename.as_deref().unwrap_or(&one.name)))
}

const fn use_of(kind: DependencyKind) -> Option<Use> {
    match kind {
        DependencyKind::Normal => Some(Use::Normal),
        DependencyKind::Build => Some(Use::Build),
        DependencyKind::Development => Some(Use::Dev),
        _ => None,
    }
}

/// All crates that `starts` are built from, themselves included. Dev-dependencies of `starts` are followed if `with_dev` is
/// set, those of other crates never: their tests are not built.
pub(crate) fn reached<'a>(graph: &'a Graph, starts: &[&str], with_dev: bool) -> BTreeSet<&'a str> {
    let mut found: BTreeSet<&str> = BTreeSet::new();
    let mut open: Vec<(&str, bool)> = graph
        .keys()
        .map(String::as_str)
        .filter_map(|id| starts.contains(&id).then_some((id, with_dev)))
        .collect();
    while let Some((id, dev)) = open.pop() {
        if !found.insert(id) {
            continue;
        }
        let uses = graph.get(id).into_iter().flat_map(|one| &one.uses);
        let followed = uses.filter(|(kind, _)| dev || *kind != Use::Dev);
        open.extend(followed.map(|(_, to)| (to.as_str(), with_dev && graph[to].by_default)));
    }
    found
}

/// All crates that a command without `-p` builds, tests included.
pub(crate) fn by_default(graph: &Graph) -> Vec<&Crate> {
    let members: Vec<_> = graph.iter().filter(|(_, one)| one.by_default).map(|(id, _)| id.as_str()).collect();
    reached(graph, &members, true).into_iter().map(|id| &graph[id]).collect()
}

/// A small graph for a test: names, and dependencies by name.
pub(crate) fn sample(rows: &[(&str, &[(Use, &str)])]) -> Graph {
    let one = |name: &str, uses: &[(Use, &str)]| Crate {
        name: name.to_owned(),
        version: "1.0.0".to_owned(),
        ours: name.starts_with("milena"),
        by_default: name.starts_with("milena"),
        licence: Some("MIT".to_owned()),
        uses: uses.iter().map(|(kind, to)| (*kind, (*to).to_owned())).collect(),
        ..Crate::default()
    };
    rows.iter().map(|(name, uses)| ((*name).to_owned(), one(name, uses))).collect()
}

#[test]
fn only_tested_crates_add_their_dev_dependencies() {
    let graph = sample(&[
        ("milena", &[(Use::Normal, "a"), (Use::Dev, "b")]),
        ("a", &[(Use::Dev, "c"), (Use::Build, "d")]),
        ("b", &[]),
        ("c", &[]),
        ("d", &[]),
    ]);
    assert_eq!(reached(&graph, &["milena"], true).into_iter().collect::<Vec<_>>(), ["a", "b", "d", "milena"]);
    assert_eq!(reached(&graph, &["milena"], false).into_iter().collect::<Vec<_>>(), ["a", "d", "milena"]);
}

#[test]
fn optional_package_is_used_once_a_feature_enables_it() {
    let manifest = r#"{"name":"user","version":"1.0.0","id":"user","dependencies":[
        {"name":"always","source":null,"kind":null,"req":"*","optional":false,"uses_default_features":true,"features":[],"target":null},
        {"name":"perhaps","source":null,"kind":null,"req":"*","optional":true,"uses_default_features":true,"features":[],"target":null}],
        "targets":[],"manifest_path":"/Cargo.toml","metadata":null,
        "features":{"weak":["perhaps?/more"],"strong":["perhaps/more"],"named":["dep:perhaps"]}}"#;
    let user: Package = serde_json::from_str(manifest).expect("a package");
    for (features, expected) in
        [(&["weak"][..], false), (&["weak", "strong"], true), (&["named"], true), (&[], false)]
    {
        assert_eq!(is_on(&user, features, "perhaps"), expected, "{features:?}");
        assert!(is_on(&user, features, "always"));
    }
}
