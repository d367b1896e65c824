#!/usr/bin/env bash
# From Debian 12 or later: type-check the workspace for Windows and macOS, and run its Windows tests under Wine.
# Started by `cargo xtask cross`; by hand: cross.sh setup | check [cargo args] | test [cargo args] | all | kill
#
# No toolchain for these targets is downloaded: the standard library is built from Debian's source package of the very
# same compiler version. Touches neither /etc/apt nor rustup; everything but Debian packages lives below $CROSS_HOME.
# Nothing is linked for windows-msvc and macOS: that proves types and cfgs, not linking.
set -euo pipefail

RUST=1.95.0 # the compiler, which must be exactly the version of the source package
SOURCE_VERSION="1.95.0+dfsg1-2~bpo13+1"
SOURCE_SUITE=trixie-backports
SOURCE_SHA256=7b76db5b880a77f9e52975d2baa6209d2f76d2c9c2789515c3088cb960e2c83b

CROSS_HOME=${CROSS_HOME:-${AUTOSYNC_DEV_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/litellm-autosync-dev}/cross}
SYSROOT=$CROSS_HOME/sysroot
WINDOWS=x86_64-pc-windows-gnu
TARGETS="$WINDOWS x86_64-pc-windows-msvc aarch64-apple-darwin x86_64-apple-darwin"
PACKAGES="ca-certificates xz-utils gcc libc6-dev gcc-mingw-w64-x86-64-win32 llvm wine wine64"
TEST_TIMEOUT=${CROSS_TEST_TIMEOUT:-1200} # seconds; a hung Windows program must not hang the terminal

say() { printf '\n== %s\n' "$*" >&2; }
die() { printf 'cross: %s\n' "$*" >&2; exit 2; }
timed() { local start=$SECONDS code=0; "$@" || code=$?; printf '   (%s s, exit %s)\n' $((SECONDS - start)) $code >&2; return $code; }

setup() {
  [ "$(rustc "+$RUST" --version 2>/dev/null | cut -d' ' -f2)" = "$RUST" ] || die "rustc $RUST is not installed"
  mkdir -p "$CROSS_HOME"
  packages; source_of_std; std; stand_ins; wine_prefix
  say "ready: $(du -sh "$CROSS_HOME" | cut -f1) in $CROSS_HOME"
}

packages() {
  local package missing=
  for package in $PACKAGES; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing="$missing $package"
  done
  [ -z "$missing" ] && return
  [ "$(id -u)" = 0 ] || die "some packages are missing; run: sudo apt-get install$missing"
  say "apt-get install$missing"
  apt-get -qq update
  DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300 install -y --no-install-recommends $missing >/dev/null
}

source_of_std() {
  [ -f "$CROSS_HOME/src/.done" ] && return
  say "source of std $SOURCE_VERSION"
  rm -rf "$CROSS_HOME/src"
  mkdir -p "$CROSS_HOME/src" "$CROSS_HOME/download"
  local deb=$CROSS_HOME/download/rust-src.deb
  if ! echo "$SOURCE_SHA256  $deb" | sha256sum -c --status 2>/dev/null; then
    # A private apt state for one foreign suite, from the mirror that this machine uses anyway.
    local apt=$CROSS_HOME/apt mirror
    mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial" "$apt/empty"
    mirror=$(apt-get indextargets --format '$(SITE)' | grep -m1 '/debian$') || die "apt knows no Debian mirror"
    echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $SOURCE_SUITE main" >"$apt/sources.list"
    local options=(-qq -o Dir::Etc::sourcelist="$apt/sources.list" -o Dir::Etc::sourceparts="$apt/empty"
      -o Dir::Etc::preferencesparts="$apt/empty" -o Dir::State::lists="$apt/lists" -o Dir::Cache="$apt/cache"
      -o APT::Sandbox::User="$(id -un)")
    (cd "$CROSS_HOME/download" && apt-get "${options[@]}" update && apt-get "${options[@]}" download "rust-src=$SOURCE_VERSION")
    mv "$CROSS_HOME"/download/rust-src_*.deb "$deb"
    echo "$SOURCE_SHA256  $deb" | sha256sum -c --status || die "the checksum of rust-src is wrong"
    rm -rf "$apt"
  fi
  dpkg-deb --fsys-tarfile "$deb" |
    tar -C "$CROSS_HOME/src" --strip-components=5 -x "./usr/src/rustc-$RUST/library"
  # No dylib of std: it alone would need a linker and an SDK for the target.
  sed -i 's/^crate-type = \["dylib", "rlib"\]/crate-type = ["rlib"]/' "$CROSS_HOME/src/std/Cargo.toml"
  touch "$CROSS_HOME/src/.done"
}

std() {
  local target mode kind folder
  for target in $TARGETS; do
    folder=$SYSROOT/lib/rustlib/$target/lib
    [ -f "$folder/.done" ] && continue
    if [ "$target" = $WINDOWS ]; then mode=build kind=rlib; else mode=check kind=rmeta; fi
    say "std for $target ($mode)"
    rm -rf "$folder"
    mkdir -p "$folder"
    # What rustc's own bootstrap does; with bitcode, so that LTO works.
    env -u CARGO_ENCODED_RUSTFLAGS RUSTC_BOOTSTRAP=1 RUSTUP_TOOLCHAIN=$RUST CARGO_TARGET_DIR="$CROSS_HOME/std-target" \
      RUSTFLAGS="-Zforce-unstable-if-unmarked -Cembed-bitcode=yes -Cdebuginfo=0" \
      cargo $mode -q --locked --release --manifest-path "$CROSS_HOME/src/sysroot/Cargo.toml" -p sysroot \
      --features panic-unwind,backtrace --target "$target"
    cp "$CROSS_HOME/std-target/$target/release/deps/"*.$kind "$folder/"
    rm -rf "$CROSS_HOME/std-target"
    touch "$folder/.done"
  done
}

