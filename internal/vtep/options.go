package vtep

import (
	"fmt"
	"os"

	"github.com/spf13/pflag"

	"landbridge/internal/strictyaml"
)

// Options is where a Config comes from: flags, and the file that they name.
// Both can say everything; a flag stands in place of what the file says.
type Options struct {
	flags *pflag.FlagSet
	file  string
}

// NewOptions adds the flags.
func NewOptions(flags *pflag.FlagSet) *Options {
	o := &Options{flags: flags}
	flags.StringVar(&o.file, "config", "", "YAML file with these settings; see docs/examples/landbridge-vtepd.yaml")
	for _, k := range keys() {
		if k.list {
			flags.StringArray(k.name, nil, k.usage)
		} else {
			flags.String(k.name, k.fallback, k.usage)
		}
	}
	return o
}

// file is the shape of the configuration file.
type file struct {
	Database        strictyaml.Value   `yaml:"database"`
	TLSCA           strictyaml.Value   `yaml:"tls_ca"`
	TLSCertificate  strictyaml.Value   `yaml:"tls_certificate"`
	TLSPrivateKey   strictyaml.Value   `yaml:"tls_private_key"`
	Switch          strictyaml.Value   `yaml:"switch"`
	FabricAddresses []strictyaml.Value `yaml:"fabric_addresses"`
	WANAddresses    []strictyaml.Value `yaml:"wan_addresses"`
	Peers           []strictyaml.Value `yaml:"peers"`
	PeerPort        strictyaml.Value   `yaml:"peer_port"`
	VXLANPort       strictyaml.Value   `yaml:"vxlan_port"`
	GenevePort      strictyaml.Value   `yaml:"geneve_port"`
	GRO             strictyaml.Value   `yaml:"gro"`
	Interfaces      []strictyaml.Value `yaml:"interfaces"`
	XDP             []strictyaml.Value `yaml:"xdp"`
	Ports           []strictyaml.Value `yaml:"ports"`
	BPFFS           strictyaml.Value   `yaml:"bpffs"`
	Socket          strictyaml.Value   `yaml:"socket"`
	Ageing          strictyaml.Value   `yaml:"ageing"`
	MACLimit        strictyaml.Value   `yaml:"mac_limit"`
	MaxMACs         strictyaml.Value   `yaml:"max_macs"`
	MaxTunnels      strictyaml.Value   `yaml:"max_tunnels"`
	Suppress        strictyaml.Value   `yaml:"suppress"`
	FloodRate       strictyaml.Value   `yaml:"flood_rate"`
	FloodBurst      strictyaml.Value   `yaml:"flood_burst"`
	MSSClamp        strictyaml.Value   `yaml:"mss_clamp"`
	LogLevel        strictyaml.Value   `yaml:"log_level"`
}

// values gives what the file says, by the name of the setting in the file.
func (f *file) values() map[string][]strictyaml.Value {
	one := func(v strictyaml.Value) []strictyaml.Value {
		if !v.Set {
			return nil
		}
		return []strictyaml.Value{v}
	}
	return map[string][]strictyaml.Value{
		"database": one(f.Database),
		"tls_ca":   one(f.TLSCA), "tls_certificate": one(f.TLSCertificate), "tls_private_key": one(f.TLSPrivateKey),
		"switch": one(f.Switch), "fabric_addresses": f.FabricAddresses, "wan_addresses": f.WANAddresses,
		"peers": f.Peers, "peer_port": one(f.PeerPort),
		"vxlan_port": one(f.VXLANPort), "geneve_port": one(f.GenevePort), "gro": one(f.GRO),
		"interfaces": f.Interfaces, "xdp": f.XDP, "ports": f.Ports,
		"bpffs": one(f.BPFFS), "socket": one(f.Socket), "ageing": one(f.Ageing),
		"mac_limit": one(f.MACLimit), "max_macs": one(f.MaxMACs), "max_tunnels": one(f.MaxTunnels),
		"suppress": one(f.Suppress), "flood_rate": one(f.FloodRate), "flood_burst": one(f.FloodBurst), "mss_clamp": one(f.MSSClamp),
		"log_level": one(f.LogLevel),
	}
}

// Config reads the file, where one is named, lays the flags over it and checks
// the result. An error says which flag, or which line of the file, is wrong.
func (o *Options) Config() (Config, error) {
	var f file
	if o.file != "" {
		data, err := os.ReadFile(o.file)
		if err != nil {
			return Config{}, fmt.Errorf("read the configuration: %w", err)
		}
		if err := strictyaml.Decode(o.file, data, &f); err != nil {
			return Config{}, err
		}
	}
	var c Config
	inFile := f.values()
	for _, k := range keys() {
		if err := o.take(&c, k, inFile[k.inFile()]); err != nil {
			return Config{}, err
		}
	}
	return c, c.check()
}

// take gives one setting the flag's values, else the file's, else the fallback.
func (o *Options) take(c *Config, k key, inFile []strictyaml.Value) error {
	flag := o.flags.Lookup(k.name)
	if flag.Changed || len(inFile) == 0 && k.fallback != "" {
		for _, v := range flagValues(flag) {
			if err := k.set(c, v); err != nil {
				return &strictyaml.Error{File: "--" + k.name, Value: v, Rule: err.Error()}
			}
		}
		return nil
	}
	for i, v := range inFile {
		if err := k.set(c, v.Text); err != nil {
			return v.Bad(o.file, k.place(i), "%v", err)
		}
	}
	return nil
}

// place is how the file names one value of a setting.
func (k key) place(i int) string {
	if k.list {
		return fmt.Sprintf("%s[%d]", k.inFile(), i)
	}
	return k.inFile()
}

// flagValues gives what was given; the fallback where nothing was.
func flagValues(f *pflag.Flag) []string {
	if list, ok := f.Value.(pflag.SliceValue); ok {
		return list.GetSlice()
	}
	return []string{f.Value.String()}
}
