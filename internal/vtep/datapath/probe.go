package datapath

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/features"
	"golang.org/x/sys/unix"
)

// probe tells, before anything is changed, what keeps a datapath from running
// here.
func probe(pinDir string) error {
	version, err := features.LinuxVersionCode()
	if err != nil {
		return fmt.Errorf("find the version of the kernel: %w", err)
	}
	caps, err := effectiveCaps()
	if err != nil {
		return fmt.Errorf("find the capabilities of this process: %w", err)
	}
	if err := errors.Join(checkKernel(version), checkCaps(caps), checkBPFFS(pinDir)); err != nil {
		return err
	}
	return checkHelpers(func(helper asm.BuiltinFunc) error { return features.HaveProgramHelper(ebpf.SchedCLS, helper) })
}

// helpers are those that the program cannot do without, in the order of the
// kernels that brought them: all are older than oldestKernel. What a kernel may
// lack all the same is what its configuration leaves out.
var helpers = []asm.BuiltinFunc{
	asm.FnCsumDiff, asm.FnSkbChangeProto, asm.FnGetHashRecalc, asm.FnSkbPullData, asm.FnCsumUpdate,
	asm.FnSkbAdjustRoom, asm.FnFibLookup, asm.FnCsumLevel, asm.FnRedirectNeigh, asm.FnKtimeGetCoarseNs,
}

func checkHelpers(has func(asm.BuiltinFunc) error) error {
	var missing []string
	for _, helper := range helpers {
		err := has(helper)
		switch {
		case errors.Is(err, ebpf.ErrNotSupported):
			missing = append(missing, helper.String())
		case err != nil:
			return fmt.Errorf("ask the kernel for helpers of eBPF programs: %w", err)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	return fmt.Errorf("the kernel lacks %s for programs of type sched_cls: use one that is built with networking in full (CONFIG_INET, CONFIG_IPV6, CONFIG_NET_CLS_ACT)", strings.Join(missing, ", "))
}

// oldestKernel is 5.15, as the kernel writes versions.
const oldestKernel = 5<<16 | 15<<8

func checkKernel(version uint32) error {
	if version >= oldestKernel {
		return nil
	}
	return fmt.Errorf("kernel %d.%d is too old: 5.15 or newer is needed", version>>16, version>>8&0xff)
}

// effectiveCaps gives a bit for each capability.
func effectiveCaps() (uint64, error) {
	var data [2]unix.CapUserData
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	if err := unix.Capget(&header, &data[0]); err != nil {
		return 0, err
	}
	return uint64(data[1].Effective)<<32 | uint64(data[0].Effective), nil
}

func checkCaps(have uint64) error {
	has := func(bit int) bool { return have&(1<<bit) != 0 }
	var missing []string
	if !has(unix.CAP_NET_ADMIN) {
		missing = append(missing, "CAP_NET_ADMIN")
	}
	if !has(unix.CAP_BPF) && !has(unix.CAP_SYS_ADMIN) {
		missing = append(missing, "CAP_BPF")
	}
	if !has(unix.CAP_PERFMON) && !has(unix.CAP_SYS_ADMIN) {
		missing = append(missing, "CAP_PERFMON")
	}
	if len(missing) == 0 {
		return nil
	}
	return fmt.Errorf("missing privilege %s: run as root, or grant it", strings.Join(missing, ", "))
}

// checkBPFFS looks at the directory, or at what of its path exists.
func checkBPFFS(dir string) error {
	if !filepath.IsAbs(dir) {
		return fmt.Errorf("the directory to pin under, %q, has to be an absolute path", dir)
	}
	existing := dir
	for {
		if _, err := os.Stat(existing); !errors.Is(err, fs.ErrNotExist) {
			break
		}
		existing = filepath.Dir(existing)
	}
	var s unix.Statfs_t
	if err := unix.Statfs(existing, &s); err != nil {
		return fmt.Errorf("look at %s: %w", existing, err)
	}
	if s.Type == unix.BPF_FS_MAGIC {
		return nil
	}
	return fmt.Errorf("%s is not on a BPF file system: mount one (mount -t bpf bpf /sys/fs/bpf) or choose a directory on one", dir)
}

// hasLoop tells whether programs may call bpf_loop (5.17).
func hasLoop() bool {
	return features.HaveProgramHelper(ebpf.SchedCLS, asm.FnLoop) == nil
}
