//! The one table of properties: what each is called by whom, what it is unless it is set, and what it does here.

use super::property::{Effect, Property};

/// Reads blocks of rows, `"name" ["other names"] = "default", …: "meaning";`. A row of `set` names the builder's setter
/// and how its argument is read; one of `compression` or `compression_checked` a setter of the compression settings, the
/// latter without effect; one of `security` the field of what is set by name; one of `only_as` the values that are taken.
/// The values of `secret`, `only_as_secret` and `ignored_secret` are never shown.
macro_rules! properties {
    (
        $(set { $($p_name:literal [$($p_also:literal),*] = $p_default:literal,
            $setter:ident($p_read:ident): $p_meaning:literal;)* })?
        $(compression { $($c_name:literal [$($c_also:literal),*] = $c_default:literal,
            $c_setter:ident($c_read:path): $c_meaning:literal;)* })?
        $(compression_checked { $($k_name:literal [$($k_also:literal),*] = $k_default:literal,
            $k_setter:ident($k_read:path): $k_meaning:literal;)* })?
        $(security { $($s_name:literal [$($s_also:literal),*] = $s_default:literal,
            $s_first:ident $(.$s_more:ident)*($s_read:ident): $s_meaning:literal;)* })?
        $(secret { $($h_name:literal [$($h_also:literal),*],
            $h_first:ident $(.$h_more:ident)*: $h_meaning:literal;)* })?
        $(only_as { $($o_name:literal [$($o_also:literal),*] = $o_default:literal,
            $values:tt: $o_meaning:literal;)* })?
        $(only_as_secret { $($n_name:literal [$($n_also:literal),*]: $n_meaning:literal;)* })?
        $(ignored { $($i_name:literal [$($i_also:literal),*] = $i_default:literal: $i_meaning:literal;)* })?
        $(ignored_secret { $($g_name:literal [$($g_also:literal),*]: $g_meaning:literal;)* })?
    ) => {
        &[
            $($(super::row($p_name, &[$($p_also),*], $p_default, $p_meaning, super::Effect::Set(
                |builder, value| Ok(builder.$setter($p_read(value)?)),
            )),)*)?
            $($(super::row($c_name, &[$($c_also),*], $c_default, $c_meaning, super::Effect::Set(
                |mut builder, value| {
                    builder.compression.$c_setter($c_read(value)?);
                    Ok(builder)
                },
            )),)*)?
            $($(super::row($k_name, &[$($k_also),*], $k_default, $k_meaning, super::Effect::Checked(
                |mut builder, value| {
                    builder.compression.$k_setter($k_read(value)?);
                    Ok(builder)
                },
            )),)*)?
            $($(super::row($s_name, &[$($s_also),*], $s_default, $s_meaning, super::Effect::Set(
                |mut builder, value| {
                    builder.security.$s_first$(.$s_more)* = $s_read(value)?;
                    Ok(builder)
                },
            )),)*)?
            $($(super::row($h_name, &[$($h_also),*], "", $h_meaning, super::Effect::Set(
                |mut builder, value| {
                    builder.security.$h_first$(.$h_more)* = (!value.is_empty()).then(|| value.into());
                    Ok(builder)
                },
            )).hidden(),)*)?
            $($(super::row($o_name, &[$($o_also),*], $o_default, $o_meaning, super::Effect::OnlyAs(&$values)),)*)?
            $($(super::row($n_name, &[$($n_also),*], "", $n_meaning, super::Effect::OnlyAs(&[""])).hidden(),)*)?
            $($(super::row($i_name, &[$($i_also),*], $i_default, $i_meaning, super::Effect::Ignored),)*)?
            $($(super::row($g_name, &[$($g_also),*], "", $g_meaning, super::Effect::Ignored).hidden(),)*)?
        ]
    };
}

mod producer;
mod security;

/// Every property that has a name here, whether it is supported, refused or without meaning.
pub const PROPERTIES: &[Property] = &ALL;

const ALL: [Property; producer::ROWS.len() + security::ROWS.len()] = joined(producer::ROWS, security::ROWS);

const fn joined<const N: usize>(first: &[Property], second: &[Property]) -> [Property; N] {
    let mut all = [first[0]; N];
    let mut at = 0;
    while at < N {
        all[at] = if at < first.len() { first[at] } else { second[at - first.len()] };
        at += 1;
    }
    all
}

const fn row(
    name: &'static str,
    also: &'static [&'static str],
    default: &'static str,
    meaning: &'static str,
    effect: Effect,
) -> Property {
    Property { name, also, default, meaning, effect, secret: false }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::ProducerBuilder;

    #[test]
    fn every_name_is_there_once() {
        let mut names: Vec<_> = PROPERTIES.iter().flat_map(Property::names).collect();
        names.sort_unstable();
        assert!(names.windows(2).all(|pair| pair[0] != pair[1]));
    }

    #[test]
    fn what_sounds_like_a_secret_is_one() {
        let sounds = |name: &str| {
            ["password", "secret", "passphrase", "jaas.config", ".pem", ".key"]
                .iter()
                .any(|end| name.ends_with(end))
        };
        for row in PROPERTIES {
            let names = std::iter::once(&row.name).chain(row.also);
            let all = names
                .filter(|name| !name.starts_with("partitioner"))
                .any(|name| sounds(&name.to_lowercase()));
            assert!(!all || row.is_secret(), "{}", row.name);
        }
    }

    #[test]
    fn every_default_can_be_set_and_changes_nothing() {
        let builder = ProducerBuilder::default().bootstrap_servers("a:1");
        let plain = builder.clone().validate().unwrap();
        for row in PROPERTIES.iter().filter(|row| !row.default.is_empty()) {
            let set = builder.clone().property(row.name, row.default).unwrap().validate().unwrap();
            assert_eq!(set.properties(), plain.properties(), "{}", row.name);
        }
    }
}
