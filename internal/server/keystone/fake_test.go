package keystone

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"
)

// fake is a Keystone that answers as the real one does; the suite with
// OpenStack's packages asks the real one.
type fake struct {
	*httptest.Server
	mu       sync.Mutex
	password string
	tokens   map[string]string // the document of each token that is valid
	ours     map[string]bool   // tokens of our own user that are valid
	logins   int
	asked    int // for tokens
	mood     int // a status that answers whatever is asked; 0: none
	hold     chan struct{}
}

func newFake(t *testing.T) *fake {
	f := &fake{password: "pw", tokens: map[string]string{}, ours: map[string]bool{}}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v3/auth/tokens", f.login)
	mux.HandleFunc("GET /v3/auth/tokens", f.validate)
	f.Server = httptest.NewServer(mux)
	t.Cleanup(f.Close)
	return f
}

func (f *fake) login(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.logins++
	var body struct {
		Auth struct {
			Identity struct {
				Password struct {
					User struct {
						Name, Password string
						Domain         struct{ Name string }
					}
				}
			}
			Scope struct {
				Project struct {
					Name   string
					Domain struct{ Name string }
				}
			}
		}
	}
	err := json.NewDecoder(r.Body).Decode(&body)
	user, scope := body.Auth.Identity.Password.User, body.Auth.Scope.Project
	switch {
	case f.mood != 0:
		w.WriteHeader(f.mood)
	case err != nil || user.Name != "landbridge" || user.Domain.Name != "Default" || scope.Name != "service" ||
		scope.Domain.Name != "Default" || user.Password != f.password:
		w.WriteHeader(http.StatusUnauthorized)
	default:
		token := fmt.Sprintf("ours-%d", f.logins)
		f.ours[token] = true
		w.Header().Set("X-Subject-Token", token)
		w.WriteHeader(http.StatusCreated)
		_, _ = fmt.Fprint(w, tokenOf("svc", "service", time.Now().Add(time.Hour)))
	}
}

func (f *fake) validate(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	hold := f.hold
	f.mu.Unlock()
	if hold != nil {
		<-hold
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked++
	text, valid := f.tokens[r.Header.Get("X-Subject-Token")]
	switch {
	case f.mood != 0:
		w.WriteHeader(f.mood)
	case !f.ours[r.Header.Get("X-Auth-Token")]:
		w.WriteHeader(http.StatusUnauthorized)
	case !valid:
		w.WriteHeader(http.StatusNotFound)
	default:
		_, _ = fmt.Fprint(w, text)
	}
}

// with changes the fake while nobody is answered.
func (f *fake) with(change func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change()
}

func (f *fake) counts() (logins, asked int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.logins, f.asked
}

// tokenOf is what Keystone tells of a token of a user in a project.
func tokenOf(user, project string, until time.Time) string {
	return fmt.Sprintf(`{"token":{"methods":["password"],"expires_at":%q,`+
		`"user":{"id":%q,"name":"n","domain":{"id":"ud","name":"Default"},"password_expires_at":null},`+
		`"project":{"id":%q,"name":"pn","domain":{"id":"pd","name":"Default"}},`+
		`"roles":[{"id":"1","name":"member"},{"id":"2","name":"reader"}],"is_domain":false}}`,
		until.UTC().Format("2006-01-02T15:04:05.000000Z"), user, project)
}
