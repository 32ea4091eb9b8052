#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Builds the project in foreign/, in C and (if there is a compiler) C++, against an installed tree, by find_package and
# by pkg-config, with the shared library (if there is one) and the static one, and runs each program. No compiler may warn.
#
#   foreign.sh PREFIX WORK CC [CXX]     PREFIX the installed tree, WORK a new folder, both absolute
set -euo pipefail
prefix=$1 work=$2
compilers=("${@:3}")
warnings="-Wall -Wextra -Wpedantic -Werror"

fault() { echo "FAULT: $*"; exit 1; }

pc=$(find "$prefix" -name scmi.pc)
[ -n "$pc" ] || fault "no scmi.pc below $prefix"
pc_dir=$(dirname "$pc")
lib_dir=$(dirname "$pc_dir")
version=$(awk '/define SCMI_LIB_VERSION_(MAJOR|MINOR|PATCH) / { v = v dot $3; dot = "." } END { print v }' \
	"$prefix/include/scmi/version.h")
cp -r "$(dirname "$0")/foreign" "$work"
shared=OFF
[ ! -e "$lib_dir/libscmi.so" ] || shared=ON

# linked PROGRAM yes|no: whether it needs the shared library.
linked() {
	local needs=no
	! readelf -d "$1" | grep -q 'NEEDED.*libscmi\.so' || needs=yes
	[ "$needs" = "$2" ] || fault "$1 needs libscmi.so: $needs, wanted $2"
}

# run PROGRAM: it must not find another libscmi than the installed one.
run() {
	echo "-- ${1#"$work"/}"
	"$1" || fault "$1: exit status $?"
}

echo "== find_package"
flags=(-DCMAKE_PREFIX_PATH="$prefix" -DCMAKE_C_COMPILER="$3" -DCMAKE_C_FLAGS="$warnings" "-DWITH_SHARED=$shared"
	-DWANTED="$version")
if [ $# -gt 3 ]; then
	flags+=(-DCMAKE_CXX_COMPILER="$4" -DCMAKE_CXX_FLAGS="$warnings")
else
	flags+=(-DWITH_CXX=OFF)
fi
cmake -S "$work" -B "$work/build" "${flags[@]}" >"$work/log" 2>&1 || { cat "$work/log"; fault "cmake"; }
cmake --build "$work/build" >"$work/log" 2>&1 || { cat "$work/log"; fault "the build by find_package"; }
for program in "$work"/build/*_shared; do
	linked "$program" "$([ $shared = ON ] && echo yes || echo no)"
	run "$program"
done
for program in "$work"/build/*_static; do
	linked "$program" no
	run "$program"
done

echo "== pkg-config"
export PKG_CONFIG_PATH=$pc_dir
grep -q pcfiledir "$pc" || export PKG_CONFIG_SYSROOT_DIR=${prefix%/usr} # made for /usr, but not there
[ "$(pkg-config --modversion scmi)" = "$version" ] || fault "scmi.pc is of version $(pkg-config --modversion scmi)"
for compiler in "${compilers[@]}"; do
	source=main.c
	[ "$compiler" = "$3" ] || source=main.cc
	# shellcheck disable=SC2046,SC2086 # one flag a word
	if [ $shared = ON ]; then
		"$compiler" $warnings "$work/$source" -o "$work/pc-$source-shared" $(pkg-config --cflags --libs scmi)
		linked "$work/pc-$source-shared" yes
		LD_LIBRARY_PATH=$lib_dir run "$work/pc-$source-shared"
	fi
	# shellcheck disable=SC2046,SC2086 # one flag a word
	"$compiler" $warnings -static "$work/$source" -o "$work/pc-$source-static" $(pkg-config --static --cflags --libs scmi)
	run "$work/pc-$source-static"
done
if [ -e "$pc_dir/scmi-minimal.pc" ]; then
	# shellcheck disable=SC2046,SC2086 # one flag a word
	"$3" $warnings "$work/minimal.c" -o "$work/pc-minimal" $(pkg-config --cflags --libs scmi-minimal)
	linked "$work/pc-minimal" no
	run "$work/pc-minimal"
fi
