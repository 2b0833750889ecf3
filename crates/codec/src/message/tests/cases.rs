//! Cases that are made from a seed each: the same ones in every run.

/// Cases a message and version.
const CASES: u64 = 10_000;
/// The most choices of a case; a message whose random bytes run out is filled with zeros.
const CHOICES_MAX: usize = 512;
/// The variable that names the one seed to run.
const REPLAY: &str = "MILENA_CODEC_SEED";

/// Runs `check` on the choices of each case, or of the one that was asked for.
pub(super) fn each_case(message: &str, version: i16, mut check: impl FnMut(&[u8])) {
    let asked = std::env::var(REPLAY).ok().map(|seed| seed.parse::<u64>().unwrap());
    let seeds = asked.map_or(0..CASES, |seed| seed..seed + 1);
    let mut choices = [0; CHOICES_MAX];
    for seed in seeds {
        let replay = Replay { message, version, seed };
        check(draw(seed, &mut choices));
        drop(replay);
    }
}

/// As many choices as the seed says.
fn draw(seed: u64, choices: &mut [u8; CHOICES_MAX]) -> &[u8] {
    let mut state = seed;
    let count = usize::try_from(split_mix(&mut state)).unwrap() % CHOICES_MAX;
    let count = if seed.is_multiple_of(4) { count } else { count / 4 };
    for chunk in choices[..count].chunks_mut(8) {
        chunk.copy_from_slice(&split_mix(&mut state).to_le_bytes()[..chunk.len()]);
    }
    &choices[..count]
}

/// The generator of Steele, Lea and Flood, "Fast splittable pseudorandom number generators" (2014).
fn split_mix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mixed = (*state ^ (*state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// Says how to run the case again when it fails.
struct Replay<'a> {
    message: &'a str,
    version: i16,
    seed: u64,
}

impl Drop for Replay<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let Self { message, version, seed } = self;
            eprintln!(
                "{message} version {version} fails: {REPLAY}={seed} cargo test -p milena-codec message"
            );
        }
    }
}
