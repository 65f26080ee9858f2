package proxy

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"strings"

	"github.com/google/uuid"
)

// requestID is the header by which OpenStack's services name requests.
const requestID = "X-Openstack-Request-Id"

// clientGone is what the log says, as nginx does, of a request whose client
// has not waited; nobody reads the answer.
const clientGone = 499

// fail answers where Neutron has not, or not so that it can be passed on. What
// goes wrong after the answer has begun cuts the connection.
func (x *exchange) fail(_ http.ResponseWriter, r *http.Request, err error) {
	broken := x.body.broken.Load()
	cause := context.Cause(r.Context())
	unclear, isUnclear := errors.AsType[*unclearError](err)
	refused, isRefusal := errors.AsType[*refusalError](err)
	switch {
	case isRefusal:
		x.tell(refused.answer)
	case errors.Is(cause, errSilent):
		x.warn(errSilent)
		x.answer(http.StatusGatewayTimeout, "Neutron has not answered at %s within %s; what was asked may be done all the same.",
			x.cfg.URL, x.cfg.Timeout)
	case broken != nil && isTimeout(*broken):
		x.answer(http.StatusRequestTimeout, "The body has not come within %s.", clientPause)
	case cause != nil:
		x.w.WriteHeader(clientGone)
	case broken != nil:
		x.answer(http.StatusBadRequest, "The body could not be read whole: %s.", *broken)
	case isUnclear:
		x.warn(err)
		x.answer(http.StatusBadGateway, "Neutron's answer at %s is not understood: %s.", x.cfg.URL, unclear)
	default:
		x.warn(err)
		x.answer(http.StatusServiceUnavailable, "Neutron gives no answer at %s: %s.", x.cfg.URL, err)
	}
}

func isTimeout(err error) bool {
	timeout, ok := errors.AsType[net.Error](err)
	return ok && timeout.Timeout()
}

// answer writes a NeutronError, with a request id of ours.
func (x *exchange) answer(status int, format string, args ...any) {
	type neutronError struct {
		Type    string `json:"type"`
		Message string `json:"message"`
		Detail  string `json:"detail"`
	}
	kind := "HTTP" + strings.ReplaceAll(http.StatusText(status), " ", "")
	text, err := json.Marshal(map[string]neutronError{"NeutronError": {Type: kind, Message: fmt.Sprintf(format, args...)}})
	if err != nil {
		x.w.WriteHeader(http.StatusInternalServerError)
		return
	}
	h := x.w.Header()
	x.nameAnswer()
	h.Set("Content-Type", "application/json")
	h.Set("Content-Length", strconv.Itoa(len(text)))
	x.w.WriteHeader(status)
	_, _ = x.w.Write(text) // the client may be gone
}

// nameAnswer gives an answer of ours its request id.
func (x *exchange) nameAnswer() string {
	h := x.w.Header()
	if h.Get(requestID) == "" {
		h.Set(requestID, "req-"+uuid.NewString())
	}
	return h.Get(requestID)
}

func (x *exchange) warn(err error) {
	x.cfg.Logger.WarnContext(x.in.Context(), "a request could not be passed to Neutron",
		"request_id", x.nameAnswer(), "url", x.cfg.URL.String(), "method", x.in.Method, "path", shorten(x.in.URL.Path), "error", err)
}
