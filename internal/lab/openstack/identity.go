package openstack

import (
	"errors"
	"testing"

	"github.com/gophercloud/gophercloud/v2"
	"github.com/gophercloud/gophercloud/v2/openstack"
	"github.com/gophercloud/gophercloud/v2/openstack/identity/v3/endpoints"
	"github.com/gophercloud/gophercloud/v2/openstack/identity/v3/projects"
	"github.com/gophercloud/gophercloud/v2/openstack/identity/v3/roles"
	"github.com/gophercloud/gophercloud/v2/openstack/identity/v3/services"
	"github.com/gophercloud/gophercloud/v2/openstack/identity/v3/tokens"
	"github.com/gophercloud/gophercloud/v2/openstack/identity/v3/users"

	"landbridge/internal/lab/testenv"
)

// Region is the one region of a cloud, Domain its one domain, by id.
const (
	Region = "RegionOne"
	Domain = "default"
)

// ServiceProject is the project of the services' users.
const ServiceProject = "service"

// User is a user with roles in one project.
type User struct {
	ID, Name, Password string
	Project            string // its name
}

var (
	administrator = User{Name: "admin", Password: "administrator's secret", Project: "admin"}
	neutron       = User{Name: "neutron", Password: "neutron's secret", Project: ServiceProject}
)

// Administrator has the role admin in the project admin.
func (k *Keystone) Administrator() User { return administrator }

// Environment has the OS_* variables by which OpenStack's clients are this user.
func (u User) Environment() []string {
	return []string{
		"OS_AUTH_URL=" + KeystoneURL, "OS_IDENTITY_API_VERSION=3", "OS_REGION_NAME=" + Region,
		"OS_USERNAME=" + u.Name, "OS_PASSWORD=" + u.Password, "OS_PROJECT_NAME=" + u.Project,
		"OS_USER_DOMAIN_ID=" + Domain, "OS_PROJECT_DOMAIN_ID=" + Domain,
	}
}

// Login gives what calls the cloud as a user. It takes a new token where an old
// one is refused.
func (k *Keystone) Login(t testing.TB, u User) *gophercloud.ProviderClient {
	t.Helper()
	client, err := openstack.NewClient(KeystoneURL)
	must(t, err)
	client.HTTPClient = *k.cloud.HTTP()
	must(t, openstack.Authenticate(t.Context(), client, gophercloud.AuthOptions{
		IdentityEndpoint: KeystoneURL, Username: u.Name, Password: u.Password, DomainID: Domain, AllowReauth: true,
		Scope: &gophercloud.AuthScope{ProjectName: u.Project, DomainID: Domain},
	}))
	return client
}

// Token gives a new token of a user.
func (k *Keystone) Token(t testing.TB, u User) string {
	t.Helper()
	return k.Login(t, u).Token()
}

// identity is Keystone's API as the administrator uses it.
func (k *Keystone) identity(t testing.TB) *gophercloud.ServiceClient {
	t.Helper()
	if k.admin == nil {
		var err error
		k.admin, err = openstack.NewIdentityV3(k.Login(t, administrator), gophercloud.EndpointOpts{Region: Region})
		must(t, err)
	}
	return k.admin
}

// seed makes what a cloud has beside what keystone-manage bootstrap makes.
func (k *Keystone) seed(t testing.TB) {
	t.Helper()
	_, err := roles.Create(t.Context(), k.identity(t), roles.CreateOpts{Name: "service"}).Extract()
	must(t, err)
	k.AddProject(t, ServiceProject)
	k.addUser(t, neutron, "admin")
	k.SetEndpoint(t, "network", NeutronURL)
}

// AddProject makes a project and gives its id.
func (k *Keystone) AddProject(t testing.TB, name string) string {
	t.Helper()
	p, err := projects.Create(t.Context(), k.identity(t), projects.CreateOpts{Name: name, DomainID: Domain}).Extract()
	must(t, err)
	return p.ID
}

// AddUser makes a user with roles in a project, which exists.
func (k *Keystone) AddUser(t testing.TB, name, project string, roles ...string) User {
	t.Helper()
	return k.addUser(t, User{Name: name, Password: name + "'s secret", Project: project}, roles...)
}

func (k *Keystone) addUser(t testing.TB, u User, names ...string) User {
	t.Helper()
	made, err := users.Create(t.Context(), k.identity(t), users.CreateOpts{Name: u.Name, Password: u.Password, DomainID: Domain}).Extract()
	must(t, err)
	u.ID = made.ID
	for _, name := range names {
		must(t, roles.Assign(t.Context(), k.identity(t), k.role(t, name), roles.AssignOpts{
			UserID: u.ID, ProjectID: k.project(t, u.Project),
		}).ExtractErr())
	}
	return u
}

// SetPassword changes a user's password as an administrator does. All tokens of
// the user end with it, and those that Keystone gives within the same second:
// it returns when there are good ones again.
func (k *Keystone) SetPassword(t testing.TB, u User, password string) User {
	t.Helper()
	_, err := users.Update(t.Context(), k.identity(t), u.ID, users.UpdateOpts{Password: password}).Extract()
	must(t, err)
	u.Password = password
	testenv.Eventually(t, callWithin, "good tokens of "+u.Name, func() error {
		good, err := tokens.Validate(t.Context(), k.identity(t), k.Token(t, u))
		if err == nil && !good {
			err = errors.New("they are refused")
		}
		return err
	})
	return u
}

// Revoke ends a token.
func (k *Keystone) Revoke(t testing.TB, token string) {
	t.Helper()
	must(t, tokens.Revoke(t.Context(), k.identity(t), token).Err)
}

// SetEndpoint makes a URL what the catalogue has for a type of service.
func (k *Keystone) SetEndpoint(t testing.TB, kind, url string) {
	t.Helper()
	page, err := services.List(k.identity(t), services.ListOpts{ServiceType: kind}).AllPages(t.Context())
	must(t, err)
	old, err := services.ExtractServices(page)
	must(t, err)
	for _, s := range old {
		must(t, services.Delete(t.Context(), k.identity(t), s.ID).ExtractErr()) // with its endpoints
	}
	s, err := services.Create(t.Context(), k.identity(t), services.CreateOpts{Type: kind, Extra: map[string]any{"name": kind}}).Extract()
	must(t, err)
	_, err = endpoints.Create(t.Context(), k.identity(t), endpoints.CreateOpts{
		ServiceID: s.ID, Region: Region, Availability: gophercloud.AvailabilityPublic, Name: kind, URL: url,
	}).Extract()
	must(t, err)
}

func (k *Keystone) role(t testing.TB, name string) string {
	t.Helper()
	page, err := roles.List(k.identity(t), roles.ListOpts{Name: name}).AllPages(t.Context())
	must(t, err)
	found, err := roles.ExtractRoles(page)
	must(t, err)
	if len(found) != 1 {
		t.Fatalf("%d roles are called %s", len(found), name)
	}
	return found[0].ID
}

func (k *Keystone) project(t testing.TB, name string) string {
	t.Helper()
	page, err := projects.List(k.identity(t), projects.ListOpts{Name: name}).AllPages(t.Context())
	must(t, err)
	found, err := projects.ExtractProjects(page)
	must(t, err)
	if len(found) != 1 {
		t.Fatalf("%d projects are called %s", len(found), name)
	}
	return found[0].ID
}
