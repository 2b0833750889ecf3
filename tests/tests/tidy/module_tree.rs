//! The modules of one crate, and the module of each path.
//!
//! A module is a file; a module inside a file is part of that file. Imported and re-exported names are followed through
//! `use` to the module that defines them. Names that a macro generates and names behind `*` count as the module's own.

use std::collections::{BTreeMap, BTreeSet};
use std::slice;

use super::tokens::{Token, after_closing, cfg_test, test_blocks, tokens};
use super::tree::Source;

/// The path of a module: the names from the root of its crate on.
pub(crate) type Module = Vec<String>;

/// A path that one module names, from the root of its crate on.
#[derive(Debug)]
pub(crate) struct Mention {
    pub(crate) by: Module,
    pub(crate) path: Vec<String>,
    /// File and line.
    pub(crate) place: String,
}

/// The modules of a crate, without those for tests.
#[derive(Debug, Default)]
pub(crate) struct ModuleTree {
    modules: BTreeSet<Module>,
    /// The imported names of a module, and the paths of their definitions.
    imports: BTreeMap<(Module, String), Vec<String>>,
    /// Every path into the crate itself that a module has.
    pub(crate) mentions: Vec<Mention>,
}

impl ModuleTree {
    /// Reads the sources below `src`, which ends with `/`.
    pub(crate) fn read<'a>(src: &str, sources: impl Iterator<Item = &'a Source> + Clone) -> Self {
        let inside = sources.filter_map(|source| Some((module_of(source.path.strip_prefix(src)?), source)));
        let tests: BTreeSet<Module> =
            inside.clone().flat_map(|(module, source)| test_modules(&module, &source.code)).collect();
        let for_tests = |module: &Module| (0..=module.len()).any(|length| tests.contains(&module[..length]));
        let kept: Vec<_> = inside.filter(|(module, _)| !for_tests(module)).collect();
        let mut tree =
            Self { modules: kept.iter().map(|(module, _)| module.clone()).collect(), ..Self::default() };
        for (module, source) in kept {
            tree.read_source(&module, source);
        }
        tree
    }

    /// The module with the definition of `path`.
    pub(crate) fn home_of(&self, path: &[String]) -> Module {
        self.follow(path, 8)
    }

    fn follow(&self, path: &[String], hops: usize) -> Module {
        let mut module = Module::new();
        for (index, name) in path.iter().enumerate() {
            let below = [&module[..], slice::from_ref(name)].concat();
            if self.modules.contains(&below) {
                module = below;
                continue;
            }
            return match self.imports.get(&(module.clone(), name.clone())) {
                Some(from) if hops > 0 => self.follow(&[from, &path[index + 1..]].concat(), hops - 1),
                _ => module,
            };
        }
        module
    }

    fn read_source(&mut self, module: &Module, source: &Source) {
        let all = tokens(&source.code);
        let blocks = test_blocks(&all);
        let tokens: Vec<_> =
            all.into_iter().filter(|token| !blocks.iter().any(|block| block.contains(&token.line))).collect();
        let mut index = 0;
        while index < tokens.len() {
            let is_use = tokens[index].text == "use";
            let start = if is_use { index + 1 } else { index };
            let mut leaves = Vec::new();
            let after = read_tree(&tokens, start, &mut Vec::new(), &mut leaves);
            for leaf in leaves {
                self.record(module, source, &leaf, is_use);
            }
            index = after.max(index + 1);
        }
    }

    fn record(&mut self, module: &Module, source: &Source, leaf: &Leaf<'_>, is_use: bool) {
        let Some(path) = self.absolute(module, &leaf.path, is_use) else { return };
        let place = format!("{}:{}", source.path, leaf.line);
        if is_use {
            self.imports.insert((module.clone(), leaf.name.to_owned()), path.clone());
        }
        self.mentions.push(Mention { by: module.clone(), path, place });
    }

    /// The path from the root of the crate on; none for a path of another crate.
    fn absolute(&self, module: &Module, path: &[&str], is_use: bool) -> Option<Vec<String>> {
        let (base, rest): (&[String], &[&str]) = match path.first().copied()? {
            "crate" => (&[], &path[1..]),
            "self" => (module, &path[1..]),
            "super" => {
                let up = path.iter().take_while(|name| **name == "super").count();
                (&module[..module.len().checked_sub(up)?], &path[up..])
            }
            child if is_use && self.has_child(module, child) => (module, path),
            _ => return None,
        };
        let rest = rest.iter().map(|name| (*name).to_owned());
        Some(base.iter().cloned().chain(rest).collect())
    }

    fn has_child(&self, module: &[String], name: &str) -> bool {
        self.modules.contains(&[module, &[name.to_owned()]].concat())
    }
}

/// `a/mod.rs` and `a.rs` are `a`, `lib.rs` and `main.rs` the root.
fn module_of(path: &str) -> Module {
    let path = path.trim_end_matches(".rs");
    let path = path.strip_suffix("/mod").unwrap_or(path);
    if matches!(path, "lib" | "main") { Module::new() } else { path.split('/').map(str::to_owned).collect() }
}

/// The modules in separate files that `code` declares for tests only.
fn test_modules(module: &[String], code: &str) -> Vec<Module> {
    let tokens = tokens(code);
    let after_cfg = (0..tokens.len()).filter_map(|index| cfg_test(&tokens, index));
    let named = after_cfg.filter_map(|after| {
        let mut rest =
            tokens[after..].iter().skip_while(|token| !matches!(token.text, "mod" | "{" | ";" | "fn"));
        (rest.next()?.text == "mod").then(|| rest.next())?
    });
    named.map(|name| [module, &[name.text.to_owned()]].concat()).collect()
}

/// One path of a `use`, or a path in code.
struct Leaf<'a> {
    path: Vec<&'a str>,
    /// The name in the importing module.
    name: &'a str,
    line: usize,
}

/// Reads the path or the tree of paths at `at`, and returns the index behind it. Outside of `use` only a path that begins
/// with `crate`, `self` or `super` counts.
fn read_tree<'a>(
    tokens: &[Token<'a>],
    at: usize,
    path: &mut Vec<&'a str>,
    leaves: &mut Vec<Leaf<'a>>,
) -> usize {
    let Some(token) = tokens.get(at) else { return at };
    if token.text == "{" && !path.is_empty() {
        let end = after_closing(tokens, at);
        let mut index = at + 1;
        while index + 1 < end {
            index = read_tree(tokens, index, &mut path.clone(), leaves).max(index + 1);
        }
        return end;
    }
    if !token.text.starts_with(|c: char| c.is_alphanumeric() || c == '_' || c == '*') {
        return at;
    }
    if token.text != "self" || path.is_empty() {
        path.push(token.text);
    }
    let next = |ahead: usize| tokens.get(at + ahead).map_or("", |token| token.text);
    match (next(1), next(2)) {
        ("::", "<") => {}
        ("::", _) => return read_tree(tokens, at + 2, path, leaves),
        ("as", alias) => {
            leaves.push(Leaf { path: path.clone(), name: alias, line: token.line });
            return at + 3;
        }
        _ => {}
    }
    let name = path.last().copied().unwrap_or_default();
    leaves.push(Leaf { path: path.clone(), name, line: token.line });
    at + 1
}
