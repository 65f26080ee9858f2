// Package datapath programs the kernel to forward between tunnels: an eBPF
// program on the ingress of the underlay's interfaces, and the maps that it
// looks things up in. Programs, maps and links are pinned, so that packets keep
// flowing while nobody is there, and all that is programmed can be read back.
package datapath

//go:generate go run github.com/cilium/ebpf/cmd/bpf2go -cc clang-14 -strip llvm-strip-14 -target bpfel -type event -type filter -type encapsulation -type role -type shape -type group -type fixed -type step -type learning -type note kernel bpf/ingress.c -- -O2 -Wall -Werror -Wno-address-of-packed-member -I/usr/include/x86_64-linux-gnu -I/usr/include/aarch64-linux-gnu
