package kubernetes

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"time"

	"go.yaml.in/yaml/v4"

	"selfheal"
)

// serviceAccount is where a pod finds its credentials.
const serviceAccount = "/var/run/secrets/kubernetes.io/serviceaccount"

// access is how a cluster is reached.
type access struct {
	url       string
	namespace string
	transport http.RoundTripper
}

// kubeconfig is the part of a kubeconfig file that is understood.
type kubeconfig struct {
	Current  string `yaml:"current-context"`
	Contexts []struct {
		Name    string `yaml:"name"`
		Context struct {
			Cluster   string `yaml:"cluster"`
			User      string `yaml:"user"`
			Namespace string `yaml:"namespace"`
		} `yaml:"context"`
	} `yaml:"contexts"`
	Clusters []struct {
		Name    string  `yaml:"name"`
		Cluster cluster `yaml:"cluster"`
	} `yaml:"clusters"`
	Users []struct {
		Name string `yaml:"name"`
		User user   `yaml:"user"`
	} `yaml:"users"`
}

type cluster struct {
	Server   string `yaml:"server"`
	CA       string `yaml:"certificate-authority"`
	CAData   string `yaml:"certificate-authority-data"`
	Insecure bool   `yaml:"insecure-skip-tls-verify"`
	Name     string `yaml:"tls-server-name"`
	Proxy    string `yaml:"proxy-url"`
}

type user struct {
	Token     string `yaml:"token"`
	TokenFile string `yaml:"tokenFile"`
	Cert      string `yaml:"client-certificate"`
	CertData  string `yaml:"client-certificate-data"`
	Key       string `yaml:"client-key"`
	KeyData   string `yaml:"client-key-data"`
	Exec      *login `yaml:"exec"`
	Provider  any    `yaml:"auth-provider"`
	Username  string `yaml:"username"`
}

// login is a program that gives credentials: those of EKS, GKE, AKS and OIDC work so.
type login struct {
	APIVersion string   `yaml:"apiVersion"`
	Command    string   `yaml:"command"`
	Args       []string `yaml:"args"`
	Env        []struct {
		Name  string `yaml:"name"`
		Value string `yaml:"value"`
	} `yaml:"env"`
}

// findAccess takes the cluster of the pod that this runs in, or a kubeconfig file.
func findAccess(c Config, getenv func(string) string) (access, error) {
	path := cmp.Or(c.Kubeconfig, filepath.SplitList(getenv("KUBECONFIG") + string(filepath.ListSeparator))[0])
	if path == "" && getenv("KUBERNETES_SERVICE_HOST") != "" {
		return inCluster(serviceAccount, getenv)
	}
	if path == "" {
		path = filepath.Join(getenv("HOME"), ".kube", "config")
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return access{}, &selfheal.Error{Code: selfheal.CodeUsage, Op: "read kubeconfig", Message: "cannot read " + path, Hint: "set source.kubeconfig, or run selfheal in the cluster", Err: err}
	}
	var k kubeconfig
	if err := yaml.Load(text, &k); err != nil {
		return access{}, selfheal.Usagef("check the file with kubectl config view", "%s is no kubeconfig file", path)
	}
	return k.access(c.Context, filepath.Dir(path))
}

func inCluster(dir string, getenv func(string) string) (access, error) {
	pool, err := authorities(cluster{CA: filepath.Join(dir, "ca.crt")}, "")
	if err != nil {
		return access{}, err
	}
	namespace, err := os.ReadFile(filepath.Join(dir, "namespace"))
	if err != nil {
		return access{}, &selfheal.Error{Code: selfheal.CodeUsage, Op: "read service account", Message: "the pod has no service account", Hint: "let it mount one, or set source.kubeconfig", Err: err}
	}
	host := getenv("KUBERNETES_SERVICE_HOST") + ":" + cmp.Or(getenv("KUBERNETES_SERVICE_PORT"), "443")
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}}
	return access{url: "https://" + host, namespace: string(bytes.TrimSpace(namespace)), transport: bearer{next: transport, token: fromFile(filepath.Join(dir, "token"))}}, nil
}

// access settles on a context. Paths are relative to dir.
func (k *kubeconfig) access(context, dir string) (access, error) {
	context = cmp.Or(context, k.Current)
	for _, each := range k.Contexts {
		if each.Name != context {
			continue
		}
		var at cluster
		var as user
		for _, c := range k.Clusters {
			if c.Name == each.Context.Cluster {
				at = c.Cluster
			}
		}
		for _, u := range k.Users {
			if u.Name == each.Context.User {
				as = u.User
			}
		}
		transport, err := connect(at, as, dir)
		return access{url: at.Server, namespace: cmp.Or(each.Context.Namespace, "default"), transport: transport}, err
	}
	return access{}, selfheal.Usagef("set source.context; kubectl config get-contexts lists them", "the kubeconfig file has no context %q", context)
}

