// Package fake serves a fake Microsoft Entra and Azure Key Vault on loopback,
// to test and to try programs that use the real ones.
//
// It owns Azure's answers: tokens, challenges, secrets, refusals, throttling,
// and faults on demand. It protects no secret, checks no signature, and only
// reads. It refuses to be a proxy to any other host. Data flows connection ->
// exchange -> answer -> record; a record holds no token and no value.
package fake

import (
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"
)

// Options says how a Server starts.
type Options struct {
	Dir    string    // for ca.pem and requests.jsonl; created if it is missing
	Config Config    // what there is to read, and who may
	Port   int       // of the proxy; 0 takes a free one
	Errors io.Writer // what goes wrong below HTTP, such as a client that does not trust the CA; nil drops it
}

// Ready holds what a client needs to know.
type Ready struct {
	Proxy  string `json:"proxy"`  // HTTPS_PROXY and HTTP_PROXY
	Direct string `json:"direct"` // AZURE_AUTHORITY_HOST, and the first vault's URL
	Admin  string `json:"admin"`
	CA     string `json:"ca"`  // SSL_CERT_FILE
	Log    string `json:"log"` // one JSON object a request
}

// Server is a running fake.
type Server struct {
	Ready

	authority *authority
	world     atomic.Pointer[world]
	tokens    tokens
	faults    faults
	record    *recorder
	arcKeys   sync.Map // issued and not used

	connections atomic.Int64
	tunnels     *tunnels
	servers     []*http.Server
}

// Start listens on loopback. It returns an error of the configuration, the
// folder or the port.
func Start(options Options) (*Server, error) {
	world, err := newWorld(options.Config)
	if err != nil {
		return nil, err
	}
	s := &Server{}
	s.world.Store(world)
	if err := s.faults.set(options.Config.Faults); err != nil {
		return nil, err
	}
	if err := s.files(options.Dir); err != nil {
		return nil, err
	}
	if err := s.listen(options); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func (s *Server) files(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	var err error
	if s.authority, err = newAuthority(); err != nil {
		return err
	}
	s.CA = filepath.Join(dir, "ca.pem")
	if err := os.WriteFile(s.CA, s.authority.pem, 0o644); err != nil {
		return err
	}
	s.Log = filepath.Join(dir, "requests.jsonl")
	s.record, err = newRecorder(s.Log)
	return err
}

// listen starts the four servers: the proxy, the hosts behind its tunnels, the
// same hosts without a proxy, and the administration.
func (s *Server) listen(options Options) error {
	errorLog := log.New(io.Discard, "", 0)
	if options.Errors != nil {
		errorLog = log.New(options.Errors, "fakevault: ", 0)
	}
	proxy, err := s.loopback(options.Port)
	if err != nil {
		return err
	}
	direct, err := s.loopback(0)
	if err != nil {
		return errors.Join(err, proxy.Close())
	}
	admin, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return errors.Join(err, proxy.Close(), direct.Close())
	}
	s.Proxy, s.Direct, s.Admin = "http://"+proxy.Addr().String(), "https://"+direct.Addr().String()+"/", "http://"+admin.Addr().String()
	s.tunnels = newTunnels(proxy.Addr())

	serve := func(handler http.Handler, secure bool, listeners ...net.Listener) {
		server := &http.Server{
			Handler: handler, ErrorLog: errorLog, ConnContext: withConn, TLSConfig: s.authority.config(s.wrongCertificate),
			Protocols: s.protocols(options.Config.HTTP2), ReadHeaderTimeout: time.Minute,
		}
		s.servers = append(s.servers, server)
		for _, listener := range listeners {
			if secure {
				go func() { _ = server.ServeTLS(listener, "", "") }()
			} else {
				go func() { _ = server.Serve(listener) }()
			}
		}
	}
	serve(http.HandlerFunc(s.proxy), false, proxy)
	serve(http.HandlerFunc(s.serve), true, direct, s.tunnels)
	serve(s.administration(), false, admin)
	return nil
}

// wrongCertificate returns what is wrong with a host's certificate, or "".
func (s *Server) wrongCertificate(host string) string {
	return s.world.Load().config.Certificates[host]
}

func (s *Server) protocols(http2 bool) *http.Protocols {
	var p http.Protocols
	p.SetHTTP1(true)
	p.SetHTTP2(http2)
	return &p
}

// Close ends every connection. A request under way gets no answer.
func (s *Server) Close() error {
	var errs []error
	for _, server := range s.servers {
		errs = append(errs, server.Close())
	}
	if s.record != nil {
		errs = append(errs, s.record.close())
	}
	return errors.Join(errs...)
}

// SetConfig replaces the configuration and its faults. Tokens stay valid;
// throttles start again.
func (s *Server) SetConfig(config Config) error {
	world, err := newWorld(config)
	if err != nil {
		return err
	}
	if err := s.faults.set(config.Faults); err != nil {
		return err
	}
	s.world.Store(world)
	return nil
}

// SetFaults replaces the faults. Their counts start again.
func (s *Server) SetFaults(list ...Fault) error { return s.faults.set(list) }

// Revoke makes every issued token invalid.
func (s *Server) Revoke() { s.tokens.revoke() }

// Counters returns what was requested since the start, or since ResetCounters.
func (s *Server) Counters() Counters { return s.record.counters() }

// ResetCounters sets the counters to zero.
func (s *Server) ResetCounters() { s.record.reset() }

// wait pauses. It reports whether the client and the server still run.
func wait(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
