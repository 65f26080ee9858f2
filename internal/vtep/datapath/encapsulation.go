package datapath

import "landbridge/internal/hwvtep"

// encapsulation is how the program knows a value of the database.
type encapsulation struct {
	kernel kernelEncapsulation
	shape  kernelShape
	v6     bool
}

// encapsulations has all that the program speaks.
var encapsulations = map[hwvtep.Encapsulation]encapsulation{
	hwvtep.VXLANOverIPv4:  {kernelEncapsulationENCAP_VXLAN, kernelShapeSHAPE_UDP4, false},
	hwvtep.VXLANOverIPv6:  {kernelEncapsulationENCAP_VXLAN, kernelShapeSHAPE_UDP6, true},
	hwvtep.GeneveOverIPv4: {kernelEncapsulationENCAP_GENEVE, kernelShapeSHAPE_UDP4, false},
	hwvtep.GeneveOverIPv6: {kernelEncapsulationENCAP_GENEVE, kernelShapeSHAPE_UDP6, true},
	hwvtep.GREOverIPv4:    {kernelEncapsulationENCAP_GRE, kernelShapeSHAPE_GRE4, false},
	hwvtep.GREOverIPv6:    {kernelEncapsulationENCAP_GRE, kernelShapeSHAPE_GRE6, true},
}

func encapsulationOf(e hwvtep.Encapsulation) kernelEncapsulation { return encapsulations[e].kernel }

func shapeOf(e hwvtep.Encapsulation) kernelShape { return encapsulations[e].shape }

// over gives the value of the database; "" for what the program does not speak.
func (k kernelEncapsulation) over(v6 bool) hwvtep.Encapsulation {
	for name, e := range encapsulations {
		if e.kernel == k && e.v6 == v6 {
			return name
		}
	}
	return ""
}
