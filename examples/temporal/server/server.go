package main

import (
	"fmt"
	"net"
	"os"
	"strconv"

	"go.temporal.io/server/common/authorization"
	"go.temporal.io/server/common/cluster"
	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/dynamicconfig"
	"go.temporal.io/server/common/log"
	"go.temporal.io/server/common/membership/static"
	"go.temporal.io/server/common/primitives"
	"go.temporal.io/server/temporal"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

const (
	host      = "127.0.0.1"
	namespace = "default"
	clusterID = "active" // name of the only cluster
	storeName = "sqlite" // name of the only data store
)

// settings are the flags of the command.
type settings struct {
	address  string // host:port for clients
	database string // SQLite file; empty: in memory
	logLevel string
}

// server is a started server.
type server struct {
	temporal temporal.Server
	address  string
	level    zap.AtomicLevel // what is logged
}

// start starts a server. The caller stops it.
func start(s settings) (*server, error) {
	level, err := zap.ParseAtomicLevel(s.logLevel)
	if err != nil || level.Level() > zap.ErrorLevel {
		return nil, fmt.Errorf("-log %q: want debug, info, warn or error", s.logLevel)
	}
	ports, err := choosePorts(s.address)
	if err != nil {
		return nil, err
	}
	database, err := openDatabase(s.database)
	if err != nil {
		return nil, err
	}

	address := net.JoinHostPort(host, strconv.Itoa(ports[primitives.FrontendService]))
	conf := configuration(ports, address, database)
	authorizer, err := authorization.GetAuthorizerFromConfig(&conf.Global.Authorization)
	if err != nil {
		return nil, err
	}
	hosts := make(map[primitives.ServiceName]static.Hosts)
	for service, port := range ports {
		hosts[service] = static.SingleLocalHost(net.JoinHostPort(host, strconv.Itoa(port)))
	}
	made, err := temporal.NewServer(
		temporal.WithConfig(conf),
		temporal.ForServices(temporal.DefaultServices),
		temporal.WithStaticHosts(hosts), // no membership protocol, and no listeners for it
		temporal.WithLogger(log.NewZapLogger(zap.New(zapcore.NewCore(
			zapcore.NewConsoleEncoder(log.DefaultZapEncoderConfig), zapcore.Lock(os.Stderr), level,
		)))),
		temporal.WithAuthorizer(authorizer),
		temporal.WithClaimMapper(func(*config.Config) authorization.ClaimMapper {
			return authorization.NewNoopClaimMapper()
		}),
		temporal.WithDynamicConfigClient(dynamicconfig.StaticClient{
			// The check asks a server on the internet for newer versions.
			dynamicconfig.EnableServerVersionCheck.Key(): false,
			// Nexus needs an HTTP listener.
			dynamicconfig.EnableNexus.Key(): false,
			// Partitions spread the load of a task queue over processes, and there is one here.
			dynamicconfig.MatchingNumTaskqueueReadPartitions.Key():  1,
			dynamicconfig.MatchingNumTaskqueueWritePartitions.Key(): 1,
			// The default of 128,000 workflows is for a machine of its own.
			dynamicconfig.HistoryCacheHostLevelMaxSize.Key(): 8192,
		}),
	)
	if err != nil {
		return nil, err
	}
	if err := made.Start(); err != nil {
		return nil, err
	}
	return &server{temporal: made, address: address, level: level}, nil
}

// configuration returns the configuration of a cluster of one process.
func configuration(ports map[primitives.ServiceName]int, address string, database *config.SQL) *config.Config {
	var conf config.Config
	conf.Persistence = config.Persistence{
		DefaultStore:     storeName,
		VisibilityStore:  storeName,
		NumHistoryShards: 1,
		DataStores:       map[string]config.DataStore{storeName: {SQL: database}},
	}
	conf.ClusterMetadata = &cluster.Config{
		FailoverVersionIncrement: 10,
		MasterClusterName:        clusterID,
		CurrentClusterName:       clusterID,
		ClusterInformation: map[string]cluster.ClusterInformation{
			clusterID: {Enabled: true, InitialFailoverVersion: 1, RPCAddress: address},
		},
	}
	conf.DCRedirectionPolicy.Policy = "noop"
	conf.Services = make(map[string]config.Service)
	for service, port := range ports {
		conf.Services[string(service)] = config.Service{RPC: config.RPC{GRPCPort: port, BindOnIP: host}}
	}
	conf.Archival.History.State = "disabled"
	conf.Archival.Visibility.State = "disabled"
	conf.NamespaceDefaults.Archival.History.State = "disabled"
	conf.NamespaceDefaults.Archival.Visibility.State = "disabled"
	conf.PublicClient.HostPort = address
	return &conf
}

// stop stops the server and returns when all its listeners are closed.
func (s *server) stop() error {
	// The services stop one after another, and each warns of those that are gone.
	if s.level.Level() == zap.WarnLevel {
		s.level.SetLevel(zap.ErrorLevel)
	}
	return s.temporal.Stop()
}
