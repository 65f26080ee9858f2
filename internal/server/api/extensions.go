package api

import "landbridge/internal/server/neutronapi"

// extensions are the names under which clients look for the resources.
func extensions() []neutronapi.Extension {
	return []neutronapi.Extension{
		{
			Alias: "l2-gateway", Name: "L2 Gateway",
			Description: "Gateways between overlay networks and what is outside of this cloud.",
			Updated:     "2015-01-01T00:00:00-00:00",
		},
		{
			Alias: "l2-gateway-connection", Name: "L2 Gateway connection",
			Description: "Networks that a gateway serves.",
			Updated:     "2014-01-01T00:00:00-00:00",
		},
		{
			Alias: "l2-remote-gateway", Name: "L2 Remote Gateway",
			Description: "Border gateways of other clouds.",
			Updated:     "2016-01-01T00:00:00-00:00",
		},
		{
			Alias: "l2-remote-gateway-connection", Name: "L2 Remote Gateway connection",
			Description: "Networks that are stretched to a border gateway of another cloud.",
			Updated:     "2016-01-01T00:00:00-00:00",
		},
		{
			Alias: "l2-remote-mac", Name: "L2 Remote MAC",
			Description: "Hosts that are known to live behind a remote gateway connection.",
			Updated:     "2016-01-01T00:00:00-00:00",
		},
		// As Neutron has them, to the letter.
		{
			Alias: "quotas", Name: "Quota management support",
			Description: "Expose functions for quotas management per project",
			Updated:     "2012-07-29T10:00:00-00:00",
		},
		{
			Alias: "quota_details", Name: "Quota details management support",
			Description: "Expose functions for quotas usage statistics per project",
			Updated:     "2017-02-10T10:00:00-00:00",
		},
		{
			Alias: "quota-check-limit", Name: "Quota engine limit check",
			Description: "Support for checking the resource usage before applying a new quota limit",
			Updated:     "2021-09-08T16:00:00-00:00",
		},
	}
}
