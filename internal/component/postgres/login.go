package postgres

import (
	"fmt"

	cnpgv1 "github.com/cloudnative-pg/api/pkg/api/v1"

	"github.com/xatube/xatube-operator/internal/component"
	"github.com/xatube/xatube-operator/internal/component/naming"
	"github.com/xatube/xatube-operator/internal/component/rotation"
	"github.com/xatube/xatube-operator/internal/credential"
)

// Keys of the Secrets that a rotation makes, as CloudNativePG's own has them.
const (
	keyUsername = "username"
	keyPassword = "password"
	keyURI      = "uri"
)

// logins are the Secrets of the roles that log in after the first rotation. Until then the owner itself does, whose
// Secret CloudNativePG makes.
func logins(in component.Input) rotation.State {
	return rotation.Pair{
		Component: naming.Postgres,
		First:     naming.Child(in.Cluster, naming.Postgres) + "-login",
		Before:    naming.PostgresAppSecret(in.Cluster),
	}.State(in)
}

// roleOf a Secret. It owns nothing: it logs in and acts as the owner of the database.
func roleOf(in component.Input, secret string) string {
	if secret == logins(in).Names()[0] {
		return database + "_login"
	}
	return database + "_login_alternate"
}

// loginSecret is the Secret whose login the applications use.
func loginSecret(in component.Input) string { return logins(in).Use(Handover(in).Accepted) }

// rotated says that the applications do not log in as the owner any more, or are about not to.
func rotated(in component.Input) bool {
	return logins(in).Newest() != nil
}

// Credentials are none until the first rotation: CloudNativePG makes the login and keeps it.
func (Component) Credentials(in component.Input) []credential.Request {
	if _, ok := elsewhere(in.Cluster); ok {
		return nil
	}
	return logins(in).Requests(func(name string) func(credential.Generator) map[string][]byte {
		role := roleOf(in, name)
		host := fmt.Sprintf("%s-rw.%s:%d", naming.Child(in.Cluster, naming.Postgres), in.Cluster.Namespace, naming.PostgresPort)
		return func(g credential.Generator) map[string][]byte {
			password := g.Password()
			return map[string][]byte{
				keyUsername: []byte(role),
				keyPassword: []byte(password),
				keyURI:      fmt.Appendf(nil, "postgresql://%s:%s@%s/%s", role, password, host, database),
			}
		}
	})
}

// Handover of the applications' login. CloudNativePG makes the role and says which Secret it has taken the password
// from; a role whose Secret is gone, it drops.
func Handover(in component.Input) rotation.Handover {
	h := rotation.Handover{State: logins(in), Cleared: true}
	newest := h.Newest()
	if newest == nil {
		return h
	}
	role := roleOf(in, newest.Name)
	h.Awaits = fmt.Sprintf("waiting until CloudNativePG has made role %s", role)
	if db := in.Facts.Database; db != nil {
		h.Accepted = db.Status.ManagedRolesStatus.PasswordStatus[role].SecretResourceVersion == newest.ResourceVersion
		if errs := db.Status.ManagedRolesStatus.CannotReconcile[role]; len(errs) > 0 {
			h.Awaits += " (so far: " + errs[0] + ")"
		}
	}
	return h
}

// roles that log in. One whose Secret was deleted by hand stays as it is as long as something uses it.
func roles(in component.Input) []map[string]any {
	s := logins(in)
	var out []map[string]any
	for _, secret := range s.Names() {
		name := roleOf(in, secret)
		exists, used := s.Held(secret)
		if !exists && !used {
			if managed(in.Facts.Database, name) {
				out = append(out, map[string]any{"name": name, "ensure": string(cnpgv1.EnsureAbsent)})
			}
			continue
		}
		role := map[string]any{
			"name": name, "ensure": string(cnpgv1.EnsurePresent), "login": true, "inRoles": []any{database},
		}
		if exists {
			role["passwordSecret"] = map[string]any{"name": secret}
		}
		out = append(out, role)
	}
	return out
}

// managed says that CloudNativePG has been told of a role.
func managed(db *cnpgv1.Cluster, name string) bool {
	if db == nil || db.Spec.Managed == nil {
		return false
	}
	for _, r := range db.Spec.Managed.Roles {
		if r.Name == name {
			return true
		}
	}
	return false
}
