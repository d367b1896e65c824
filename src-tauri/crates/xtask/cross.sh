#!/usr/bin/env bash
# From Debian 12 or later: type-check the workspace for Windows and macOS, and run its Windows tests under Wine.
# Started by `cargo xtask cross`; by hand: cross.sh setup | check [cargo args] | test [cargo args] | all | kill
# `cargo xtask package` links with it: cross.sh build TARGET [cargo args], for windows-gnu and linux-musl.
#
# No toolchain for these targets is downloaded: the standard library is built from Debian's source package of the very
# same compiler version. Where rustup has a target that is linked, that one is used, as it is on a release machine.
# Touches neither /etc/apt nor rustup; everything but Debian packages lives below $CROSS_HOME.
# Nothing is linked for windows-msvc and macOS: that proves types and cfgs, not linking.
set -euo pipefail

RUST=1.95.0 # the compiler, which must be exactly the version of the source package
SOURCE_VERSION="1.95.0+dfsg1-2~bpo13+1"
SOURCE_SUITE=trixie-backports
SOURCE_SHA256=7b76db5b880a77f9e52975d2baa6209d2f76d2c9c2789515c3088cb960e2c83b

CROSS_HOME=${CROSS_HOME:-${AUTOSYNC_DEV_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/litellm-autosync-dev}/cross}
SYSROOT=$CROSS_HOME/sysroot
WINDOWS=x86_64-pc-windows-gnu
MUSL=x86_64-unknown-linux-musl
TARGETS="$WINDOWS x86_64-pc-windows-msvc aarch64-apple-darwin x86_64-apple-darwin"
PACKAGES="ca-certificates xz-utils gcc libc6-dev"
WINDOWS_PACKAGES="gcc-mingw-w64-x86-64-win32 llvm"
# CROSS_RUSTFLAGS: more flags for rustc.
TEST_TIMEOUT=${CROSS_TEST_TIMEOUT:-1200} # seconds; a hung Windows program must not hang the terminal

say() { printf '\n== %s\n' "$*" >&2; }
die() { printf 'cross: %s\n' "$*" >&2; exit 2; }
timed() { local start=$SECONDS code=0; "$@" || code=$?; printf '   (%s s, exit %s)\n' $((SECONDS - start)) $code >&2; return $code; }

setup() {
  mkdir -p "$CROSS_HOME"
  packages $PACKAGES $WINDOWS_PACKAGES wine wine64
  local target
  for target in $TARGETS; do has_target "$target" || std "$target"; done
  stand_ins; wine_prefix
  say "ready: $(du -sh "$CROSS_HOME" | cut -f1) in $CROSS_HOME"
}

# Is there a std of rustup's for this target, with the compiler that is used without being asked for another?
has_target() { ls "$(rustc --print target-libdir --target "$1" 2>/dev/null)"/libstd-*.rlib >/dev/null 2>&1; }

packages() {
  local package missing=
  for package in "$@"; do
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
  local target=$1 mode=check kind=rmeta folder=$SYSROOT/lib/rustlib/$1/lib
  [ -f "$folder/.done" ] && return
  [ "$(rustc "+$RUST" --version 2>/dev/null | cut -d' ' -f2)" = "$RUST" ] || die "rustc $RUST is not installed"
  source_of_std
  case $target in "$WINDOWS" | "$MUSL") mode=build kind=rlib ;; esac
  say "std for $target ($mode)"
  rm -rf "$folder"
  mkdir -p "$folder"
  # What rustc's own bootstrap does; with bitcode, so that LTO works.
  env -u CARGO_ENCODED_RUSTFLAGS RUSTC_BOOTSTRAP=1 RUSTUP_TOOLCHAIN=$RUST CARGO_TARGET_DIR="$CROSS_HOME/std-target" \
    RUSTFLAGS="-Zforce-unstable-if-unmarked -Cembed-bitcode=yes -Cdebuginfo=0 --remap-path-prefix $CROSS_HOME/src=/rust/library" \
    cargo $mode -q --locked --release --manifest-path "$CROSS_HOME/src/sysroot/Cargo.toml" -p sysroot \
    --features panic-unwind,backtrace --target "$target"
  cp "$CROSS_HOME/std-target/$target/release/deps/"*.$kind "$folder/"
  rm -rf "$CROSS_HOME/std-target"
  [ "$target" = $MUSL ] && musl_objects "$folder/self-contained"
  touch "$folder/.done"
}

