package capture

import (
	"bufio"
	"errors"
	"os"
	"time"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"github.com/gopacket/gopacket/pcapgo"
)

// record is a packet as it was seen.
type record struct {
	at   time.Time
	data []byte
}

// WritePcap writes all that has crossed the link until the call to a file that
// other programs decode. The capture has to be one of whole packets.
func (c *Capture) WritePcap(name string) error {
	if _, err := c.Packets(); err != nil {
		return err
	}
	c.mu.Lock()
	whole := c.whole
	c.mu.Unlock()
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	return errors.Join(writePcap(f, whole), f.Close())
}

func writePcap(f *os.File, whole []record) error {
	buffered := bufio.NewWriter(f)
	w := pcapgo.NewWriter(buffered)
	if err := w.WriteFileHeader(maxLength, layers.LinkTypeEthernet); err != nil {
		return err
	}
	for _, r := range whole {
		info := gopacket.CaptureInfo{Timestamp: r.at, CaptureLength: len(r.data), Length: len(r.data)}
		if err := w.WritePacket(info, r.data); err != nil {
			return err
		}
	}
	return buffered.Flush()
}
