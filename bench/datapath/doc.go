// Package datapath measures how vtepd forwards, beside other ways to forward. All
// of it are benchmarks: see docs/performance.md.
package datapath

//go:generate go run github.com/cilium/ebpf/cmd/bpf2go -cc clang-14 -strip llvm-strip-14 -target bpfel bench bpf/bench.c -- -O2 -Wall -Werror -I/usr/include/x86_64-linux-gnu -I/usr/include/aarch64-linux-gnu
