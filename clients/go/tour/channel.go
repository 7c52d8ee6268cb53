package main

import (
	"context"
	"errors"
	"os"
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
)

// channelOptions say where edugate is, who is calling, and what the channel does by itself.
type channelOptions struct {
	target        string // HOST:PORT
	tlsCA         string // a PEM file with the authority of edugate's certificate; "": no TLS
	tokenFile     string // a file with a JSON Web Token; it needs TLS
	serviceConfig string // a file with gRPC's service config: deadlines and retries of each method
}

// openChannel opens a channel. It connects with the first call, and again by itself whenever it must.
func openChannel(options channelOptions) (*grpc.ClientConn, error) {
	var dial []grpc.DialOption
	if options.serviceConfig != "" {
		config, err := os.ReadFile(options.serviceConfig)
		if err != nil {
			return nil, err
		}
		dial = append(dial, grpc.WithDefaultServiceConfig(string(config)))
	}
	if options.tlsCA == "" {
		if options.tokenFile != "" {
			return nil, errors.New("a token goes over TLS alone: -tls-ca is missing")
		}
		return grpc.Dial(options.target, append(dial, grpc.WithInsecure())...)
	}
	tls, err := credentials.NewClientTLSFromFile(options.tlsCA, "")
	if err != nil {
		return nil, err
	}
	dial = append(dial, grpc.WithTransportCredentials(tls))
	if options.tokenFile != "" {
		dial = append(dial, grpc.WithPerRPCCredentials(tokenFile(options.tokenFile)))
	}
	return grpc.Dial(options.target, dial...)
}

// tokenFile is the token of a file, read for every call: whoever renews the token writes a new file.
type tokenFile string

func (path tokenFile) GetRequestMetadata(context.Context, ...string) (map[string]string, error) {
	token, err := os.ReadFile(string(path))
	if err != nil {
		return nil, err
	}
	return map[string]string{"authorization": "Bearer " + strings.TrimSpace(string(token))}, nil
}

func (tokenFile) RequireTransportSecurity() bool { return true }
