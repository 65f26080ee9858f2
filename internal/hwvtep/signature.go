package hwvtep

import (
	"strconv"
	"strings"
)

// Signature is the comment that an agent puts on its transactions, by the words
// of Global.other_config: "landbridge-epoch=17 landbridge-agent=h1".
func Signature(agent string, epoch uint64) string {
	return Epoch + "=" + strconv.FormatUint(epoch, 10) + " " + Agent + "=" + agent
}

// ParseSignature reads a Signature. Comments of others are none.
func ParseSignature(comment string) (agent string, epoch uint64, ok bool) {
	number, agent, isOne := strings.Cut(comment, " "+Agent+"=")
	number, begins := strings.CutPrefix(number, Epoch+"=")
	epoch, err := strconv.ParseUint(number, 10, 64)
	return agent, epoch, isOne && begins && err == nil
}
