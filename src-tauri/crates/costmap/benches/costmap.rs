//! How fast a map is read, compared and checked, beside a bare simd-json tape parse of the same bytes.
//!
//! Real maps: `AUTOSYNC_BENCH_MAPS` names the folder (`cargo xtask bench` sets it); two of a week, and one from two months before.

use std::hint::black_box;
use std::path::PathBuf;

use costmap::check::check;
use costmap::{CostMap, diff};
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};

#[expect(clippy::expect_used, reason = "a benchmark without its input has nothing to measure")]
fn real(version: &str) -> Vec<u8> {
    let folder = PathBuf::from(std::env::var("AUTOSYNC_BENCH_MAPS").expect("run `cargo xtask bench`"));
    std::fs::read(folder.join(format!("{version}.json"))).expect("the map is in the folder")
}

/// The newest map many times over under new names: what a map of 100,000 models costs.
fn grown(bytes: &[u8], models: usize) -> Vec<u8> {
    let text = String::from_utf8_lossy(bytes);
    let members = text.trim().trim_start_matches('{').trim_end_matches('}').trim();
    let map = CostMap::parse(bytes).unwrap_or_else(|fault| panic!("{fault}"));
    let copies = models.div_ceil(map.len());
    let mut out = String::from("{");
    for copy in 0..copies {
        if copy > 0 {
            out.push(',');
        }
        out.push_str(&members.replace("\n    \"", &format!("\n    \"copy-{copy}/")));
    }
    out.push('}');
    out.into_bytes()
}

fn read(c: &mut Criterion) {
    let (old, new) = (real("1.106.0"), real("1.106.3"));
    let known = CostMap::parse(old.as_slice()).unwrap_or_else(|fault| panic!("{fault}"));
    let mut group = c.benchmark_group("two maps");
    group.throughput(Throughput::Bytes((old.len() + new.len()) as u64));
    group.bench_function("simd-json tape, both", |b| {
        b.iter_batched(
            || (old.clone(), new.clone()),
            |(mut old, mut new)| {
                let first = simd_json::to_tape(&mut old).map(|tape| tape.0.len());
                let second = simd_json::to_tape(&mut new).map(|tape| tape.0.len());
                black_box((first.is_ok(), second.is_ok()))
            },
            BatchSize::LargeInput,
        );
    });
    group.bench_function("read both", |b| {
        b.iter_batched(
            || (old.clone(), new.clone()),
            |(old, new)| {
                let old = CostMap::parse(old).ok();
                let new = old.as_ref().and_then(|old| CostMap::parse_against(new, old).ok());
                (old, new)
            },
            BatchSize::LargeInput,
        );
    });
    group.bench_function("read, diff", |b| {
        b.iter_batched(
            || (old.clone(), new.clone()),
            |(old, new)| {
                let old = CostMap::parse(old).ok();
                let new = old.as_ref().and_then(|old| CostMap::parse_against(new, old).ok());
                let set = old.as_ref().zip(new.as_ref()).map(|(old, new)| diff(old, new));
                (old, new, set)
            },
            BatchSize::LargeInput,
        );
    });
    group.finish();

    let far = real("1.102.4");
    let mut group = c.benchmark_group("read, check, diff");
    group.sample_size(50);
    for (name, old) in [("1.106.0 to 1.106.3", &old), ("1.102.4 to 1.106.3", &far)] {
        group.bench_function(name, |b| {
            b.iter_batched(
                || (old.clone(), new.clone()),
                |(old, new)| {
                    let old = CostMap::parse(old).ok();
                    let new = old.as_ref().and_then(|old| CostMap::parse_against(new, old).ok());
                    let judged =
                        old.as_ref().zip(new.as_ref()).map(|(old, new)| (check(new, Some(old)), diff(old, new)));
                    (old, new, judged)
                },
                BatchSize::LargeInput,
            );
        });
    }
    group.finish();

    let mut group = c.benchmark_group("one map");
    group.throughput(Throughput::Bytes(new.len() as u64));
    group.bench_function("read alone", |b| b.iter(|| black_box(CostMap::parse(new.as_slice()))));
    group.bench_function("read against the one before", |b| {
        b.iter(|| black_box(CostMap::parse_against(new.as_slice(), &known)));
    });
    group.bench_function("revision (git blob id)", |b| b.iter(|| black_box(costmap::Revision::of(&new))));
    group.finish();
}

fn grow(c: &mut Criterion) {
    let new = real("1.109.1");
    let mut group = c.benchmark_group("growing");
    group.sample_size(10);
    for models in [12_500, 25_000, 50_000, 100_000] {
        let bytes = grown(&new, models);
        group.throughput(Throughput::Elements(models as u64));
        group.bench_function(format!("read {models} models"), |b| {
            b.iter(|| black_box(CostMap::parse(bytes.as_slice())));
        });
    }
    group.finish();
}

criterion_group!(benches, read, grow);
criterion_main!(benches);
