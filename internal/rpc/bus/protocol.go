package bus

import (
	"landbridge/internal/oslomsg"
	"landbridge/internal/rpc"
	"landbridge/internal/rpc/wire"
)

const (
	// exchange is control_exchange.
	exchange = "landbridge"
	// serverTopic is for servers, and agentTopic for agents by their hosts.
	serverTopic = "landbridge-server"
	agentTopic  = "landbridge-agent"
	// leader is the host of serverTopic that the leading server is. Of several
	// that take themselves for it, RabbitMQ gives messages to the newest.
	leader    = "leader"
	namespace = "landbridge"
	version   = "1.0"
)

// The methods beside those of rpc.Notices.
const (
	methodBeat     = "report_state" // to the leader: rpc.Beat → rpc.Orders
	methodPlan     = "plan"         // to the leader: planArgs → wire.PlanPart
	methodMore     = "plan_more"    // to the leader: moreArgs → wire.PlanPart
	methodReport   = "report"       // to the leader: reportArgs → reportAnswer
	methodAssign   = "assign"       // to an agent: it has other databases now
	methodLeads    = "leader"       // to all agents: leadsArgs
	methodNetworks = "networks_changed"
)

type planArgs struct {
	Switches []string  `json:"switches"`
	Since    rpc.Since `json:"since"`
}

type moreArgs struct {
	Ticket string `json:"ticket"`
}

type reportArgs struct {
	Sender
	Part wire.ReportPart `json:"part"`
}

// Sender is whose report it is, and by which assignment of the database.
type Sender struct {
	Host  string `json:"host"`
	Run   string `json:"run"`
	Epoch uint64 `json:"epoch"`
}

type reportAnswer struct {
	// Whole says that the report before this one is not known: everything is
	// wanted.
	Whole bool `json:"whole"`
}

type leadsArgs struct {
	Term uint64 `json:"term"`
}

type networksArgs struct {
	All      bool     `json:"all"`
	Networks []string `json:"networks"`
}

func message(topic, host, method string, args any) oslomsg.Message {
	return oslomsg.Message{
		Topic: topic, Host: host, Method: method, Namespace: namespace, Version: version, Args: args, Context: oslomsg.Context{},
	}
}
