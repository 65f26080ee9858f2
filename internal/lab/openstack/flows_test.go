package openstack

import (
	"slices"
	"testing"
)

func TestFlowsAreNormalised(t *testing.T) {
	dump := ` cookie=0xd4e4b47f37e8b39a, table=22, priority=1,dl_vlan=1 actions=strip_vlan,load:0x632->NXM_NX_TUN_ID[],output:"vxlan-0a4e000c"
 cookie=0xd4e4b47f37e8b39a, priority=0 actions=drop

 cookie=0xd4e4b47f37e8b39a, table=20, hard_timeout=300, priority=1,vlan_tci=0x0001/0x0fff,dl_dst=fa:16:3e:00:00:01 actions=output:"vxlan-0a4e0014"
 cookie=0xd4e4b47f37e8b39a, table=10, priority=1 actions=learn(table=20,hard_timeout=300,priority=1,cookie=0xd4e4b47f37e8b39a,NXM_OF_VLAN_TCI[0..11]),output:"patch-int"
`
	want := []string{
		`priority=0 actions=drop`,
		`table=10, priority=1 actions=learn(table=20,hard_timeout=300,priority=1,NXM_OF_VLAN_TCI[0..11]),output:"patch-int"`,
		`table=22, priority=1,dl_vlan=1 actions=strip_vlan,load:0x632->NXM_NX_TUN_ID[],output:"vxlan-0a4e000c"`,
	}
	if got := normalised(dump); !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}
