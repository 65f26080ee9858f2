package hwvtep

import "testing"

func TestSignaturesAreReadAsWritten(t *testing.T) {
	for _, agent := range []string{"", "h1", "a b", "landbridge-agent=x"} {
		if got, epoch, ok := ParseSignature(Signature(agent, 17)); got != agent || epoch != 17 || !ok {
			t.Errorf("%q reads %q, %d, %v", Signature(agent, 17), got, epoch, ok)
		}
	}
	for _, comment := range []string{"", "vtep-ctl: add-ps sw0", "landbridge-epoch=17", "landbridge-epoch=x landbridge-agent=h1", "17 landbridge-agent=h1"} {
		if agent, epoch, ok := ParseSignature(comment); ok {
			t.Errorf("%q reads %q, %d", comment, agent, epoch)
		}
	}
}
