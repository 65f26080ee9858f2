package lab

import (
	"os"
	"path/filepath"
	"testing"
)

func TestCloudFile(t *testing.T) {
	c := TwoClouds("x").Clouds[1]
	path := filepath.Join(t.TempDir(), "cloud.yaml")
	if err := writeYAML(path, c.file()); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	want := `networks:
- id: b10e0000-0000-4000-8000-00000000000b
  name: blue
  project_id: lab
  type: vxlan
  segmentation_id: 789
  mtu: 1450
hosts:
- host: b1
  tunnel_address: 10.2.0.11
ports:
- id: 900e0000-0000-4000-8000-0000000000b1
  mac: fa:16:3e:00:00:b1
  addresses:
  - 192.168.50.21
  host: b1
  network: b10e0000-0000-4000-8000-00000000000b
`
	if string(got) != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}
