package vtep

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"github.com/gopacket/gopacket/pcapgo"

	"landbridge/internal/vtep/datapath"
)

// serveCapture answers /capture?reason=&count= with dropped packets as pcapng,
// until there are count, or the reader goes.
func (l *loop) serveCapture(w http.ResponseWriter, r *http.Request) {
	most := -1
	if v := r.FormValue("count"); v != "" {
		n, err := strconv.Atoi(v)
		if err != nil || n < 1 {
			http.Error(w, fmt.Sprintf("count %q is not a number from 1 on", v), http.StatusBadRequest)
			return
		}
		most = n
	}
	var wanted []datapath.Reason
	for _, v := range r.Form["reason"] {
		wanted = append(wanted, datapath.Reason(v))
	}
	if err := datapath.CheckReasons(wanted); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	l.capture(w, r, wanted, most)
}

func (l *loop) capture(w http.ResponseWriter, r *http.Request, wanted []datapath.Reason, most int) {
	flush := http.NewResponseController(w).Flush
	var out *captureFile
	begin := func() {
		w.Header().Set("Content-Type", "application/x-pcapng")
		out = newCaptureFile(w)
		_ = flush() // the reader sees that it has begun; should he be gone, ctx ends
	}
	err := l.dp.Capture(r.Context(), wanted, begin, func(s datapath.Sample) bool {
		most--
		return out.write(s) == nil && flush() == nil && most != 0
	})
	switch {
	case err == nil:
	case out == nil:
		http.Error(w, err.Error(), http.StatusConflict)
	default:
		l.log.Error("the capture of dropped packets has ended", "error", err)
	}
}

// captureFile writes pcapng, with why and where as the comment of each packet.
type captureFile struct {
	*pcapgo.NgWriter
	interfaces map[int]int // those of the file, by index
	err        error       // of the beginning
}

// newCaptureFile begins one. What cannot be written shows with the first packet.
func newCaptureFile(w io.Writer) *captureFile {
	options := pcapgo.NgWriterOptions{SectionInfo: pcapgo.NgSectionInfo{Application: "landbridge-vtepd"}}
	first := pcapgo.NgInterface{Name: "unknown", LinkType: layers.LinkTypeEthernet}
	ng, err := pcapgo.NewNgWriterInterface(w, first, options)
	if err == nil {
		err = ng.Flush()
	}
	return &captureFile{ng, map[int]int{}, err}
}

func (f *captureFile) write(s datapath.Sample) error {
	if f.err != nil {
		return f.err
	}
	id, known := f.interfaces[s.IfIndex]
	if i, err := net.InterfaceByIndex(s.IfIndex); !known && err == nil {
		if id, err = f.AddInterface(pcapgo.NgInterface{Name: i.Name, LinkType: layers.LinkTypeEthernet}); err != nil {
			return err
		}
		f.interfaces[s.IfIndex] = id
	}
	info := gopacket.CaptureInfo{Timestamp: s.Time, CaptureLength: len(s.Bytes), Length: s.Length, InterfaceIndex: id}
	if err := f.WritePacketWithOptions(info, s.Bytes, pcapgo.NgPacketOptions{Comments: []string{comment(s)}}); err != nil {
		return err
	}
	return f.Flush()
}

func comment(s datapath.Sample) string {
	text := "dropped: " + string(s.Reason)
	if s.Network != "" {
		text += ", network " + s.Network
	}
	if s.Lost > 0 {
		text += fmt.Sprintf(", %d more lost before", s.Lost)
	}
	return text
}