# What rustup's musl target brings beside std: musl itself, what runs before main, and an unwinder. Debian has all three;
# its unwinder, gcc's, asks glibc for one function that musl lacks, and that is put beside it.
musl_objects() {
  local to=$1 object musl=/usr/lib/x86_64-linux-musl
  mkdir -p "$to"
  cp $musl/{rcrt1,crt1,Scrt1,crti,crtn}.o $musl/libc.a "$to/"
  for object in crtbegin.o crtbeginS.o crtend.o crtendS.o; do cp "$(gcc -print-file-name=$object)" "$to/"; done
  cat >"$CROSS_HOME/find_object.c" <<'X'
#include <link.h>
#include <pthread.h>
#include <stdint.h>
// The beginning of glibc's structure of this name (dlfcn.h): all that gcc's unwinder reads.
struct found { unsigned long long flags; void *start, *end; void *map; void *eh_frame; };
struct asked { uintptr_t pc; struct found *found; };
static int look(struct dl_phdr_info *info, size_t size, void *data) {
  struct asked *asked = data;
  uintptr_t start = 0, end = 0, frames = 0;
  for (int i = 0; i < info->dlpi_phnum; i++) {
    const ElfW(Phdr) *part = &info->dlpi_phdr[i];
    uintptr_t at = info->dlpi_addr + part->p_vaddr;
    if (part->p_type == PT_LOAD && asked->pc >= at && asked->pc - at < part->p_memsz) {
      start = at;
      end = at + part->p_memsz;
    }
    if (part->p_type == PT_GNU_EH_FRAME) frames = at;
  }
  if (!end || !frames) return 0;
  *asked->found = (struct found){0, (void *)start, (void *)end, NULL, (void *)frames};
  return 1;
}
// gcc's unwinder refers to these weakly and calls them without a look, since glibc always has them; a static program has
// what is asked for.
void *const asked_for[] = {pthread_mutex_lock, pthread_mutex_unlock, pthread_once, pthread_getspecific,
                           pthread_setspecific, pthread_key_create};
int _dl_find_object(void *pc, struct found *found) {
  struct asked asked = {(uintptr_t)pc, found};
  return dl_iterate_phdr(look, &asked) ? 0 : -1;
}
X
  musl-gcc -O2 -fPIC -D_GNU_SOURCE -c -o "$CROSS_HOME/find_object.o" "$CROSS_HOME/find_object.c"
  # libgcc.a: what gcc calls in C code for lack of an instruction (__popcountdi2), and rustc does not link by itself.
  rm -f "$to/libunwind.a"
  printf '%s\n' "create $to/libunwind.a" "addlib $(gcc -print-file-name=libgcc_eh.a)" "addlib $(gcc -print-file-name=libgcc.a)" \
    "addmod $CROSS_HOME/find_object.o" save end | ar -M
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

# From here on cargo builds for these targets.
use_targets() {
  local target under own
  for target in "$@"; do
    under=${target//-/_} own=
    if ! has_target "$target"; then
      own="--sysroot $SYSROOT"
      export RUSTUP_TOOLCHAIN=$RUST
    fi
    export "CARGO_TARGET_${under^^}_RUSTFLAGS=$own ${CROSS_RUSTFLAGS-}" "CARGO_TARGET_${under^^}_RUSTDOCFLAGS=$own"
    if [ "$target" = $MUSL ]; then
      export CC_x86_64_unknown_linux_musl=musl-gcc
    elif [ "$target" != $WINDOWS ]; then
      export "CC_$under=$CROSS_HOME/bin/stub-cc" "CXX_$under=$CROSS_HOME/bin/stub-cc" "AR_$under=$CROSS_HOME/bin/stub-ar"
    fi
  done
  export CARGO_TARGET_X86_64_PC_WINDOWS_GNU_LINKER=x86_64-w64-mingw32-gcc
  export CARGO_TARGET_X86_64_PC_WINDOWS_GNU_RUNNER=$CROSS_HOME/bin/wine-run
  unset RUSTFLAGS CARGO_ENCODED_RUSTFLAGS CARGO_BUILD_RUSTFLAGS RUSTDOCFLAGS # they would replace the --sysroot above
}

use_cross_targets() {
  [ -f "$CROSS_HOME/wine/.done" ] || die "not set up yet: cargo xtask cross setup"
  use_targets $TARGETS
}

# Programs for people, so with what links them, and nothing of Wine.
build() {
  local target=$1
  shift
  mkdir -p "$CROSS_HOME"
  case $target in
    "$WINDOWS") packages $PACKAGES $WINDOWS_PACKAGES ;;
    "$MUSL") packages $PACKAGES musl-tools ;;
    *) die "nothing is linked for $target here" ;;
  esac
  has_target "$target" || std "$target"
  use_targets "$target"
  cargo build --target "$target" "$@"
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
  build) build "$@" ;;
  check) use_cross_targets; check "$@" ;;
  test) use_cross_targets; run_tests "$@" ;;
  all) setup; use_cross_targets; check "$@"; run_tests "$@" ;;
  kill) kill_wine ;;
  *) sed -n '2,5p' "$0"; exit 2 ;;
esac