# Where nothing is linked, C in build scripts need not be compiled: it is preprocessed, and gives empty objects.
stand_ins() {
  mkdir -p "$CROSS_HOME/bin"
  cat >"$CROSS_HOME/bin/stub-cc" <<'X'
#!/bin/bash
case "${1-}" in "-?") exit 1 ;; esac # the cc crate asks clang-cl so
out= previous= preprocess=
for argument in "$@"; do
  [ "$previous" = -o ] && out=$argument
  case "$argument" in -E) preprocess=1 ;; -o?*) out=${argument#-o} ;; esac
  previous=$argument
done
[ -n "$preprocess" ] && exec gcc -E -x c "${@: -1}"
[ -n "$out" ] && : >"$out"
exit 0
X
  cat >"$CROSS_HOME/bin/stub-ar" <<'X'
#!/bin/bash
for argument in "$@"; do
  case "$argument" in
    [-/]out:* | [-/]OUT:*) printf '!<arch>\n' >"${argument#?????}"; exit 0 ;;
    *.a | *.lib) printf '!<arch>\n' >"$argument"; exit 0 ;;
  esac
done
X
  cat >"$CROSS_HOME/bin/wine-run" <<X
#!/bin/bash
# cargo's runner for Windows programs; DLLs lie beside the program or one folder up.
program=\$(readlink -f "\$1")
shift
folder=\$(dirname "\$program")
export WINEPREFIX=$CROSS_HOME/wine WINEDEBUG=\${WINEDEBUG--all} WINEPATH="Z:\${folder//\//\\\\};Z:\${folder%/*}"
exec wine "\$program" "\$@"
X
  chmod +x "$CROSS_HOME"/bin/*
}

wine_prefix() {
  [ -f "$CROSS_HOME/wine/.done" ] && return
  say "Wine prefix"
  export WINEPREFIX=$CROSS_HOME/wine WINEDEBUG=-all
  env -u DISPLAY timeout 300 wine wineboot -i >/dev/null 2>&1
  # Debian 12's Wine has no bcryptprimitives.dll, from which Rust's std imports ProcessPrng.
  local dll=$WINEPREFIX/drive_c/windows/system32/bcryptprimitives.dll
  if [ ! -f "$dll" ]; then
    printf '%s\n' '#include <windows.h>' 'BOOLEAN NTAPI SystemFunction036(PVOID, ULONG);' \
      '__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE p, SIZE_T n) { return SystemFunction036(p, (ULONG)n); }' \
      >"$CROSS_HOME/bcryptprimitives.c"
    x86_64-w64-mingw32-gcc -shared -O2 -o "$dll" "$CROSS_HOME/bcryptprimitives.c" -ladvapi32
  fi
  # Wine stays the "Windows 7" it says it is: told to be 10, programs meet functions that are others in Wine.
  timeout 60 /usr/lib/wine/wineserver64 -w || true
  touch "$WINEPREFIX/.done"
}

# A Windows program outlives a killed loader.
kill_wine() { WINEPREFIX=$CROSS_HOME/wine /usr/lib/wine/wineserver64 -k 2>/dev/null || true; }

use_cross_targets() {
  [ -f "$CROSS_HOME/wine/.done" ] || die "not set up yet: cargo xtask cross setup"
  local target under
  export RUSTUP_TOOLCHAIN=$RUST
  for target in $TARGETS; do
    under=${target//-/_}
    export "CARGO_TARGET_${under^^}_RUSTFLAGS=--sysroot $SYSROOT" "CARGO_TARGET_${under^^}_RUSTDOCFLAGS=--sysroot $SYSROOT"
    if [ "$target" != $WINDOWS ]; then
      export "CC_$under=$CROSS_HOME/bin/stub-cc" "CXX_$under=$CROSS_HOME/bin/stub-cc" "AR_$under=$CROSS_HOME/bin/stub-ar"
    fi
  done
  export CARGO_TARGET_X86_64_PC_WINDOWS_GNU_LINKER=x86_64-w64-mingw32-gcc
  export CARGO_TARGET_X86_64_PC_WINDOWS_GNU_RUNNER=$CROSS_HOME/bin/wine-run
  unset RUSTFLAGS CARGO_ENCODED_RUSTFLAGS CARGO_BUILD_RUSTFLAGS RUSTDOCFLAGS # they would replace the --sysroot above
}

check() {
  local target
  for target in $TARGETS; do
    say "check $target"
    timed cargo check -q --workspace --all-targets --target "$target" "$@"
  done
}

# The system tests are left out: they need the real proxy, and Wine has no Python.
run_tests() {
  say "test $WINDOWS under Wine"
  kill_wine
  local code=0
  export INSTA_WORKSPACE_ROOT="Z:$PWD" # insta would ask a cargo that Wine does not have
  timed timeout -k 10 "$TEST_TIMEOUT" cargo test -q --workspace --exclude system-tests --target $WINDOWS "$@" || code=$?
  kill_wine
  return $code
}

step=${1-}
[ $# -gt 0 ] && shift
case "$step" in
  setup) setup ;;
  check) use_cross_targets; check "$@" ;;
  test) use_cross_targets; run_tests "$@" ;;
  all) setup; use_cross_targets; check "$@"; run_tests "$@" ;;
  kill) kill_wine ;;
  *) sed -n '2,4p' "$0"; exit 2 ;;
esac
