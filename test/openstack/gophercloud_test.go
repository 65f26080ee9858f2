//go:build openstack

package openstack

import (
	"context"
	"fmt"
	"net/http"
	"testing"

	"github.com/gophercloud/gophercloud/v2"
	"github.com/gophercloud/gophercloud/v2/openstack"
	"github.com/gophercloud/gophercloud/v2/pagination"

	lab "landbridge/internal/lab/openstack"
)

// page is one of a list of remote gateways. Its links are read as gophercloud
// reads Neutron's.
type page struct{ pagination.LinkedPageBase }

func (p page) NextPageURL() (string, error) {
	var body struct {
		Links []gophercloud.Link `json:"l2_remote_gateways_links"`
	}
	if err := p.ExtractInto(&body); err != nil {
		return "", err
	}
	return gophercloud.ExtractNextURL(body.Links)
}

func (p page) IsEmpty() (bool, error) {
	names, err := p.names()
	return len(names) == 0, err
}

func (p page) names() ([]string, error) {
	var body struct {
		All []struct{ Name string } `json:"l2_remote_gateways"`
	}
	err := p.ExtractInto(&body)
	var names []string
	for _, g := range body.All {
		names = append(names, g.Name)
	}
	return names, err
}

func testGophercloud(t *testing.T, w *world) {
	w.serveKeystone(t)
	client, err := openstack.NewNetworkV2(w.Keystone.Login(t, w.admin), gophercloud.EndpointOpts{Region: lab.Region})
	must(t, err)
	base := client.ServiceURL("l2-remote-gateways")
	var first object
	for i := range 5 {
		var answer map[string]object
		body := map[string]object{"l2_remote_gateway": {"name": fmt.Sprint("rgw", i), "ipaddr": fmt.Sprint("198.51.100.", i+1)}}
		_, err := client.Post(t.Context(), base, body, &answer, nil)
		must(t, err)
		if i == 0 {
			first = answer["l2_remote_gateway"]
		}
	}
	testPages(t, client, base+"?limit=2&sort_key=name&sort_dir=asc")
	testRevisions(t, client, base+"/"+first.id())
	var gone map[string]object
	_, err = client.Get(t.Context(), base+"/"+first.id(), &gone, nil)
	if !gophercloud.ResponseCodeIs(err, http.StatusNotFound) {
		t.Errorf("after its end: %v, %v", gone, err)
	}
}

// testPages follows the links of a list to its end.
func testPages(t *testing.T, client *gophercloud.ServiceClient, url string) {
	t.Helper()
	pager := pagination.NewPager(client, url, func(r pagination.PageResult) pagination.Page {
		return page{pagination.LinkedPageBase{PageResult: r}}
	})
	var names []string
	pages := 0
	must(t, pager.EachPage(t.Context(), func(_ context.Context, p pagination.Page) (bool, error) {
		more, err := p.(page).names()
		names, pages = append(names, more...), pages+1
		return true, err
	}))
	if got := fmt.Sprint(names); got != "[rgw0 rgw1 rgw2 rgw3 rgw4]" || pages != 3 {
		t.Errorf("%d pages: %s", pages, got)
	}
}

// testRevisions changes an object and deletes it, at the revision that it has.
func testRevisions(t *testing.T, client *gophercloud.ServiceClient, url string) {
	t.Helper()
	at := func(revision any) *gophercloud.RequestOpts {
		return &gophercloud.RequestOpts{
			OkCodes:     []int{http.StatusOK, http.StatusNoContent},
			MoreHeaders: map[string]string{"If-Match": fmt.Sprint("revision_number=", revision)},
		}
	}
	change := map[string]object{"l2_remote_gateway": {"ipaddr": "198.51.100.99"}}
	var changed map[string]object
	_, err := client.Put(t.Context(), url, change, &changed, at(0))
	must(t, err)
	if got := changed["l2_remote_gateway"]; got["ipaddr"] != "198.51.100.99" || fmt.Sprint(got["revision_number"]) != "1" {
		t.Errorf("changed to %v", got)
	}
	_, err = client.Put(t.Context(), url, change, nil, at(0))
	if !gophercloud.ResponseCodeIs(err, http.StatusPreconditionFailed) {
		t.Errorf("at a revision that has passed: %v", err)
	}
	_, err = client.Delete(t.Context(), url, at(0))
	if !gophercloud.ResponseCodeIs(err, http.StatusPreconditionFailed) {
		t.Errorf("a delete at a revision that has passed: %v", err)
	}
	_, err = client.Delete(t.Context(), url, at(1))
	must(t, err)
}