func connect(at cluster, as user, dir string) (http.RoundTripper, error) {
	if as.Provider != nil || as.Username != "" {
		return nil, selfheal.Usagef("log in with a token, a certificate or an exec plugin", "auth-provider and passwords of a kubeconfig file are not supported")
	}
	pool, err := authorities(at, dir)
	if err != nil {
		return nil, err
	}
	transport := &http.Transport{Proxy: http.ProxyFromEnvironment, TLSClientConfig: &tls.Config{RootCAs: pool, ServerName: at.Name, InsecureSkipVerify: at.Insecure, MinVersion: tls.VersionTLS12}} //nolint:gosec // as the file says
	if at.Proxy != "" {
		proxy, err := url.Parse(at.Proxy)
		if err != nil {
			return nil, selfheal.Usagef("check the kubeconfig file", "its proxy-url is no address")
		}
		transport.Proxy = http.ProxyURL(proxy)
	}
	cert, err := content(as.Cert, as.CertData, dir)
	if err != nil {
		return nil, err
	}
	key, err := content(as.Key, as.KeyData, dir)
	if err != nil {
		return nil, err
	}
	if len(cert) > 0 {
		pair, err := tls.X509KeyPair(cert, key)
		if err != nil {
			return nil, selfheal.Usagef("check the kubeconfig file", "its client certificate and key do not fit")
		}
		transport.TLSClientConfig.Certificates = []tls.Certificate{pair}
	}
	switch {
	case as.Exec != nil:
		plugin := &plugin{login: *as.Exec, dir: dir}
		transport.TLSClientConfig.GetClientCertificate = plugin.certificate
		return bearer{next: transport, token: plugin.token}, nil
	case as.TokenFile != "":
		return bearer{next: transport, token: fromFile(resolve(as.TokenFile, dir))}, nil
	case as.Token != "":
		return bearer{next: transport, token: func(context.Context) (string, error) { return as.Token, nil }}, nil
	}
	return transport, nil
}

func authorities(at cluster, dir string) (*x509.CertPool, error) {
	pem, err := content(at.CA, at.CAData, dir)
	if err != nil || len(pem) == 0 {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, selfheal.Usagef("check the certificate authority", "the certificate authority of the cluster is no certificate")
	}
	return pool, nil
}

// content is data that stands in the file, or in another one.
func content(path, data, dir string) ([]byte, error) {
	if data != "" {
		decoded, err := base64.StdEncoding.DecodeString(data)
		if err != nil {
			return nil, selfheal.Usagef("check the kubeconfig file", "a certificate or key in it is not base64")
		}
		return decoded, nil
	}
	if path == "" {
		return nil, nil
	}
	text, err := os.ReadFile(resolve(path, dir))
	if err != nil {
		return nil, &selfheal.Error{Code: selfheal.CodeUsage, Op: "read kubeconfig", Message: "a file that it names cannot be read", Hint: "check the kubeconfig file", Err: err}
	}
	return text, nil
}

func resolve(path, dir string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(dir, path)
}

// bearer adds a token to each request.
type bearer struct {
	next  http.RoundTripper
	token func(context.Context) (string, error)
}

// RoundTrip implements [http.RoundTripper].
func (b bearer) RoundTrip(r *http.Request) (*http.Response, error) {
	token, err := b.token(r.Context())
	if err != nil {
		return nil, err
	}
	if token != "" {
		r = r.Clone(r.Context())
		r.Header.Set("Authorization", "Bearer "+token)
	}
	return b.next.RoundTrip(r)
}

// fromFile reads a token each time: it is replaced before it expires.
func fromFile(path string) func(context.Context) (string, error) {
	return func(context.Context) (string, error) {
		text, err := os.ReadFile(path)
		return string(bytes.TrimSpace(text)), err
	}
}

// plugin runs a login and keeps what it gave until that expires
// (https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins).
type plugin struct {
	login login
	dir   string

	mu      sync.Mutex
	known   bool
	expires time.Time
	given   struct {
		Token string `json:"token"`
		Cert  string `json:"clientCertificateData"`
		Key   string `json:"clientKeyData"`
	}
}

func (p *plugin) token(ctx context.Context) (string, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	err := p.refresh(ctx)
	return p.given.Token, err
}

func (p *plugin) certificate(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.given.Cert == "" {
		return &tls.Certificate{}, nil
	}
	pair, err := tls.X509KeyPair([]byte(p.given.Cert), []byte(p.given.Key))
	return &pair, err
}

// expiry is how long before its end a credential is replaced.
const expiry = time.Minute

func (p *plugin) refresh(ctx context.Context) error {
	if p.known && (p.expires.IsZero() || time.Until(p.expires) > expiry) {
		return nil
	}
	name := p.login.Command
	if filepath.Base(name) != name {
		name = resolve(name, p.dir)
	}
	cmd := exec.CommandContext(ctx, name, p.login.Args...)
	cmd.Env = append(os.Environ(), fmt.Sprintf(`KUBERNETES_EXEC_INFO={"kind":"ExecCredential","apiVersion":%q,"spec":{"interactive":false}}`, p.login.APIVersion))
	for _, v := range p.login.Env {
		cmd.Env = append(cmd.Env, v.Name+"="+v.Value)
	}
	out, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("log in with %s: %w", filepath.Base(name), err)
	}
	var credential struct {
		Status *struct {
			Expires time.Time `json:"expirationTimestamp"`
		} `json:"status"`
	}
	given := struct {
		Status any `json:"status"`
	}{&p.given}
	if err := errors.Join(json.Unmarshal(out, &credential), json.Unmarshal(out, &given)); err != nil || credential.Status == nil {
		return fmt.Errorf("log in with %s: it gave no credential", filepath.Base(name))
	}
	p.known, p.expires = true, credential.Status.Expires
	return nil
}
